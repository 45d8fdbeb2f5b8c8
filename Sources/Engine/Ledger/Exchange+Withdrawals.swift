/// Amounts on their way out: records that L1 pays against a path, for ever.
extension Exchange {
    /// Whether one more withdrawal can be recorded.
    var canRecordWithdrawal: Bool {
        pointer(Layout.header, as: StateHeader.self).pointee.withdrawalCount + 1 < UInt64(Layout.withdrawalCapacity)
    }

    /// Writes a withdrawal record and returns its id. There must be room; the amount must be in no balance any more.
    mutating func recordWithdrawal(owner: Address, token: UInt32, amount: UInt64) -> UInt64 {
        precondition(canRecordWithdrawal)
        let header = writableHeader()
        header.pointee.withdrawalCount += 1
        let id = header.pointee.withdrawalCount
        let record = writable(withdrawalOffset(id), as: Withdrawal.self)
        record.pointee.owner = owner
        record.pointee.token = token
        record.pointee.amount = amount
        record.pointee.id = id
        record.pointee.blockNumber = header.pointee.blockNumber
        return id
    }

    /// Moves `amount` of a token (``Command/allFree``: whatever there is) from the account's free balance into a withdrawal record.
    mutating func withdraw(account: UInt32, token: UInt32, amount: UInt64, commandIndex: UInt16) -> RejectCode {
        guard isListed(token: token) else { return .unknownToken }
        let free = freeAtoms(account: account, token: token)
        let amount = amount == Command.allFree ? free : amount
        guard amount > 0 else { return .amountZero }
        guard free >= amount else { return .insufficientBalance }
        guard canRecordWithdrawal else { return .capacityExhausted }

        // From here on nothing fails.
        writableBalance(account: account, token: token).pointee.free -= amount
        writable(tokenTotalOffset(token), as: UInt64.self).pointee -= amount
        let owner = pointer(accountOffset(account), as: Account.self).pointee.owner
        let id = recordWithdrawal(owner: owner, token: token, amount: amount)
        emitWithdrawn(id: id, account: account, token: token, atoms: amount, index: commandIndex)
        return .none
    }
}
