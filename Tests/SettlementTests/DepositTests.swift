import BigInt
import Testing

@testable import Settlement

struct DepositTests {
    @Test func approvesWhatIsNeededAndNotMore() {
        #expect(Depositor.approvals(allowance: 0, needed: 12) == [12])
        #expect(Depositor.approvals(allowance: 12, needed: 12).isEmpty)
        #expect(Depositor.approvals(allowance: 13, needed: 12).isEmpty)
        // An allowance that does not suffice goes to zero first.
        #expect(Depositor.approvals(allowance: 11, needed: 12) == [0, 12])
    }

    @Test func deadlinesPassAsInTheContract() {
        // A time equal to a deadline is still in time.
        let deadlines = RollupDeadlines(inbox: 100, batch: 200, claim: 150)
        #expect(deadlines.overdue(at: 100) == nil)
        #expect(deadlines.overdue(at: 101) == "inbox overdue")
        #expect(RollupDeadlines(inbox: nil, batch: 200, claim: 150).overdue(at: 150) == nil)
        #expect(RollupDeadlines(inbox: nil, batch: 200, claim: 150).overdue(at: 151) == "claim overdue")
        #expect(RollupDeadlines(inbox: nil, batch: 200, claim: 150).overdue(at: 201) == "batch overdue")
        #expect(RollupDeadlines(inbox: nil, batch: 200, claim: nil).overdue(at: 200) == nil)
    }
}
