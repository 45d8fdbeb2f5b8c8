/// Amounts on their way out: records that L1 pays against a path, each once, for ever.
///
/// Records lie in a ring, so that nobody can fill it and keep others' money in: a record has an id of its own, 1, 2, 3 and so on, and lies in
/// slot id % ``Layout/withdrawalCapacity`` until that many more were written. L1 pays by id, under any final root, and every record is in
/// the state after the batch that wrote it: a batch has at most ``BatchFormat/commandsMax`` signed commands, so that to go round within
/// one it would take 11 million forced messages more, which is all of L1's gas for over a day.
extension Exchange {
    /// Writes a withdrawal record and returns its id. The amount must be in no balance any more.
    mutating func recordWithdrawal(owner: Address, token: UInt32, amount: UInt64) -> UInt64 {
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

        // From here on nothing fails.
        writableBalance(account: account, token: token).pointee.free -= amount
        writable(tokenTotalOffset(token), as: UInt64.self).pointee -= amount
        let owner = pointer(accountOffset(account), as: Account.self).pointee.owner
        let id = recordWithdrawal(owner: owner, token: token, amount: amount)
        emitWithdrawn(id: id, account: account, token: token, atoms: amount, index: commandIndex)
        return .none
    }
}
