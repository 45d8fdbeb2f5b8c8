/// One book of ``Engine`` behind the harness's messages.
///
/// It is the book that the exchange ships, dirty marks included. What the exchange keeps around it (accounts, balances, signatures) has no
/// place in the harness; what the harness wants around it (its own order ids, its reports) is here.
struct HarnessEngine {
    private static let bookIndex: UInt32 = 1

    private let memory: EngineMemory
    private let book: Book
    private let directory: UnsafeMutablePointer<OrderDirectory>

    /// nil when the system refuses the address space.
    init?() {
        guard let memory = EngineMemory(), let directory = OrderDirectory() else { return nil }
        self.memory = memory
        self.directory = .allocate(capacity: 1)
        self.directory.initialize(to: directory)
        book = Book(memory.arena, index: Self.bookIndex)
        // What listing a market does to its book.
        book.state.pointee.bestBid = PriceCode.none
        book.state.pointee.bestAsk = PriceCode.none
        book.state.pointee.lastPrice = PriceCode.none
    }

    func deallocate() {
        directory.pointee.deallocate()
        directory.deallocate()
        memory.deallocate()
    }

    // MARK: Messages. Each is read from the harness's record at `message`.

    @inline(__always)
    func newOrder<Sink: ReportSink>(_ message: UnsafeRawPointer, _ sink: Sink) {
        let id = message.load(fromByteOffset: HarnessRecord.orderId, as: UInt64.self)
        let sequence = message.load(fromByteOffset: HarnessRecord.sequence, as: UInt64.self)
        let priceCode = limit(message)
        let quantity = UInt64(message.load(fromByteOffset: HarnessRecord.quantity, as: UInt32.self))
        let side = Self.side(message.load(fromByteOffset: HarnessRecord.side, as: UInt8.self))
        sink.append(
            Report(.orderAccepted, sequence: sequence, orderId: id, side: side, priceCode: priceCode, lots: quantity))
        let left = match(id, sequence, side, priceCode, quantity, sink)
        guard left > 0 else { return }
        if message.load(fromByteOffset: HarnessRecord.immediateOrCancel, as: UInt8.self) != 0 {
            sink.append(Report(.cancelAccepted, sequence: sequence, orderId: id, side: side, priceCode: priceCode))
        } else {
            directory.pointee.add(id, slot: book.add(side: side, priceCode: priceCode, lots: left, account: 1))
        }
    }

    @inline(__always)
    func cancel<Sink: ReportSink>(_ message: UnsafeRawPointer, _ sink: Sink) {
        let id = message.load(fromByteOffset: HarnessRecord.orderId, as: UInt64.self)
        let sequence = message.load(fromByteOffset: HarnessRecord.sequence, as: UInt64.self)
        let slot = directory.pointee.remove(id)
        guard slot != 0 else { return sink.append(Report(.cancelRejected, sequence: sequence, orderId: id)) }
        let order = book.order(slot)
        sink.append(
            Report(.cancelAccepted, sequence: sequence, orderId: id, side: order.pointee.side, priceCode: order.pointee.priceCode))
        book.remove(slot: slot)
    }

    /// Cancel and place anew, with the loss of priority that the harness asks for.
    @inline(__always)
    func modify<Sink: ReportSink>(_ message: UnsafeRawPointer, _ sink: Sink) {
        let id = message.load(fromByteOffset: HarnessRecord.orderId, as: UInt64.self)
        let sequence = message.load(fromByteOffset: HarnessRecord.sequence, as: UInt64.self)
        let slot = directory.pointee.slot(id)
        guard slot != 0 else { return sink.append(Report(.modifyRejected, sequence: sequence, orderId: id)) }
        let priceCode = limit(message)
        let quantity = UInt64(message.load(fromByteOffset: HarnessRecord.quantity, as: UInt32.self))
        let side = book.order(slot).pointee.side
        book.remove(slot: slot)
        sink.append(Report(.modifyAccepted, sequence: sequence, orderId: id, side: side, priceCode: priceCode, lots: quantity))
        let left = match(id, sequence, side, priceCode, quantity, sink)
        if left > 0 {
            directory.pointee.move(id, from: slot, to: book.add(side: side, priceCode: priceCode, lots: left, account: 1))
        } else {
            _ = directory.pointee.remove(id)
        }
    }

