/// A side of the naive book.
enum NaiveSide {
    case buy
    case sell

    var opposite: NaiveSide { self == .buy ? .sell : .buy }

    /// Whether an order of this side with this limit trades at `price`.
    func accepts(_ price: UInt32, limit: UInt32) -> Bool { self == .buy ? price <= limit : price >= limit }
}

/// A resting order of the naive book.
struct NaiveOrder {
    var number: UInt64
    var account: UInt32
    var side: NaiveSide
    var price: UInt32
    var lots: UInt64
    var clientOrderId: UInt64 = 0
    /// What an exchange keeps beside: when the order goes (0: never), how it was placed, and a trigger order's limit price.
    var expiryMs: UInt64 = 0
    var flags: UInt8 = 0
    var limitPrice: UInt32 = 0
}

/// A book as one would write it first, with care but without measuring: a dictionary of orders, a sorted array of levels for each side, an array
/// of order numbers for each level. Nothing in it is quadratic: cancelled orders stay in their queue as dead numbers until they are
/// met or outnumber the living.
final class NaiveBook {
    private struct Level {
        var price: UInt32
        /// Numbers in order of arrival; those before `head` and those that are in no dictionary any more are gone.
        var queue: [UInt64]
        var head = 0
        var liveCount: Int
    }

    /// Best price last.
    private var bids: [Level] = []
    private var asks: [Level] = []
    private var orders: [UInt64: NaiveOrder] = [:]

    var orderCount: Int { orders.count }

    func order(_ number: UInt64) -> NaiveOrder? { orders[number] }

    func bestPrice(_ side: NaiveSide) -> UInt32? { (side == .buy ? bids : asks).last?.price }

    /// Puts an order behind those of its price.
    func rest(_ order: NaiveOrder) {
        orders[order.number] = order
        if order.side == .buy { Self.insert(order, &bids) } else { Self.insert(order, &asks) }
    }

    private static func insert(_ order: NaiveOrder, _ levels: inout [Level]) {
        let index = position(order.price, order.side, levels)
        if index < levels.count, levels[index].price == order.price {
            levels[index].queue.append(order.number)
            levels[index].liveCount += 1
        } else {
            levels.insert(Level(price: order.price, queue: [order.number], liveCount: 1), at: index)
        }
    }

    /// The order that is filled next on this side.
    func oldestAtBest(_ side: NaiveSide) -> NaiveOrder? {
        side == .buy ? oldest(&bids) : oldest(&asks)
    }

    private func oldest(_ levels: inout [Level]) -> NaiveOrder? {
        let last = levels.count - 1
        guard last >= 0 else { return nil }
        while true {
            if let order = orders[levels[last].queue[levels[last].head]] { return order }
            levels[last].head += 1
        }
    }

    /// Takes lots off an order; true if it is gone.
    func reduce(_ number: UInt64, by lots: UInt64) -> Bool {
        guard let left = orders[number].map({ $0.lots - lots }) else { return true }
        guard left == 0 else {
            orders[number]!.lots = left
            return false
        }
        _ = remove(number)
        return true
    }

    /// Takes an order off the book.
    func remove(_ number: UInt64) -> NaiveOrder? {
        guard let order = orders.removeValue(forKey: number) else { return nil }
        if order.side == .buy { drop(order, &bids) } else { drop(order, &asks) }
        return order
    }

    private func drop(_ order: NaiveOrder, _ levels: inout [Level]) {
        let index = Self.position(order.price, order.side, levels)
        levels[index].liveCount -= 1
        if levels[index].liveCount == 0 {
            levels.remove(at: index)
        } else if levels[index].queue.count > 32 + 2 * levels[index].liveCount {
            let head = levels[index].head
            levels[index].queue = levels[index].queue[head...].filter { orders[$0] != nil }
            levels[index].head = 0
        }
    }

    /// Where the price is, or belongs.
    private static func position(_ price: UInt32, _ side: NaiveSide, _ levels: [Level]) -> Int {
        var low = 0
        var high = levels.count
        while low < high {
            let middle = (low + high) / 2
            if side == .buy ? levels[middle].price < price : levels[middle].price > price { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Fills up to `lots` of an incoming order, best price first, oldest first; calls `body` for each fill with the maker as it was before, the lots, and
    /// whether the maker is gone. Returns the lots left.
    func fill(_ side: NaiveSide, limit: UInt32, lots: UInt64, _ body: (NaiveOrder, UInt64, Bool) -> Void) -> UInt64 {
        var left = lots
        while left > 0, let maker = oldestAtBest(side.opposite), side.accepts(maker.price, limit: limit) {
            let traded = min(left, maker.lots)
            left -= traded
            body(maker, traded, reduce(maker.number, by: traded))
        }
        return left
    }

    /// All orders, oldest first.
    var all: [NaiveOrder] { orders.values.sorted { $0.number < $1.number } }

    /// Live orders of a side, best price first, oldest first, until `body` returns false.
    func forEach(_ side: NaiveSide, _ body: (NaiveOrder) -> Bool) {
        for level in (side == .buy ? bids : asks).reversed() {
            for number in level.queue[level.head...] {
                if let order = orders[number], !body(order) { return }
            }
        }
    }
}
