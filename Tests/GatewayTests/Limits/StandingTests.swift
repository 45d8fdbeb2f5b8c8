import Testing

@testable import Gateway

@Suite struct StandingTests {
    @Test func isEarnedSpentAndLost() {
        var standing = Standing()
        #expect(standing.isStranger)
        standing.earn()
        standing.spend(Standing.units - 1)
        #expect(!standing.isStranger)
        standing.spend(1)
        #expect(standing.isStranger)
        // A deeper debt is no deeper fall: the next ack buys as much as any.
        standing.spend(100_000)
        standing.earn()
        #expect(standing.rest == Standing.units)
        standing.lose()
        #expect(standing.isStranger)
    }

    @Test func strangersGetLessDoneAtOnce() {
        for (isStranger, units) in [(false, InputBudget.units), (true, InputBudget.strangerUnits)] {
            var budget = InputBudget(isStranger: isStranger)
            budget.spend(units - 1)
            #expect(!budget.isSpent)
            budget.spend(1)
            #expect(budget.isSpent && budget.spent == units)
        }
        // One signature that does not fit, and a handshake, are more than a stranger's share: never two at once.
        #expect(InputBudget.Cost.badSignature >= InputBudget.strangerUnits && InputBudget.Cost.handshake >= InputBudget.strangerUnits)
    }
}
