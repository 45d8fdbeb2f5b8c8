/// The records of the arena. No record has a padding byte; sizes and offsets are asserted in `RecordLayoutTests`.
/// All integers are little-endian. The byte tables of the cells that L1 reads are part of the protocol.

/// Global counters: the first cells of the arena.
package struct StateHeader: BitwiseCopyable {
    package var blockNumber: UInt64 = 0
    /// Time of the open or last block, in milliseconds since 1970.
    package var blockTimeMs: UInt64 = 0
    /// Inbox messages consumed so far.
    package var inboxCursor: UInt64 = 0
    /// Withdrawal records written so far; also the highest withdrawal id. More than 2^64 nobody lives to see.
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

/// Counters of what happens by itself at the beginning of a block, and what the first cell has no room for: the second cell of the arena.
package struct ScheduleHeader: BitwiseCopyable {
    /// Block time in milliseconds up to which all timers have gone off: what the wheel of timers stands at.
    package var timersDoneMs: UInt64 = 0
    /// Earliest time in milliseconds at which a collecting market opens; 0: none collects.
    package var nextOpeningMs: UInt64 = 0
    /// Highest market id listed so far.
    package var marketHighWater: UInt32 = 0
    /// Markets in phase `uncrossing`.
    package var uncrossingCount: UInt32 = 0
    /// First market with triggers that are due (0: none); the list goes on in its trigger book's state.
    package var firstPendingMarket: UInt32 = 0
    /// Tokens born on the exchange so far.
    package var bornTokenCount: UInt32 = 0
    package var reserved: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
}

/// A token, listed from L1 or born on the exchange. L1-visible cell, written once:
///
/// | offset | field |
/// | --- | --- |
/// | 0 | L1 address, 20 bytes; zero for ETH and for a token born here |
/// | 20 | id, u32 |
/// | 24 | supply in atoms, u64: all there will ever be of a token born here; 0 for one listed from L1 |
/// | 32 | decimals of an atom as shown to people, u32 |
/// | 36 | unit exponent, u32: one atom is 10^unitExponent L1 units; 0 for a token born here |
/// | 40 | symbol, 16 bytes of ASCII, zero padded |
/// | 56 | zero |
package struct Token: BitwiseCopyable {
    package var l1Address = Address()
    package var id: UInt32 = 0
    package var supply: UInt64 = 0
    package var decimals: UInt32 = 0
    package var unitExponent: UInt32 = 0
    package var symbol = TokenSymbol(word0: 0, word1: 0)
    package var reserved: UInt64 = 0

    /// Whether it was born on the exchange, not listed from L1.
    package var isBorn: Bool { id >= Layout.bornTokensStart }
}

/// A market as it was listed: one cell, read-only but while it opens and when its fees change.
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
    /// A ``MarketPhase``.
    package var phase: UInt32 = 0
    /// Price code that decides between equally good opening prices.
    package var referencePrice: UInt32 = 0
    /// Block time in milliseconds at which the opening auction ends; 0 if there was none.
    package var opensAtMs: UInt64 = 0
    package var reserved: UInt64 = 0
}

/// Where a market stands between its listing and continuous trading.
package enum MarketPhase {
    package static let continuous: UInt32 = 0
    /// Orders collect for the opening auction; bids and asks may overlap.
    package static let collecting: UInt32 = 1
    /// The auction is being executed, in as many blocks as it takes.
    package static let uncrossing: UInt32 = 2
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
/// | 32 | id, u64, from 1, given once; its slot is id % ``Layout/withdrawalCapacity`` |
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
