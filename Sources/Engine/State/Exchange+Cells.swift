/// Records of the arena; see ``Arena`` for the rules of reading and writing.
extension Exchange {
    /// A pointer to a record for reading; invalid to write through.
    @inline(__always)
    func pointer<Record: BitwiseCopyable>(_ offset: Int, as type: Record.Type) -> UnsafePointer<Record> { arena.read(offset, as: type) }

    /// A pointer to a record for reading and writing, with the cells it covers marked as written.
    @inline(__always)
    mutating func writable<Record: BitwiseCopyable>(_ offset: Int, as type: Record.Type) -> UnsafeMutablePointer<Record> {
        if MemoryLayout<Record>.size > Layout.cellBytes { arena.touch(offset + Layout.cellBytes) }
        return arena.write(offset, as: type)
    }

    /// Calls `body` with the index and the 64 bytes of every cell written since the last drain, then marks all clean.
    /// The order is that of the first writes of 64-cell groups.
    package mutating func drainDirtyCells(_ body: (_ cellIndex: UInt32, _ bytes: UnsafeRawPointer) -> Void) { arena.drain(body) }

    /// The book with this index: a market's id, or `Layout.marketCapacity` more for its trigger book.
    @inline(__always)
    package func orderBook(_ index: UInt32) -> Book { Book(arena, index: index) }

    // MARK: Where each record lies.

    @inline(__always) func tokenOffset(_ id: UInt32) -> Int { Layout.tokens + Int(id) * 64 }
    @inline(__always) func tokenTotalOffset(_ id: UInt32) -> Int { Layout.tokenTotals + Int(id) * 8 }
    @inline(__always) func marketOffset(_ id: UInt32) -> Int { Layout.markets + Int(id) * 64 }
    @inline(__always) func bookOffset(_ book: UInt32) -> Int { Layout.bookStates + Int(book) * 64 }
    @inline(__always) func accountOffset(_ id: UInt32) -> Int { Layout.accounts + Int(id) * 128 }
    @inline(__always) func scheduleOffset(_ id: UInt32) -> Int { Layout.accounts + Int(id) * 128 + 64 }
    @inline(__always) func signerOffset(_ slot: UInt32) -> Int { Layout.signers + Int(slot) * 64 }
    @inline(__always) func noncesOffset(_ slot: UInt32) -> Int { Layout.nonces + Int(slot) * (8 * Layout.noncesPerSigner) }
    @inline(__always) func orderOffset(_ slot: UInt32) -> Int { Layout.orders + Int(slot) * 32 }
    @inline(__always) func detailOffset(_ slot: UInt32) -> Int { Layout.orderDetails + Int(slot) * 64 }
    @inline(__always) func withdrawalOffset(_ id: UInt64) -> Int { Int(Layout.withdrawalCell(id: id)) * Layout.cellBytes }
    @inline(__always) func pageEntryOffset(account: UInt32, token: UInt32) -> Int {
        Layout.balanceDirectories + Int(account) * Layout.balanceDirectoryBytes + Int(token) / Layout.balancesPerPage * 4
    }

    // MARK: The records that almost every transition reads or writes.

    @inline(__always) mutating func writableHeader() -> UnsafeMutablePointer<StateHeader> {
        writable(Layout.header, as: StateHeader.self)
    }
    @inline(__always) mutating func writableMarket(_ id: UInt32) -> UnsafeMutablePointer<Market> {
        writable(marketOffset(id), as: Market.self)
    }
    @inline(__always) mutating func writableBook(_ book: UInt32) -> UnsafeMutablePointer<BookState> {
        writable(bookOffset(book), as: BookState.self)
    }
    @inline(__always) mutating func writableAccount(_ id: UInt32) -> UnsafeMutablePointer<Account> {
        writable(accountOffset(id), as: Account.self)
    }
    @inline(__always) mutating func writableDetail(_ slot: UInt32) -> UnsafeMutablePointer<OrderDetail> {
        writable(detailOffset(slot), as: OrderDetail.self)
    }
}
