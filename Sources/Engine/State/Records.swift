/// The records of the arena. No record has a padding byte; sizes and offsets are asserted in `RecordLayoutTests`.
/// All integers are little-endian. The byte tables of the cells that L1 reads are part of the protocol.

/// Global counters: the first cells of the arena.
package struct StateHeader: BitwiseCopyable {
    package var blockNumber: UInt64 = 0
    /// Time of the open or last block, in milliseconds since 1970.
    package var blockTimeMs: UInt64 = 0
    /// Inbox messages consumed so far.
    package var inboxCursor: UInt64 = 0
    /// Withdrawal records written so far; also the highest withdrawal id.
    package var withdrawalCount: UInt64 = 0
    package var accountCount: UInt32 = 0
    package var signerCount: UInt32 = 0
    /// Highest slot ever used in each pool, and the head of its list of slots given back (0: none).
    package var orderHighWater: UInt32 = 0
    package var orderFree: UInt32 = 0
    package var levelPageHighWater: UInt32 = 0
    package var levelPageFree: UInt32 = 0
    package var balancePageHighWater: UInt32 = 0
    package var openOrderCount: UInt32 = 0
}

/// A listed token. L1-visible cell:
///
/// | offset | field |
/// | --- | --- |
/// | 0 | L1 address, 20 bytes; zero for ETH |
/// | 20 | id, u32 |
/// | 24 | total atoms inside the exchange, u64 |
/// | 32 | decimals of an atom as shown to people, u32 |
/// | 36 | unit exponent, u32: one atom is 10^unitExponent L1 units |
/// | 40 | symbol, 16 bytes of ASCII, zero padded |
/// | 56 | zero |
package struct Token: BitwiseCopyable {
    package var l1Address = Address()
    package var id: UInt32 = 0
    package var totalAtoms: UInt64 = 0
    package var decimals: UInt32 = 0
    package var unitExponent: UInt32 = 0
    package var symbol0: UInt64 = 0
    package var symbol1: UInt64 = 0
    package var reserved: UInt64 = 0
}

/// A market and its hot book data: two cells.
package struct Market: BitwiseCopyable {
    package var id: UInt32 = 0
    package var baseToken: UInt32 = 0
    package var quoteToken: UInt32 = 0
    /// Account that receives the fees.
    package var feeAccount: UInt32 = 0
    /// Base atoms in a lot: 10^lotExponent.
    package var lotAtoms: UInt64 = 0
    /// Added to a price code's exponent it gives k: one lot costs mantissa x 10^k quote atoms.
    package var notionalExponent: Int32 = 0
    package var lotExponent: UInt32 = 0
    package var makerFeeBasisPoints: UInt32 = 0
    package var takerFeeBasisPoints: UInt32 = 0
    /// Best prices as codes; `PriceCode.none` on an empty side.
    package var bestBid: UInt32 = 0
    package var bestAsk: UInt32 = 0
    /// Price code of the last fill, `PriceCode.none` before the first.
    package var lastPrice: UInt32 = 0
    package var orderCount: UInt32 = 0
    package var fillCount: UInt64 = 0
    package var reserved: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
}

/// An account: the owner of balances and orders. Two cells.
package struct Account: BitwiseCopyable {
    package var owner = Address()
    /// Slot of the owner's key in the signers.
    package var signer: UInt32 = 0
    /// First of the account's resting orders, newest first (0: none).
    package var firstOrder: UInt32 = 0
    package var openOrderCount: UInt32 = 0
    /// Agent keys approved so far, revoked ones included.
    package var agentCount: UInt32 = 0
    package var id: UInt32 = 0
    package var reserved: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) =
        (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
}

