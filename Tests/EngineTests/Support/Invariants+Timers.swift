import Testing

@testable import Engine

/// The wheel holds every order with an expiry and every account with a schedule exactly once, linked both ways, where it will be looked for.
/// (Plain comparisons in the loops: they run a million times.)
func expectTimerInvariants(_ exchange: borrowing Exchange, sourceLocation: SourceLocation) {
    var (orders, accounts) = (0, 0)
    for level in 0..<Layout.timerLevels {
        var bits = exchange.pointer(Layout.timerBitmaps + level * 8, as: UInt64.self).pointee
        while bits != 0 {
            let bucket = level * 64 + bits.trailingZeroBitCount
            bits &= bits - 1
            let lists = exchange.pointer(Layout.timerBuckets + bucket * 8, as: TimerBucket.self).pointee
            expect(lists.firstOrder != 0 || lists.firstAccount != 0, "bucket \(bucket) is empty", sourceLocation)
            orders += walk(exchange, from: lists.firstOrder, bucket: bucket, sourceLocation) { exchange, slot in
                guard let (order, detail) = exchange.order(slot: slot) else { return nil }
                expect(order.hasExpiry, "order \(slot) has a timer but no flag", sourceLocation)
                return detail.timer
            }
            accounts += walk(exchange, from: lists.firstAccount, bucket: bucket, sourceLocation) { exchange, account in
                exchange.schedule(account: account).timer
            }
        }
    }
    var ordersExpected = 0
    for slot in 1..<(exchange.header.orderHighWater + 1) {
        guard let (order, detail) = exchange.order(slot: slot) else { continue }
        expect(order.hasExpiry == (detail.expiryMs != 0), "order \(slot) says wrongly whether it expires", sourceLocation)
        if order.hasExpiry { ordersExpected += 1 }
    }
    let accountsExpected = (0...exchange.header.accountCount).count { exchange.schedule(account: $0).cancelAtMs != 0 }
    #expect(orders == ordersExpected, "orders with a timer", sourceLocation: sourceLocation)
    #expect(accounts == accountsExpected, "accounts with a timer", sourceLocation: sourceLocation)
    #expect(exchange.schedule.timersDoneMs <= exchange.header.blockTimeMs, sourceLocation: sourceLocation)
}

@inline(__always)
private func expect(_ holds: Bool, _ what: @autoclosure () -> String, _ sourceLocation: SourceLocation) {
    if !holds { Issue.record("\(what())", sourceLocation: sourceLocation) }
}

private func walk(
    _ exchange: borrowing Exchange, from head: UInt32, bucket: Int, _ sourceLocation: SourceLocation,
    timer: (borrowing Exchange, UInt32) -> Timer?
) -> Int {
    let done = exchange.schedule.timersDoneMs
    var count = 0
    var previous = Timer.bucketMark | UInt32(bucket)
    var id = head
    while id != 0 {
        guard let timer = timer(exchange, id) else {
            Issue.record("timer of nothing in bucket \(bucket)", sourceLocation: sourceLocation)
            return count
        }
        expect(timer.dueMs != 0 && timer.previous == previous, "timer \(id) is linked wrongly", sourceLocation)
        let level = bucket / 64
        let isPending = Int(done >> UInt64(6 * level) & 63) == bucket % 64
        if timer.dueMs > done && !isPending {
            // The highest digit in which it differs from the wheel's time.
            expect(level == (63 - (timer.dueMs ^ done).leadingZeroBitCount) / 6, "timer \(id) is at another level", sourceLocation)
            expect(UInt64(bucket % 64) == timer.dueMs >> UInt64(6 * level) & 63, "timer \(id) is in another bucket", sourceLocation)
        }
        previous = id
        id = timer.next
        count += 1
    }
    return count
}
