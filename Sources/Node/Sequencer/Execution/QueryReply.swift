import Engine

/// Layout of the answers to queries (``QueryKind``). The gateway passes them on verbatim.
///
/// All begin with a header of 24 bytes; the state they show is that right after admitted batch `sequence`, or later inbox messages of `block`:
///
/// | offset | field |
/// | --- | --- |
/// | 0 | query kind, u8 |
/// | 1 | 1 if what was asked for exists, else 0 and `count` is 0, u8 |
/// | 2 | market or number of the sub-account asked for, u16, 0 if none |
/// | 4 | count, u32 |
/// | 8 | sequence, u64 |
/// | 16 | block number, u64 |
///
/// Then, by kind:
///
/// | kind | content |
/// | --- | --- |
/// | 1 status | block time ms u64, inbox cursor u64, withdrawals u64, accounts u32, open orders u32, sealed block u64, its state root 32 bytes, its hash 32 bytes; count 1 |
/// | 2 tokens | count `Token` records of 64 bytes, ascending by id |
/// | 3 markets | count ``MarketAndBook`` records of 128 bytes, ascending by id |
/// | 4 account | `Account` and `AccountSchedule` records, 128 bytes, orders that follow u32, zero u32, count `Balance` cells of 64 bytes, orders of 48 bytes (see ``OpenOrder``), newest first |
/// | 5 book | bid levels u32, ask levels u32, then levels of 16 bytes (see ``Level``), bids and then asks, best first; count is their sum. While a market collects orders for its opening auction they may overlap |
/// | 6 accounts | count `Account` and `AccountSchedule` records of 128 bytes together: the main account, then the others in order of opening |
/// | 7 balances | owner's address 20 bytes, account id u32, then count entries of 24 bytes (see ``Holding``), ascending by token |
package enum QueryReply {
    package static let kind = 0
    package static let isFound = 1
    package static let market = 2
    package static let count = 4
    package static let sequence = 8
    package static let block = 16
    package static let headerBytes = 24

    package enum Status {
        package static let blockTimeMs = 24
        package static let inboxCursor = 32
        package static let withdrawalCount = 40
        package static let accountCount = 48
        package static let openOrderCount = 52
        package static let sealedBlock = 56
        package static let stateRoot = 64
        package static let blockHash = 96
        package static let bytes = 128
    }

    package enum Account {
        package static let account = 24
        package static let orderCount = 152
        package static let balances = 160
    }

    package enum Book {
        package static let bidCount = 24
        package static let askCount = 28
        package static let levels = 32
        /// Levels of each side in one reply.
        package static let depthMax = 1000
    }

    package enum Balances {
        /// Address, 20 bytes.
        package static let owner = 24
        /// u32
        package static let account = 44
        package static let holdings = 48
    }

    /// What the balances reply says of one token.
    package enum Holding {
        /// u32; the next four bytes are zero.
        package static let token = 0
        /// Atoms, u64.
        package static let free = 8
        /// Atoms in open orders, u64.
        package static let locked = 16
        package static let bytes = 24
    }

    /// A resting order in the account reply.
    package enum OpenOrder {
        /// u64
        package static let orderId = 0
        /// u64
        package static let clientOrderId = 8
        /// Remaining size, u64.
        package static let lots = 16
        /// u32
        package static let priceCode = 24
        /// u16
        package static let market = 28
        /// `Side`, u8
        package static let side = 30
        /// u8: 1 if it waits for its trigger and is not on the book, else 0.
        package static let isTrigger = 31
        /// Block time in ms at which it goes, u64; 0: never.
        package static let expiryMs = 32
        /// Price code at which it fires, u32; 0 if it waits for none.
        package static let triggerPriceCode = 40
        /// `PlaceFlags`, u8: those it was placed with; the next three bytes are zero.
        package static let flags = 44
        package static let bytes = 48
    }

    /// A price level in the book reply.
    package enum Level {
        /// u32
        package static let priceCode = 0
        /// `Side`, u8; the next three bytes are zero.
        package static let side = 4
        /// u64
        package static let lots = 8
        package static let bytes = 16
    }
}

/// A market as the markets query shows it: 128 bytes.
package struct MarketAndBook: BitwiseCopyable, Sendable {
    package var market: Market
    package var book: BookState
}
