/// The one way in which the engine touches the arena.
///
/// Reads are plain loads. Every write goes through `modify`, `store` or `touch`, which mark the cells on the host and
/// compile to plain stores in the guest, where the machine itself knows what was written.
extension Exchange {
    /// A pointer to a record for reading; invalid to write through.
    @inline(__always)
    func pointer<Record: BitwiseCopyable>(_ offset: Int, as: Record.Type) -> UnsafePointer<Record> {
        UnsafePointer((memory.arena + offset).assumingMemoryBound(to: Record.self))
    }

    /// A pointer to a record for reading and writing, with the cells it covers marked as written.
    @inline(__always)
    mutating func writable<Record: BitwiseCopyable>(_ offset: Int, as: Record.Type) -> UnsafeMutablePointer<Record> {
        touch(offset)
        if MemoryLayout<Record>.size > Layout.cellBytes { touch(offset + Layout.cellBytes) }
        return (memory.arena + offset).assumingMemoryBound(to: Record.self)
    }

    /// Marks the cell at `offset` as written.
    @inline(__always)
    mutating func touch(_ offset: Int) {
        #if !MEMEX_GUEST
        let cell = offset / Layout.cellBytes
        let word = cell / 64
        let bit: UInt64 = 1 << UInt64(truncatingIfNeeded: cell & 63)
        let marked = memory.dirtyWords[word]
        if marked & bit == 0 {
            if marked == 0 {
                memory.dirtyWordIndices[dirtyWordCount] = UInt32(truncatingIfNeeded: word)
                dirtyWordCount += 1
            }
            memory.dirtyWords[word] = marked | bit
        }
        #endif
    }

    /// Calls `body` with the index and the 64 bytes of every cell written since the last drain, then marks all clean.
    /// The order is that of the first writes of 64-cell groups.
    package mutating func drainDirtyCells(_ body: (_ cellIndex: UInt32, _ bytes: UnsafeRawPointer) -> Void) {
        for position in 0..<dirtyWordCount {
            let word = Int(memory.dirtyWordIndices[position])
            var bits = memory.dirtyWords[word]
            memory.dirtyWords[word] = 0
            while bits != 0 {
                let cell = word * 64 + bits.trailingZeroBitCount
                body(UInt32(truncatingIfNeeded: cell), memory.arena + cell * Layout.cellBytes)
                bits &= bits - 1
            }
        }
        dirtyWordCount = 0
    }

    // MARK: Where each record lies.

    @inline(__always) func tokenOffset(_ id: UInt32) -> Int { Layout.tokens + Int(id) * 64 }
    @inline(__always) func marketOffset(_ id: UInt32) -> Int { Layout.markets + Int(id) * 64 }
    @inline(__always) func bookOffset(_ book: UInt32) -> Int { Layout.bookStates + Int(book) * 64 }
    @inline(__always) func accountOffset(_ id: UInt32) -> Int { Layout.accounts + Int(id) * 128 }
    @inline(__always) func scheduleOffset(_ id: UInt32) -> Int { Layout.accounts + Int(id) * 128 + 64 }
    @inline(__always) func signerOffset(_ slot: UInt32) -> Int { Layout.signers + Int(slot) * 64 }
    @inline(__always) func noncesOffset(_ slot: UInt32) -> Int { Layout.nonces + Int(slot) * (8 * Layout.noncesPerSigner) }
    @inline(__always) func orderOffset(_ slot: UInt32) -> Int { Layout.orders + Int(slot) * 32 }
    @inline(__always) func detailOffset(_ slot: UInt32) -> Int { Layout.orderDetails + Int(slot) * 64 }
    @inline(__always) func withdrawalOffset(_ id: UInt64) -> Int { Layout.withdrawals + Int(id) * 64 }
    @inline(__always) func pageEntryOffset(account: UInt32, token: UInt32) -> Int {
        Layout.balanceDirectories + Int(account) * Layout.balanceDirectoryBytes + Int(token) / Layout.balancesPerPage * 4
    }
    @inline(__always) func groupOffset(book: UInt32, priceCode: UInt32) -> Int {
        Layout.levelDirectories + Int(book) * Layout.levelDirectoryBytes + Int(priceCode / 64) * 16
    }
    @inline(__always) func levelOffset(page: UInt32, priceCode: UInt32) -> Int {
        Layout.levelPages + Int(page) * 1024 + Int(priceCode % 64) * 16
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
    @inline(__always) mutating func writableSchedule(_ account: UInt32) -> UnsafeMutablePointer<AccountSchedule> {
        writable(scheduleOffset(account), as: AccountSchedule.self)
    }
    @inline(__always) mutating func writableOrder(_ slot: UInt32) -> UnsafeMutablePointer<Order> {
        writable(orderOffset(slot), as: Order.self)
    }
    @inline(__always) mutating func writableDetail(_ slot: UInt32) -> UnsafeMutablePointer<OrderDetail> {
        writable(detailOffset(slot), as: OrderDetail.self)
    }
}
