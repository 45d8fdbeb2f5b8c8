import Engine

/// The book of one market, kept from events: its levels, and the orders of each in the order of their arrival.
///
/// Invariants: a level is present exactly if orders rest there, with the sum of their lots, as of the last change applied; ``checksum`` is that
/// of the levels as they were last told, by ``takeChanges(_:)``. Until then changes collect, so that a level that changed often is told once.
/// Levels and queues are kept apart: were an event wrong about one order, the levels would not suffer. One thread.
final class BookMirror {
    /// A price and a side: the price code, with the side in bit 31.
    typealias Key = UInt32

    private struct Level {
        var lots: UInt64 = 0
        /// The lots that subscribers know of.
        var told: UInt64 = 0
        var queue = OrderQueues.Queue()
        /// Whether it is in the list of those that changed.
        var isChanged = false
    }

    private struct State {
        /// In pages of 64 neighbouring prices; page 0 is not used.
        var levels = [Level](repeating: Level(), count: 64)
        var freePages: [UInt32] = []
        var changed: [Key] = []
        var checksum: UInt64 = 0
        var levelCount = 0
        var isConsistent = true
    }

    private let bids = PriceLadder()
    private let asks = PriceLadder()
    let orders: OrderQueues
    /// Behind a pointer: checks of exclusive access to properties cost a third of all this otherwise.
    private let state: UnsafeMutablePointer<State>
    /// Price code of the last trade, `PriceCode.none` before the first.
    var lastPriceCode = PriceCode.none

    /// Of the levels as they were last told.
    var checksum: UInt64 { state.pointee.checksum }
    /// Levels at which orders rest.
    var levelCount: Int { state.pointee.levelCount }
    /// False once an event contradicted what was known: the start or an event was wrong, and so may the book be.
    var isConsistent: Bool { state.pointee.isConsistent }

    /// Starts from a recovered book; nothing of it counts as changed.
    init(_ start: RecoveredBook = RecoveredBook(), orders: OrderQueues) {
        self.orders = orders
        state = .allocate(capacity: 1)
        state.initialize(to: State())
        lastPriceCode = start.lastPriceCode
        for order in start.orders {
            apply(
                BookChange(
                    kind: .added, side: order.side, priceCode: order.priceCode, orderId: order.id, lots: order.lots, remaining: order.lots))
        }
        takeChanges { _ in }
    }

    deinit {
        state.deinitialize(count: 1)
        state.deallocate()
    }

    var hasChanges: Bool { !state.pointee.changed.isEmpty }

    /// Follows one change.
    @inline(__always)
    func apply(_ change: BookChange) {
        guard change.priceCode < PriceCode.count else { return state.pointee.isConsistent = false }
        let isAdded = change.kind == .added
        let key = Self.key(change.priceCode, change.side)
        guard let index = isAdded ? indexForInsertion(key) : self.index(key) else { return state.pointee.isConsistent = false }
        state.pointee.levels.withUnsafeMutableBufferPointer { levels in
            let level = levels.baseAddress! + index
            let before = level.pointee.lots
            var isGood: Bool
            if isAdded {
                isGood = orders.append(change.orderId, lots: change.lots, to: &level.pointee.queue)
                level.pointee.lots = before &+ change.lots
            } else {
                isGood = orders.take(change.lots, from: change.orderId, remaining: change.remaining, in: &level.pointee.queue)
                if before < change.lots { isGood = false }
                level.pointee.lots = before > change.lots ? before &- change.lots : 0
            }
            if !isGood { state.pointee.isConsistent = false }
            if before == 0 || level.pointee.lots == 0 { occupancyChanged(key, from: before, to: level.pointee.lots) }
            if !level.pointee.isChanged {
                level.pointee.isChanged = true
                state.pointee.changed.append(key)
            }
        }
    }

