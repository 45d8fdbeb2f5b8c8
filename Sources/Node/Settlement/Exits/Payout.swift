import Engine
import Proof

/// A cell that pays its owner on L1, with the Merkle path that proves it.
package struct Payout: Sendable {
    package enum Content: Sendable {
        case balance(Balance)
        case withdrawal(Withdrawal)
    }

    package var content: Content
    /// Index of the cell in the arena.
    package var cell: UInt32
    /// Twenty-nine sibling hashes, from the cell up.
    package var path: [Hash256]

    /// What L1 takes down as paid.
    package var id: PayoutId {
        switch content {
        case .balance: .balance(cell: cell)
        case .withdrawal(let record): .record(record.id)
        }
    }

    package var owner: Address {
        switch content {
        case .balance(let balance): balance.owner
        case .withdrawal(let record): record.owner
        }
    }

    package var token: UInt32 {
        switch content {
        case .balance(let balance): balance.token
        case .withdrawal(let record): record.token
        }
    }

    /// What L1 pays, in atoms: free and locked together for a balance.
    package var atoms: UInt64 {
        switch content {
        case .balance(let balance): balance.free + balance.locked
        case .withdrawal(let record): record.amount
        }
    }

    /// Pays it under the state after `batch`, which must be final: for a balance, the last claimed batch; for a record, any whose state holds it.
    package func call(batch: UInt64) -> RollupCall {
        switch content {
        case .balance(let balance): .exitBalance(cell: cell, balance: balance, path: path)
        case .withdrawal(let record): .withdraw(batch: batch, record: record, path: path)
        }
    }
}

/// What a state owes an owner.
package enum Payouts {
    /// All balances that are not zero, of the main account of `owner` and of its sub-accounts. `tree` commits to the state of `exchange`.
    package static func balances(of owner: Address, in exchange: borrowing Exchange, tree: StateTree) -> [Payout] {
        var payouts: [Payout] = []
        var next = exchange.account(owner: owner)
        while let account = next {
            for token in 1..<UInt32(Layout.tokenCapacity) {
                guard let cell = exchange.balanceCell(account: account.id, token: token),
                    let balance = exchange.balance(account: account.id, token: token), balance.free != 0 || balance.locked != 0
                else { continue }
                payouts.append(Payout(content: .balance(balance), cell: cell, path: tree.path(cell: cell)))
            }
            next = exchange.account(id: account.nextSubaccount)
        }
        return payouts
    }

    /// Ids of the withdrawal records of `owner`, or of everybody if nil, that the state holds, paid or not, oldest first.
    package static func withdrawalIds(of owner: Address?, in exchange: borrowing Exchange) -> [UInt64] {
        var ids: [UInt64] = []
        for id in exchange.withdrawalIds {
            guard let record = exchange.withdrawal(id), owner == nil || record.owner == owner else { continue }
            ids.append(id)
        }
        return ids
    }

    /// The withdrawal records with these ids, each with its path. Those that the state does not hold are left out.
    package static func withdrawals(ids: [UInt64], in exchange: borrowing Exchange, tree: StateTree) -> [Payout] {
        var payouts: [Payout] = []
        for id in ids {
            guard let record = exchange.withdrawal(id) else { continue }
            let cell = Layout.withdrawalCell(id: id)
            payouts.append(Payout(content: .withdrawal(record), cell: cell, path: tree.path(cell: cell)))
        }
        return payouts
    }
}
