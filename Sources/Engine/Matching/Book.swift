/// One order book in the arena: queues of pooled orders at the prices of one market, or of its triggers.
///
/// It knows prices, sizes and whose an order is, and nothing of balances, accounts' lists or client order ids: what meeting a maker means is
/// up to a ``MatchingPolicy``. A book is a handle (arena and index): copies name the same book, and no operation allocates or fails.
///
/// Structure. A price code names one of 64 levels in a *group* of the book's directory; a group with orders owns a pooled *page* of 64
/// level records. The orders of a level form a ring through the level record. A link is the other record's offset / 16, *xored with the
/// own one*: so an empty level is all zero, and entering and leaving a ring never ask whether a neighbour is an order or the level.
/// An order keeps the index of its level, so that a cancel goes neither through the directory nor through the queue.
/// Which prices are occupied is a 64-ary bitmap trie (`Book+Prices.swift`).
///
/// Invariants: every ring is linked both ways and the level's `lots` is the sum over its orders; a price is in the trie exactly when its
/// level has an order; a group owns a page exactly while one of its prices is occupied; an empty level is all zero; `bestBid` and
/// `bestAsk` are the best occupied prices of their sides, and bids lie below asks.
package struct Book: BitwiseCopyable {
    package let arena: Arena
    /// A market's id, or `Layout.marketCapacity` more for its trigger book.
    package let index: UInt32

    /// The book with this index, below `Layout.bookCapacity`.
    @inline(__always)
    package init(_ arena: Arena, index: UInt32) {
        self.arena = arena
        self.index = index
    }

    /// Makes a book that was never used (its state is all zero) ready for orders.
    package func open() {
        let state = arena.write(stateOffset, as: BookState.self)
        state.pointee.bestBid = PriceCode.none
        state.pointee.bestAsk = PriceCode.none
        state.pointee.lastPrice = PriceCode.none
    }

    // MARK: Where each record lies.

    @inline(__always) var stateOffset: Int { Layout.bookStates &+ Int(index) &* 64 }
    @inline(__always) func groupOffset(_ priceCode: UInt32) -> Int {
        Layout.levelDirectories &+ Int(index) &* Layout.levelDirectoryBytes &+ Int(priceCode &>> 6) &* 16
    }
    @inline(__always) static func orderOffset(_ slot: UInt32) -> Int { Layout.orders &+ Int(slot) &* 32 }
    @inline(__always) static func pageOffset(_ page: UInt32) -> Int { Layout.levelPages &+ Int(page) &* 1024 }

    @inline(__always) var state: UnsafeMutablePointer<BookState> { arena.unmarked(stateOffset, as: BookState.self) }
    @inline(__always) var pools: UnsafeMutablePointer<StateHeader> { arena.unmarked(Layout.header, as: StateHeader.self) }

    // MARK: Sides as signs, so that no branch depends on them.

    /// A price as a number that is greater the better it is for `side`; for `PriceCode.none` less than any price.
    @inline(__always)
    static func rank(_ priceCode: UInt32, _ side: Side) -> Int32 {
        Int32(bitPattern: priceCode ^ ((0 &- UInt32(side.rawValue)) &>> 1))
    }

    /// Where the best price of a side is kept.
    @inline(__always)
    func best(_ side: Side) -> UnsafeMutablePointer<UInt32> {
        arena.unmarked(stateOffset &+ Int(side.rawValue) &* 4, as: UInt32.self)
    }
}
