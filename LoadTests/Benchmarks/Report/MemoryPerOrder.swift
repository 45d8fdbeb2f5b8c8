import Engine
import Proof

/// What a resting order costs in memory, all told: places millions of them and asks the kernel how much memory the engine then has.
package struct MemoryPerOrder {
    package let orderCount: Int
    package let accountCount: Int
    package let levelCount: Int
    /// Growth of the arena and its dirty marks, in pages that the kernel has put memory behind, for each order. The tree over the arena comes on top.
    package let residentBytes: Double
    /// Of these, what the index of client order ids takes: nearly the same memory however many orders there are, shared by fewer or more of them.
    package let residentIndexBytes: Double
    /// 64 bytes for each cell of the arena that was written, for each order.
    package let cellBytes: Double

    /// Rests `orderCount` orders of `accountCount` (even) accounts at `levelCount` prices of each side, each with a client order id.
    package init(orderCount: Int = 8_000_000, accountCount: Int = 1024, levelCount: Int = 20_000) throws {
        self.orderCount = orderCount
        self.accountCount = accountCount
        self.levelCount = 2 * levelCount
        var subject = try EngineSubject(accountCount: accountCount)
        // Before the first order: the pools' first huge pages belong to the orders.
        let before = subject.residentBytes
        let indexBefore = subject.residentIndexBytes
        // One order and its cancel write the cells that every market and account has, however many orders follow.
        subject.rest(1...UInt64(accountCount), accountCount: accountCount, levelCount: 1, thenCancel: true)
        _ = subject.drainedCellCount()
        subject.rest(UInt64(accountCount + 1)...UInt64(accountCount + orderCount), accountCount: accountCount, levelCount: levelCount)
        let after = subject.residentBytes
        residentBytes = Double(after - before) / Double(orderCount)
        residentIndexBytes = Double(subject.residentIndexBytes - indexBefore) / Double(orderCount)
        cellBytes = Double(subject.drainedCellCount() * Layout.cellBytes) / Double(orderCount)
        precondition(subject.restingCount == orderCount)
    }

    package var figures: [String: Any] {
        [
            "restingOrders": orderCount, "accounts": accountCount, "levels": levelCount,
            "residentBytesPerOrder": (residentBytes * 10).rounded() / 10, "cellBytesPerOrder": (cellBytes * 10).rounded() / 10,
            "residentIndexBytesPerOrder": (residentIndexBytes * 10).rounded() / 10,
        ]
    }
}

extension EngineSubject {
    /// Places order after order, one signature each. Order n belongs to account n mod `accountCount`; even accounts buy below, odd ones sell above tick 30,000.
    mutating func rest(_ numbers: ClosedRange<UInt64>, accountCount: Int, levelCount: Int, thenCancel: Bool = false) {
        for number in numbers {
            let account = UInt16(number % UInt64(accountCount))
            let distance = Int32((number / UInt64(accountCount)) % UInt64(levelCount))
            let clientOrderId = number / UInt64(accountCount) + 1
            executeOne(
                .place(
                    market: BenchMarket.id, side: account % 2 == 0 ? .buy : .sell, timeInForce: .goodTilCancelled,
                    priceCode: BenchMarket.priceCode(tick: account % 2 == 0 ? 29_999 - distance : 30_000 + distance),
                    lots: 1 + number % 100,
                    clientOrderId: clientOrderId), account: account)
            if thenCancel { executeOne(.cancelByClientId(market: BenchMarket.id, clientOrderId: clientOrderId), account: account) }
        }
    }

    private mutating func executeOne(_ command: Command, account: UInt16) {
        var stream = EnvelopeStream(accountCount: 1)
        stream.append(command, account: account, operationId: 0, opensEnvelope: true)
        execute(stream, 0..<1)
        takeEvents { events in
            if let last = events.last, last.kind == Event.Kind.rejected {
                fatalError("an order of the workload was refused: code \(last.code)")
            }
        }
    }
}