/// A key that may sign commands.
package struct Signer: BitwiseCopyable {
    package var address = Address()
    package var account: UInt32 = 0
    /// A ``SignerRole``.
    package var role: UInt32 = 0
    package var reserved32: UInt32 = 0
    /// Block time in milliseconds from which an agent may no longer sign; 0 never expires.
    package var expiryMs: UInt64 = 0
    package var reserved: (UInt64, UInt64, UInt64) = (0, 0, 0)
}

/// What a signer may do.
package enum SignerRole {
    package static let owner: UInt32 = 1
    /// Trades, but never moves funds out and never approves keys.
    package static let agent: UInt32 = 2
    package static let revoked: UInt32 = 3
}

/// What one account holds of one token. L1-visible cell:
///
/// | offset | field |
/// | --- | --- |
/// | 0 | owner, 20 bytes |
/// | 20 | token id, u32 |
/// | 24 | free atoms, u64 |
/// | 32 | locked atoms (in resting orders), u64 |
/// | 40 | account id, u32 |
/// | 44 | zero |
package struct Balance: BitwiseCopyable {
    package var owner = Address()
    package var token: UInt32 = 0
    package var free: UInt64 = 0
    package var locked: UInt64 = 0
    package var account: UInt32 = 0
    package var reserved32: UInt32 = 0
    package var reserved: (UInt64, UInt64) = (0, 0)
}

/// An amount on its way out to L1. L1-visible cell:
///
/// | offset | field |
/// | --- | --- |
/// | 0 | owner, 20 bytes |
/// | 20 | token id, u32 |
/// | 24 | atoms, u64 |
/// | 32 | id, u64; equals the slot |
/// | 40 | number of the block that recorded it, u64 |
/// | 48 | zero |
package struct Withdrawal: BitwiseCopyable {
    package var owner = Address()
    package var token: UInt32 = 0
    package var amount: UInt64 = 0
    package var id: UInt64 = 0
    package var blockNumber: UInt64 = 0
    package var reserved: (UInt64, UInt64) = (0, 0)
}

/// What matching touches of a resting order: 32 bytes.
package struct Order: BitwiseCopyable {
    /// Remaining size; 0 in a slot that holds no order.
    package var lots: UInt64 = 0
    /// Neighbours in the queue of the price level (0: none). In a free slot `next` links the free slots.
    package var next: UInt32 = 0
    package var previous: UInt32 = 0
    package var account: UInt32 = 0
    /// Price code in the low 24 bits, ``Side`` in bit 31.
    package var priceAndSide: UInt32 = 0
    package var market: UInt32 = 0
    /// Counts the uses of this slot, so that an old order id does not name a new order.
    package var generation: UInt32 = 0

    package var priceCode: UInt32 { priceAndSide & 0xFF_FFFF }
    package var side: Side { priceAndSide >> 31 == 0 ? .buy : .sell }

    /// The id by which users name an order: the use count of its slot, then the slot.
    package static func id(slot: UInt32, generation: UInt32) -> UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}

/// What matching does not touch of a resting order: 32 bytes in a table parallel to the orders.
package struct OrderDetail: BitwiseCopyable {
    package var clientOrderId: UInt64 = 0
    /// Neighbours in the owner's list of resting orders.
    package var accountNext: UInt32 = 0
    package var accountPrevious: UInt32 = 0
    /// Neighbours in the chain of the client order index.
    package var chainNext: UInt32 = 0
    package var chainPrevious: UInt32 = 0
    package var reserved: UInt64 = 0
}

/// The queue of resting orders at one price of one market.
package struct Level: BitwiseCopyable {
    package var first: UInt32 = 0
    package var last: UInt32 = 0
    /// Sum of the orders' remaining lots.
    package var lots: UInt64 = 0
}

/// Sixty-four neighbouring prices of one market: which have orders, and the page of their levels.
package struct LevelGroup: BitwiseCopyable {
    package var occupied: UInt64 = 0
    /// Slot of the page that holds the 64 levels; 0 while none is occupied.
    package var page: UInt32 = 0
    package var reserved: UInt32 = 0
}
