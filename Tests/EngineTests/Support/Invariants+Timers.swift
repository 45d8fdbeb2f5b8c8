import Testing

@testable import Engine

/// The wheel holds every order with an expiry and every account with a schedule exactly once, linked both ways, where it will be looked for.
func expectTimerInvariants(_ exchange: borrowing Exchange, sourceLocation: SourceLocation = #_sourceLocation) {
    var check = TimerCheck()
    check.wheel(exchange)
    check.records(exchange)
    if let fault = check.fault { Issue.record("timers: \(fault)", sourceLocation: sourceLocation) }
}

/// Plain comparisons instead of `#expect`: it runs a million times.
private struct TimerCheck {
    private(set) var fault: String?
    private var orders = 0
    private var accounts = 0

    private mutating func expect(_ holds: Bool, _ what: @autoclosure () -> String) {
        if !holds && fault == nil { fault = what() }
    }

    mutating func wheel(_ exchange: borrowing Exchange) {
        for level in 0..<Layout.timerLevels {
            var bits = exchange.pointer(Layout.timerBitmaps + level * 8, as: UInt64.self).pointee
            while bits != 0 {
                let bucket = level * 64 + bits.trailingZeroBitCount
                bits &= bits - 1
                let lists = exchange.pointer(Layout.timerBuckets + bucket * 8, as: TimerBucket.self).pointee
                expect(lists.firstOrder | lists.firstAccount != 0, "bucket \(bucket) is empty but marked")
                var id = lists.firstOrder
                var previous = Timer.bucketMark | UInt32(bucket)
                while id != 0, fault == nil {
                    guard let (order, detail) = exchange.order(slot: id) else { return fault = "slot \(id) holds no order" }
                    expect(order.hasExpiry, "order \(id) has a timer but no flag")
                    id = next(detail.timer, id, &previous, bucket, exchange.schedule.timersDoneMs)
                    orders += 1
                }
                id = lists.firstAccount
                previous = Timer.bucketMark | UInt32(bucket)
                while id != 0, fault == nil {
                    id = next(exchange.schedule(account: id).timer, id, &previous, bucket, exchange.schedule.timersDoneMs)
                    accounts += 1
                }
            }
        }
        expect(exchange.schedule.timersDoneMs <= exchange.header.blockTimeMs, "the wheel is ahead of time")
    }

    private mutating func next(_ timer: Timer, _ id: UInt32, _ previous: inout UInt32, _ bucket: Int, _ done: UInt64) -> UInt32 {
        expect(timer.dueMs != 0 && timer.previous == previous, "timer \(id) is linked wrongly in bucket \(bucket)")
        let level = bucket / 64
        let isPending = Int(done >> UInt64(6 * level) & 63) == bucket % 64
        if timer.dueMs > done && !isPending {
            let highestDigit = (63 - (timer.dueMs ^ done).leadingZeroBitCount) / 6
            expect(
                level == highestDigit && UInt64(bucket % 64) == timer.dueMs >> UInt64(6 * level) & 63, "timer \(id) is in another bucket")
        }
        previous = id
        return timer.next
    }

    /// What the records say.
    mutating func records(_ exchange: borrowing Exchange) {
        var expected = 0
        for slot in 1..<(exchange.header.orderHighWater + 1) {
            guard let (order, detail) = exchange.order(slot: slot) else { continue }
            expect(order.hasExpiry == (detail.expiryMs != 0), "order \(slot) says wrongly whether it expires")
            if order.hasExpiry { expected += 1 }
        }
        let (orders, accounts) = (orders, accounts)
        expect(orders == expected, "\(expected) orders expire, \(orders) have a timer")
        expected = 0
        for account in 1..<(exchange.header.accountCount + 1) where exchange.schedule(account: account).cancelAtMs != 0 { expected += 1 }
        expect(accounts == expected, "\(expected) accounts have a schedule, \(accounts) a timer")
    }
}
