import Glibc

/// One book, in an arena as a node has it, and what a client of it keeps: the slot of each of its orders.
struct Replay {
    private let book: Book
    private let slots: UnsafeMutablePointer<UInt32>
    private let priceMin: Int32
    private(set) var trades: TradeHash

    init(_ file: OpFile) throws(Complaint) {
        let memory = ExchangeMemory(
            arena: try Self.reserve(Layout.arenaBytes),
            dirtyMarks: try Self.reserve(Layout.cellCount).assumingMemoryBound(to: UInt8.self),
            dirtyGroups: try Self.reserve(Layout.cellCount / 16 + 4).assumingMemoryBound(to: UInt32.self),
            events: try Self.reserve(MemoryLayout<Event>.stride).assumingMemoryBound(to: Event.self), eventCapacity: 1)
        book = Book(Arena(memory), index: 1)
        book.open()
        slots = try Self.reserve((file.idMax + 1) * 4).assumingMemoryBound(to: UInt32.self)
        // The client's own table is present from the start, as its op file is.
        memset(slots, 0xFF, (file.idMax + 1) * 4)
        memset(slots, 0, (file.idMax + 1) * 4)
        priceMin = file.priceMin
        trades = TradeHash(ticksAtCodeZero: Int64(file.priceMin))
    }

    /// Applies operations that were checked when the file was read. A cancel of what no longer rests is passed over.
    mutating func apply(_ operations: Slice<UnsafeBufferPointer<Operation>>) {
        let operations = UnsafeBufferPointer(rebasing: operations)
        guard book.gainsFromPrefetching else { return apply(operations) }
        let chunk = Self.operationsAhead
        for start in stride(from: 0, to: operations.count, by: chunk) {
            lookAhead(operations, from: start + chunk)
            apply(UnsafeBufferPointer(rebasing: operations[start..<min(start + chunk, operations.count)]))
        }
    }

    @inline(never)
    private mutating func apply(_ operations: UnsafeBufferPointer<Operation>) {
        // Copies: the compiler cannot know that no store into the arena changes those in `self`.
        let (book, slots, priceMin) = (self.book, self.slots, self.priceMin)
        var trades = self.trades
        for operation in operations {
            let id = UInt32(truncatingIfNeeded: operation.id)
            if operation.kind == Operation.Kind.cancel {
                let slot = slots[Int(id)]
                let order = book.order(slot)
                if order.pointee.account == id && order.pointee.lots != 0 { book.remove(slot: slot) }
                continue
            }
            let side: Side = operation.side == 0 ? .buy : .sell
            let priceCode = UInt32(bitPattern: operation.price &- priceMin)
            trades.taker = operation.id
            let left = book.match(side: side, limit: priceCode, lots: UInt64(operation.quantity), policy: &trades)
            if left != 0 && operation.kind == Operation.Kind.add {
                slots[Int(id)] = book.add(side: side, priceCode: priceCode, lots: left, account: id)
            }
        }
        self.trades = trades
    }

    /// Operations that are applied before what the next ones touch is asked for.
    private static let operationsAhead = 8

    /// Asks for what operations that wait are going to touch, as a gateway can that has a queue: for the orders that cancels name, and for what lies
    /// around those that were asked for the last time.
    private func lookAhead(_ operations: UnsafeBufferPointer<Operation>, from start: Int) {
        let middle = min(start + Self.operationsAhead, operations.count)
        for position in middle..<min(middle + Self.operationsAhead, operations.count)
        where operations[position].kind == Operation.Kind.cancel {
            book.prefetch(slot: slots[Int(operations[position].id)])
        }
        for position in min(start, middle)..<middle {
            let operation = operations[position]
            if operation.kind == Operation.Kind.cancel {
                book.prefetchNeighbours(slot: slots[Int(operation.id)])
            } else {
                book.prefetchQueueEnd(priceCode: UInt32(bitPattern: operation.price &- priceMin))
            }
        }
    }

    /// The figures that an expected outcome may name, in its own words.
    func figures() -> [(name: String, value: String)] {
        let (bids, asks) = (sum(.buy), sum(.sell))
        let hash = String(trades.hash, radix: 16)
        return [
            ("trades", "\(trades.trades)"), ("vol", "\(trades.volume)"), ("notional", "\(trades.notional)"),
            ("hash", String(repeating: "0", count: 16 - hash.count) + hash), ("live", "\(book.orderCount)"),
            ("bidqty", "\(bids.lots)"), ("askqty", "\(asks.lots)"), ("bestbid", "\(bids.best)"), ("bestask", "\(asks.best)"),
            ("bidlevels", "\(bids.levels)"), ("asklevels", "\(asks.levels)"),
        ]
    }

    private func sum(_ side: Side) -> (lots: UInt64, levels: Int, best: Int64) {
        var (lots, levels): (UInt64, Int) = (0, 0)
        var priceCode = book.bestPrice(side)
        let best = priceCode == PriceCode.none ? 0 : Int64(priceCode) + Int64(priceMin)
        while priceCode != PriceCode.none {
            lots += book.lots(at: priceCode)
            levels += 1
            priceCode = book.nextPrice(side, behind: priceCode)
        }
        return (lots, levels, best)
    }

    /// Zeroed memory that is given when it is first touched, in huge pages where the kernel has them: orders lie scattered, and 4 KiB pages
    /// cost a miss of the translation buffer at each.
    private static func reserve(_ byteCount: Int) throws(Complaint) -> UnsafeMutableRawPointer {
        let flags = MAP_PRIVATE | Int32(MAP_ANONYMOUS) | Int32(MAP_NORESERVE)
        guard let base = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0), base != MAP_FAILED else {
            throw Complaint(description: "cannot reserve \(byteCount) bytes of address space: \(String(cString: strerror(errno)))")
        }
        _ = madvise(base, byteCount, MADV_HUGEPAGE)
        return base
    }
}
