import Engine
import Settlement

/// Which transactions make a list of payments.
struct PaymentPlan {
    /// One transaction and the payments that it makes.
    struct Transaction {
        var orders: [Cashier.Order]
        /// Whether even one cell comes as one of many, with no more gas than such has.
        var isProvenTogether = false

        /// The payment alone, or all of them under one proof.
        var call: RollupCall {
            var payouts: [Payout] = []
            for order in orders { if case .cell(let payout, _) = order.subject { payouts.append(payout) } }
            guard orders.count > 1 || isProvenTogether, payouts.count == orders.count, case .cell(_, let batch) = orders[0].subject else {
                return orders[0].call
            }
            return .payMany(batch: batch, payouts: payouts)
        }
    }

    /// A payment that L1 would not make now, and why.
    struct Refused {
        var order: Cashier.Order
        var reason: String
    }

    var transactions: [Transaction] = []
    var refused: [Refused] = []

    /// Neighbouring cells together, as their proof is the shorter; at most 32 in a transaction, all under one root.
    static func grouped(_ orders: [Cashier.Order]) -> [Transaction] {
        var cells: [UInt64: [(cell: UInt32, order: Cashier.Order)]] = [:]
        var transactions: [Transaction] = []
        for order in orders {
            switch order.subject {
            case .cell(let payout, let batch): cells[batch, default: []].append((payout.cell, order))
            case .refund: transactions.append(Transaction(orders: [order]))
            }
        }
        for (_, cells) in cells.sorted(by: { $0.key < $1.key }) {
            let ascending = cells.sorted { $0.cell < $1.cell }
            for start in stride(from: 0, to: ascending.count, by: RollupCall.cellsMax) {
                transactions.append(Transaction(orders: ascending[start..<min(start + RollupCall.cellsMax, ascending.count)].map(\.order)))
            }
        }
        return transactions
    }
}

extension Cashier {
    /// The transactions for `orders`, without what L1 would refuse now; what was paid meanwhile is in neither list.
    func plan(_ orders: [Order]) async throws(EthereumError) -> PaymentPlan {
        var plan = PaymentPlan()
        for transaction in PaymentPlan.grouped(orders) {
            if transaction.orders.count > 1, try await paysAll(transaction) {
                plan.transactions.append(transaction)
                continue
            }
            // One by one, to learn which and why.
            var rest = PaymentPlan.Transaction(orders: [])
            for order in transaction.orders {
                if let reason = try await refusal(of: order) {
                    if !Self.isPaid(reason) { plan.refused.append(PaymentPlan.Refused(order: order, reason: reason)) }
                } else if transaction.orders.count == 1 {
                    rest.orders.append(order)
                } else if try await paysAll(PaymentPlan.Transaction(orders: [order], isProvenTogether: true)) {
                    rest.orders.append(order)
                } else if sparesGas {
                    plan.refused.append(PaymentPlan.Refused(order: order, reason: "it takes too much gas to pay it for somebody else"))
                } else {
                    plan.transactions.append(PaymentPlan.Transaction(orders: [order]))
                }
            }
            if !rest.orders.isEmpty { plan.transactions.append(rest) }
        }
        return plan
    }

    /// Whether the transaction would make all of its payments.
    private func paysAll(_ transaction: PaymentPlan.Transaction) async throws(EthereumError) -> Bool {
        do throws(EthereumError) {
            let answer = try await contract.client.call(to: contract.address, data: transaction.call.data, from: sender.address)
            return answer == ABI.encode([.uint(UInt64(transaction.orders.count))])
        } catch {
            guard Self.reason(error) != nil else { throw error }
            return false
        }
    }

    /// Why L1 would not make this payment; nil if it would.
    private func refusal(of order: Order) async throws(EthereumError) -> String? {
        do throws(EthereumError) {
            _ = try await contract.client.call(to: contract.address, data: order.call.data, from: sender.address)
            return nil
        } catch {
            guard let reason = Self.reason(error) else { throw error }
            return reason
        }
    }

    /// Why the contract refused; nil if the error is of another kind.
    static func reason(_ error: EthereumError) -> String? {
        if case .reverted(let reason, _) = error { return reason ?? "the contract gives no reason" }
        return nil
    }

    /// Whether `reason` says that there is nothing to pay any more.
    static func isPaid(_ reason: String) -> Bool { reason.contains("already") }
}