    // MARK: Queries

    /// Best bid in ticks, or the smallest number when there is none.
    var bestBidTicks: Int64 {
        let code = book.bestPrice(.buy)
        return code == PriceCode.none ? .min : PriceTicks.ticks(priceCode: code)
    }

    /// Best ask in ticks, or the greatest number when there is none.
    var bestAskTicks: Int64 {
        let code = book.bestPrice(.sell)
        return code == PriceCode.none ? .max : PriceTicks.ticks(priceCode: code)
    }

    /// What rests at one price of one side.
    func depth(ticks: Int64, side: UInt8) -> UInt64 {
        guard let code = PriceTicks.code(ticks: ticks) else { return 0 }
        let side = Self.side(side)
        let best = book.bestPrice(side)
        // A level holds orders of one side: prices beyond this side's best are the other side's.
        guard best != PriceCode.none, side == .buy ? code <= best : code >= best else { return 0 }
        return book.lots(at: code)
    }

    // MARK: Parts

    /// A side from the harness's byte, without a branch: half of all orders would take it by surprise.
    @inline(__always)
    private static func side(_ byte: UInt8) -> Side { unsafeBitCast(byte & 1, to: Side.self) }

    @inline(__always)
    private func limit(_ message: UnsafeRawPointer) -> UInt32 {
        guard let code = PriceTicks.code(ticks: message.load(fromByteOffset: HarnessRecord.priceTicks, as: Int64.self))
        else { fatalError("harness adapter: a price beyond 1,620,000 ticks") }
        return code
    }

    /// Fills what crosses and returns what is left. Most orders cross nothing, so the loop over the makers stays out of their way.
    @inline(__always)
    private func match<Sink: ReportSink>(
        _ id: UInt64, _ sequence: UInt64, _ side: Side, _ priceCode: UInt32, _ quantity: UInt64, _ sink: Sink
    ) -> UInt64 {
        guard _slowPath(book.crosses(side, limit: priceCode)) else { return quantity }
        return fill(id, sequence, side, priceCode, quantity, sink)
    }

    @inline(never)
    private func fill<Sink: ReportSink>(
        _ id: UInt64, _ sequence: UInt64, _ side: Side, _ priceCode: UInt32, _ quantity: UInt64, _ sink: Sink
    ) -> UInt64 {
        var policy = TradeReporter(sink: sink, directory: directory, sequence: sequence, takerId: id)
        return book.match(side: side, limit: priceCode, lots: quantity, policy: &policy)
    }
}

/// Fills whatever is met and reports each fill.
private struct TradeReporter<Sink: ReportSink>: MatchingPolicy {
    let sink: Sink
    let directory: UnsafeMutablePointer<OrderDirectory>
    let sequence: UInt64
    let takerId: UInt64

    @inline(__always)
    func meet(_ maker: UnsafePointer<Order>, slot: UInt32, priceCode: UInt32, lots: UInt64) -> MakerEncounter { .fill }

    @inline(__always)
    func filled(_ maker: UnsafePointer<Order>, slot: UInt32, priceCode: UInt32, lots: UInt64, remaining: UInt64) {
        sink.append(
            Report(
                .trade, sequence: sequence, orderId: takerId, priceCode: priceCode, lots: lots, makerId: directory.pointee.id(slot: slot)))
    }

    @inline(__always)
    func reduced(_ maker: UnsafePointer<Order>, slot: UInt32, priceCode: UInt32, lots: UInt64, remaining: UInt64) {}

    @inline(__always)
    func leaving(_ maker: UnsafePointer<Order>, slot: UInt32) { _ = directory.pointee.remove(directory.pointee.id(slot: slot)) }
}
