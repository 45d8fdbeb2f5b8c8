@testable import Engine

/// What a book must do, in the plainest way: every order in one array, sorted by nothing but a search.
struct NaiveBook {
    struct Resting: Equatable {
        var account: UInt32
        var side: Side
        var priceCode: UInt32
        var lots: UInt64
    }

    /// Oldest first.
    private(set) var orders: [Resting] = []

    mutating func add(_ order: Resting) { orders.append(order) }
    mutating func remove(account: UInt32) { orders.removeAll { $0.account == account } }
    mutating func shrink(account: UInt32, to lots: UInt64) {
        for index in orders.indices where orders[index].account == account { orders[index].lots = lots }
    }
    mutating func moveToBack(account: UInt32) {
        guard let index = orders.firstIndex(where: { $0.account == account }) else { return }
        orders.append(orders.remove(at: index))
    }

    /// Index of the maker that an order of `side` with this limit meets first.
    func firstMaker(against side: Side, limit: UInt32) -> Int? {
        let makers = orders.indices.filter {
            orders[$0].side != side && (side == .buy ? orders[$0].priceCode <= limit : orders[$0].priceCode >= limit)
        }
        // `min` keeps the first of equals: the oldest.
        return makers.min { side == .buy ? orders[$0].priceCode < orders[$1].priceCode : orders[$0].priceCode > orders[$1].priceCode }
    }

    /// As `Book.match`, with the decisions of `meet`; tells `note` of everything that happens, as ``Happening``.
    mutating func match(
        side: Side, limit: UInt32, lots: UInt64, meet: (_ account: UInt32, _ available: UInt64, _ lots: UInt64) -> MakerEncounter,
        note: (Happening) -> Void
    ) -> UInt64 {
        var left = lots
        while left > 0, let index = firstMaker(against: side, limit: limit) {
            let maker = orders[index]
            var taken = min(left, maker.lots)
            var stops = false
            switch meet(maker.account, maker.lots, left) {
            case .fill:
                left -= taken
                note(.filled(maker.account, maker.priceCode, taken, maker.lots - taken))
            case .fillAndStop(let fewer):
                taken = fewer
                left -= taken
                stops = true
                note(.filled(maker.account, maker.priceCode, taken, maker.lots - taken))
            case .remove: taken = maker.lots
            case .reduce:
                left -= taken
                note(.reduced(maker.account, maker.priceCode, taken, maker.lots - taken))
            case .stop: return left
            }
            orders[index].lots -= taken
            if orders[index].lots == 0 {
                note(.left(maker.account))
                orders.remove(at: index)
            }
            if stops { return left }
        }
        return left
    }
}

/// What a policy is told.
enum Happening: Equatable {
    case filled(UInt32, _ priceCode: UInt32, _ lots: UInt64, _ remaining: UInt64)
    case reduced(UInt32, _ priceCode: UInt32, _ lots: UInt64, _ remaining: UInt64)
    case left(UInt32)
}
