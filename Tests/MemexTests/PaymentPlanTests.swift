import Testing

@testable import Engine
@testable import Settlement
@testable import memex

/// Which payments go into one transaction.
@Suite struct PaymentPlanTests {
    private static let firstCell = UInt32(Layout.withdrawals / Layout.cellBytes)

    private func record(_ id: UInt32) -> Payout {
        var withdrawal = Withdrawal()
        withdrawal.id = UInt64(id)
        withdrawal.token = 1
        withdrawal.amount = UInt64(id) + 5
        return Payout(
            content: .withdrawal(withdrawal), cell: Self.firstCell + id, path: [Hash256](repeating: .zero, count: Layout.treeHeight))
    }

    private func cells(_ transaction: PaymentPlan.Transaction) -> [UInt32] {
        transaction.orders.compactMap { order in
            if case .cell(let payout, _) = order.subject { payout.cell - Self.firstCell } else { nil }
        }
    }

    @Test func `neighbours go together, at most as many as the contract takes`() {
        let orders = (1...70).reversed().map { Cashier.Order(record($0), batch: 3) }
        let transactions = PaymentPlan.grouped(orders)
        #expect(transactions.map(cells) == [Array(1...32), Array(33...64), Array(65...70)])
        #expect(transactions.map(\.call.name) == ["pay_many", "pay_many", "pay_many"])
    }

    @Test func `one cell goes alone, and cells under different roots apart`() {
        let orders = [Cashier.Order(record(9), batch: 4), Cashier.Order(record(7), batch: 3), Cashier.Order(record(8), batch: 4)]
        let transactions = PaymentPlan.grouped(orders)
        #expect(transactions.map(cells) == [[7], [8, 9]])
        #expect(transactions.map(\.call.name) == ["withdraw", "pay_many"])
        #expect(PaymentPlan.grouped([]).isEmpty)
    }

    @Test func `an order says what its payout says`() {
        let order = Cashier.Order(record(9), batch: 4)
        #expect(order.kind == .withdrawal)
        #expect(order.token == 1)
        #expect(order.atoms == 14)
        #expect(order.owner == .zero)
    }
}