    /// Passes every level whose size is another than was told last, in no particular order (0 lots: gone); ``checksum`` then is that of the book with
    /// all levels that were passed so far.
    func takeChanges(_ body: (BookLevel) -> Void) {
        for key in state.pointee.changed {
            guard let index = index(key) else { continue }
            let (lots, told) = (state.pointee.levels[index].lots, state.pointee.levels[index].told)
            state.pointee.levels[index].isChanged = false
            guard lots != told else { continue }
            state.pointee.levels[index].told = lots
            let level = BookLevel(key, lots: lots)
            state.pointee.checksum = checksum &+ BookChecksum.mix(level) &- BookChecksum.mix(BookLevel(key, lots: told))
            body(level)
        }
        // Not before: a page holds what was told of its levels.
        for key in state.pointee.changed { releasePageIfEmpty(key) }
        state.pointee.changed.removeAll(keepingCapacity: true)
    }

    // MARK: Reading

    /// Lots at a level, 0 if nothing rests there.
    func lots(_ key: Key) -> UInt64 { index(key).map { state.pointee.levels[$0].lots } ?? 0 }

    /// The orders of a level.
    func queue(_ key: Key) -> OrderQueues.Queue { index(key).map { state.pointee.levels[$0].queue } ?? OrderQueues.Queue() }

    var bestBid: Key? { bids.last(upTo: PriceCode.count - 1) }
    var bestAsk: Key? { asks.first(from: 0).map { Self.key($0, .sell) } }

    /// The level that follows one (nil: the first) in the order of a snapshot: bids and then asks, each side best first.
    func level(after key: Key?) -> Key? {
        guard let key else { return bestBid ?? bestAsk }
        let priceCode = key & 0x7FFF_FFFF
        if key != priceCode { return asks.first(from: priceCode + 1).map { Self.key($0, .sell) } }
        return (priceCode > 0 ? bids.last(upTo: priceCode - 1) : nil) ?? bestAsk
    }

    static func key(_ priceCode: UInt32, _ side: Side) -> Key { priceCode | UInt32(side.rawValue) << 31 }

    // MARK: Levels

    @inline(__always)
    private func ladder(_ key: Key) -> PriceLadder { key >> 31 == 0 ? bids : asks }

    /// Where the level of a price is kept; nil if no page is for it.
    @inline(__always)
    private func index(_ key: Key) -> Int? {
        let page = ladder(key).page(of: key & 0x7FFF_FFFF)
        return page == 0 ? nil : Int(page) << 6 | Int(key & 63)
    }

    @inline(__always)
    private func indexForInsertion(_ key: Key) -> Int? { index(key) ?? openPage(key) }

    @inline(never)
    private func openPage(_ key: Key) -> Int? {
        if state.pointee.freePages.isEmpty {
            state.pointee.freePages.append(UInt32(state.pointee.levels.count / 64))
            state.pointee.levels.append(contentsOf: repeatElement(Level(), count: 64))
        }
        ladder(key).setPage(state.pointee.freePages.removeLast(), of: key & 0x7FFF_FFFF)
        return index(key)
    }

    private func releasePageIfEmpty(_ key: Key) {
        let priceCode = key & 0x7FFF_FFFF
        let ladder = ladder(key)
        let page = ladder.page(of: priceCode)
        guard page != 0, ladder.isGroupEmpty(priceCode) else { return }
        ladder.setPage(0, of: priceCode)
        state.pointee.freePages.append(page)
    }

    @inline(never)
    private func occupancyChanged(_ key: Key, from before: UInt64, to lots: UInt64) {
        guard before != lots else { return }
        if lots == 0 { ladder(key).remove(key & 0x7FFF_FFFF) } else { ladder(key).insert(key & 0x7FFF_FFFF) }
        state.pointee.levelCount += lots == 0 ? -1 : 1
    }
}

extension BookLevel {
    init(_ key: BookMirror.Key, lots: UInt64) {
        self.init(priceCode: key & 0x7FFF_FFFF, side: key >> 31 == 0 ? .buy : .sell, lots: lots)
    }
}
