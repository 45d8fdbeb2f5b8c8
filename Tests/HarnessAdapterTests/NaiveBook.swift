/// A message of the harness.
enum HarnessMessage {
    case newOrder(id: UInt64, ticks: Int64, quantity: UInt32, isSell: Bool, isImmediate: Bool)
    case cancel(id: UInt64)
    case modify(id: UInt64, ticks: Int64, quantity: UInt32, isSell: Bool)
}

/// A report of the harness; what a kind does not carry is 0.
struct HarnessReport: Equatable {
    /// 0 order accepted, 1 trade, 2 cancel accepted, 3 modify accepted, 4 cancel rejected, 5 modify rejected.
    var kind: UInt8
    var sequence: UInt64
    var orderId: UInt64 = 0
    var isSell = false
    var ticks: Int64 = 0
    var quantity: UInt32 = 0
    var makerId: UInt64 = 0
    var takerId: UInt64 = 0
}

/// The harness's rules in their plainest form: a list of orders in the order of their arrival.
struct NaiveBook {
    private struct Order {
        var id: UInt64
        var ticks: Int64
        var quantity: UInt32
        var isSell: Bool
    }

    private var orders: [Order] = []

    func rests(_ id: UInt64) -> Bool { orders.contains { $0.id == id } }

    mutating func handle(_ message: HarnessMessage, sequence: UInt64) -> [HarnessReport] {
        switch message {
        case .newOrder(let id, let ticks, let quantity, let isSell, let isImmediate):
            var order = Order(id: id, ticks: ticks, quantity: quantity, isSell: isSell)
            var reports = [HarnessReport(kind: 0, sequence: sequence, orderId: id, isSell: isSell, ticks: ticks, quantity: quantity)]
            reports += match(&order, sequence)
            if order.quantity > 0 && isImmediate {
                reports.append(HarnessReport(kind: 2, sequence: sequence, orderId: id, isSell: isSell, ticks: ticks))
            } else if order.quantity > 0 {
                orders.append(order)
            }
            return reports
        case .cancel(let id):
            guard let index = orders.firstIndex(where: { $0.id == id })
            else { return [HarnessReport(kind: 4, sequence: sequence, orderId: id)] }
            let order = orders.remove(at: index)
            return [HarnessReport(kind: 2, sequence: sequence, orderId: id, isSell: order.isSell, ticks: order.ticks)]
        case .modify(let id, let ticks, let quantity, _):
            guard let index = orders.firstIndex(where: { $0.id == id })
            else { return [HarnessReport(kind: 5, sequence: sequence, orderId: id)] }
            var order = orders.remove(at: index)
            order.ticks = ticks
            order.quantity = quantity
            var reports = [
                HarnessReport(kind: 3, sequence: sequence, orderId: id, isSell: order.isSell, ticks: ticks, quantity: quantity)
            ]
            reports += match(&order, sequence)
            if order.quantity > 0 { orders.append(order) }
            return reports
        }
    }

    private mutating func match(_ taker: inout Order, _ sequence: UInt64) -> [HarnessReport] {
        var reports: [HarnessReport] = []
        while taker.quantity > 0 {
            let (isSell, limit) = (taker.isSell, taker.ticks)
            let makers = orders.indices.filter {
                orders[$0].isSell != isSell && (isSell ? orders[$0].ticks >= limit : orders[$0].ticks <= limit)
            }
            // The first of the best: `min` and `max` would not say which of equals they give.
            guard let best = makers.map({ orders[$0].ticks }).reduce(nil, { $0 == nil ? $1 : isSell ? max($0!, $1) : min($0!, $1) }),
                let index = makers.first(where: { orders[$0].ticks == best })
            else { break }
            let quantity = min(taker.quantity, orders[index].quantity)
            reports.append(
                HarnessReport(
                    kind: 1, sequence: sequence, ticks: best, quantity: quantity, makerId: orders[index].id, takerId: taker.id))
            taker.quantity -= quantity
            orders[index].quantity -= quantity
            if orders[index].quantity == 0 { orders.remove(at: index) }
        }
        return reports
    }

    var bestBid: Int64 { orders.filter { !$0.isSell }.map(\.ticks).max() ?? .min }
    var bestAsk: Int64 { orders.filter { $0.isSell }.map(\.ticks).min() ?? .max }

    func depth(ticks: Int64, isSell: Bool) -> UInt64 {
        orders.filter { $0.isSell == isSell && $0.ticks == ticks }.reduce(0) { $0 + UInt64($1.quantity) }
    }
}
