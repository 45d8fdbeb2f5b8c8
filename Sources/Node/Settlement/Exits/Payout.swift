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

    /// Pays it under the state after `batch`, which must be final: for a balance, the last claimed batch.
    package func call(batch: UInt64) -> RollupCall {
        switch content {
        case .balance(let balance): .exitBalance(cell: cell, balance: balance, path: path)
        case .withdrawal(let record): .withdraw(batch: batch, cell: cell, record: record, path: path)
        }
    }
}

/// What a state owes an owner.
package enum Payouts {
    /// Cells of withdrawal records begin here; a record's slot is its id.
    private static let firstWithdrawalCell = UInt32(Layout.withdrawals / Layout.cellBytes)

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

    /// All withdrawal records of `owner`, paid or not, oldest first.
    package static func withdrawals(of owner: Address, in exchange: borrowing Exchange, tree: StateTree) -> [Payout] {
        withdrawals(cells: withdrawalCells(of: owner, in: exchange), in: exchange, tree: tree)
    }

    /// Cells of the withdrawal records of `owner`, or of everybody if nil, paid or not, oldest first.
    package static func withdrawalCells(of owner: Address?, in exchange: borrowing Exchange) -> [UInt32] {
        var cells: [UInt32] = []
        for id in 0..<exchange.header.withdrawalCount {
            guard let record = exchange.withdrawal(id + 1), owner == nil || record.owner == owner else { continue }
            cells.append(firstWithdrawalCell + UInt32(truncatingIfNeeded: id + 1))
        }
        return cells
    }

    /// The withdrawal records in these cells, each with its path. Those that are none are left out.
    package static func withdrawals(cells: [UInt32], in exchange: borrowing Exchange, tree: StateTree) -> [Payout] {
        var payouts: [Payout] = []
        for cell in cells where cell > firstWithdrawalCell {
            guard let record = exchange.withdrawal(UInt64(cell - firstWithdrawalCell)) else { continue }
            payouts.append(Payout(content: .withdrawal(record), cell: cell, path: tree.path(cell: cell)))
        }
        return payouts
    }
}
