import SeededRandom
import Testing

@testable import Gateway

@Suite struct BalanceScheduleTests {
    @Test func asksAtOnceThenNoMoreOftenThanTheInterval() {
        var schedule = BalanceSchedule(intervalMs: 20)
        func asked(_ nowMs: UInt64) -> [UInt32] {
            var accounts: [UInt32] = []
            schedule.ask(nowMs: nowMs) {
                accounts.append($0)
                return true
            }
            return accounts
        }
        schedule.touch(1)
        schedule.touch(1)
        schedule.touch(2)
        #expect(asked(100) == [1, 2])
        schedule.touch(2)
        #expect(asked(119) == [] && schedule.nextDueMs == 120)
        #expect(asked(120) == [2])
        // What nobody touched is forgotten, so that the next change is asked for at once.
        #expect(asked(139) == [])
        schedule.touch(1)
        #expect(asked(139) == [1])
        #expect(asked(500) == [] && schedule.nextDueMs == nil)
    }

    @Test func keepsThoseWhomNobodyCouldAskFor() {
        var schedule = BalanceSchedule(intervalMs: 20)
        for account in 1...3 as ClosedRange<UInt32> { schedule.touch(account) }
        var accounts: [UInt32] = []
        schedule.ask(nowMs: 0) {
            accounts.append($0)
            return accounts.count < 2
        }
        // The second was passed and refused: it comes again.
        schedule.ask(nowMs: 0) {
            accounts.append($0)
            return true
        }
        #expect(accounts == [1, 2, 2, 3])
    }

    /// Every touch is followed by a question, soon enough, and no two for one account come within the interval.
    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func losesNothing(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var schedule = BalanceSchedule(intervalMs: 20)
        var touchedAt: [UInt32: UInt64] = [:]
        var askedAt: [UInt32: UInt64] = [:]
        for nowMs in 1000..<3000 as Range<UInt64> {
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                let account = UInt32.random(in: 1...9, using: &generator)
                schedule.touch(account)
                if touchedAt[account] == nil { touchedAt[account] = nowMs }
            }
            schedule.ask(nowMs: nowMs) { account in
                if let before = askedAt[account] { #expect(nowMs - before >= 20, "seed \(seed) at \(nowMs)") }
                #expect(touchedAt[account] != nil, "seed \(seed) at \(nowMs): asked for nothing")
                askedAt[account] = nowMs
                touchedAt[account] = nil
                return true
            }
            for (account, since) in touchedAt { #expect(nowMs - since < 20, "seed \(seed) at \(nowMs): account \(account) waits") }
        }
    }
}
