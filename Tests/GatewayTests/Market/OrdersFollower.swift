import Engine

@testable import Gateway

/// A copy of a market's orders, kept from the messages of channel orders by nothing but the rules of the protocol page: plain arrays, one for
/// each level, oldest first.
struct OrdersFollower: Equatable {
    struct Order: Equatable {
        var id: UInt64
        var lots: UInt64
        /// Whether a snapshot brought it, so that it stands before those that updates have added since the snapshot began.
        var isOfSnapshot: Bool
    }

    private(set) var levels: [BookMirror.Key: [Order]] = [:]
    private(set) var isComplete = false
    private var sequence: UInt64 = 0
    /// What contradicted the rules.
    private(set) var faults: [String] = []

    mutating func follow(_ message: ServerMessage) {
        switch message {
        case .ordersSnapshot(let part): follow(snapshot: part)
        case .ordersUpdate(let update): follow(update: update)
        default: break
        }
    }

    private mutating func follow(snapshot: ServerMessage.BookOrders) {
        if snapshot.part.contains(.isFirst) {
            levels = [:]
            sequence = snapshot.sequence
        }
        if snapshot.sequence != sequence { faults.append("a part has sequence \(snapshot.sequence), not \(sequence)") }
        for entry in snapshot.entries {
            let order = Order(id: entry.orderId, lots: entry.restingLots, isOfSnapshot: true)
            let place = levels[entry.key]?.firstIndex { !$0.isOfSnapshot } ?? levels[entry.key]?.count ?? 0
            if levels[entry.key]?.contains(where: { $0.id == order.id }) == true { faults.append("order \(order.id) came twice") }
            levels[entry.key, default: []].insert(order, at: place)
        }
        isComplete = !snapshot.part.contains(.hasMore)
    }

    private mutating func follow(update: ServerMessage.BookOrders) {
        if update.sequence != sequence + 1 { faults.append("update \(update.sequence) follows \(sequence)") }
        sequence = update.sequence
        for entry in update.entries {
            if entry.change == .added {
                levels[entry.key, default: []].append(Order(id: entry.orderId, lots: entry.restingLots, isOfSnapshot: false))
                continue
            }
            guard let index = levels[entry.key]?.firstIndex(where: { $0.id == entry.orderId }) else {
                if isComplete { faults.append("order \(entry.orderId) is not known") }
                continue
            }
            let before = levels[entry.key]![index].lots
            if before != entry.restingLots + entry.lots { faults.append("order \(entry.orderId) had \(before) lots, not \(entry)") }
            levels[entry.key]![index].lots = entry.restingLots
            if entry.restingLots == 0 { levels[entry.key]!.remove(at: index) }
            if levels[entry.key]!.isEmpty { levels[entry.key] = nil }
        }
    }

    /// The orders in the order of a snapshot.
    var orders: [RestingOrder] {
        let keys = levels.keys.filter { $0 >> 31 == 0 }.sorted(by: >) + levels.keys.filter { $0 >> 31 == 1 }.sorted(by: <)
        return keys.flatMap { key in
            let level = BookLevel(key, lots: 0)
            return levels[key]!.map { RestingOrder(id: $0.id, side: level.side, priceCode: level.priceCode, lots: $0.lots) }
        }
    }
}

extension ServerMessage.BookOrders.Entry {
    fileprivate var key: BookMirror.Key { BookMirror.key(priceCode, side) }
}

extension BookMirror {
    /// All orders in the order of a snapshot.
    var restingOrders: [RestingOrder] {
        allLevels.flatMap { level in
            var orders: [RestingOrder] = []
            var slot = queue(Self.key(level.priceCode, level.side)).first
            while slot != 0 {
                orders.append(
                    RestingOrder(id: self.orders.id(slot), side: level.side, priceCode: level.priceCode, lots: self.orders[slot].lots))
                slot = self.orders[slot].next
            }
            return orders
        }
    }

    /// All levels in the order of a snapshot.
    var allLevels: [BookLevel] {
        sequence(state: level(after: nil)) { [self] key in
            defer { key = key.flatMap { level(after: $0) } }
            return key.map { BookLevel($0, lots: lots($0)) }
        }.map { $0 }
    }
}

extension RecoveredBook {
    /// The same with its orders in the order of a snapshot: while a market opens, a price may come in two places.
    var sortedByLevel: [RestingOrder] {
        let bids = orders.filter { $0.side == .buy }
        let asks = orders.enumerated().filter { $0.element.side == .sell }
            .sorted { ($0.element.priceCode, $0.offset) < ($1.element.priceCode, $1.offset) }
        return bids + asks.map(\.element)
    }

    /// A book of levels, each of one order.
    init(_ levels: [BookLevel]) {
        self.init()
        orders = levels.enumerated().map { index, level in
            RestingOrder(id: 1 << 32 | UInt64(index + 1), side: level.side, priceCode: level.priceCode, lots: level.lots)
        }
    }
}

extension Sequence<RestingOrder> {
    /// The levels of orders that come level by level.
    var levels: [BookLevel] {
        reduce(into: []) { levels, order in
            if let last = levels.last, last.priceCode == order.priceCode, last.side == order.side {
                levels[levels.count - 1].lots += order.lots
            } else {
                levels.append(BookLevel(priceCode: order.priceCode, side: order.side, lots: order.lots))
            }
        }
    }
}
