import Engine

/// A posted batch: what L1 says about it, and where its bytes are.
package struct BatchOnL1: Equatable, Sendable {
    package var posted: RollupEvent.BatchPosted
    package var l1Block: UInt64
    /// Its input holds the bytes.
    package var transaction: Hash256
    /// The state root claimed after it; nil if none was.
    package var claimedRoot: Hash256?
}

/// Everything about the rollup that L1 holds, up to one block, but the bytes of the batches. Complete and consistent, or not made at all.
package struct L1History: Equatable, Sendable {
    package var progress: RollupProgress
    /// All inbox messages, from index 0.
    package var messages: [InboxMessage]
    /// All batches, from number 0.
    package var batches: [BatchOnL1]

    /// Deposits of `owner` that the batches below `batchCount` have not consumed: what can be refunded after a halt when `batchCount`
    /// states were claimed.
    package func deposits(of owner: Address, notConsumedBy batchCount: UInt64) -> [Deposit] {
        let consumed = batchCount == 0 ? 0 : batches[Int(batchCount) - 1].posted.inboxEnd
        return messages.indices.dropFirst(Int(consumed)).compactMap { index in
            Deposit(messages[index], index: UInt64(index))
        }.filter { $0.owner == owner }
    }
}

/// A deposit in the inbox.
package struct Deposit: Equatable, Sendable {
    package var index: UInt64
    package var owner: Address
    package var token: UInt32
    package var atoms: UInt64

    /// Nil unless `message` is a deposit.
    package init?(_ message: InboxMessage, index: UInt64) {
        guard message.kind.number == .init(InboxMessage.Kind.deposit), let owner = Address(bytes: message.a.bytes[12...]),
            let token = UInt32(exactly: message.b.number), let atoms = UInt64(exactly: message.c.number)
        else { return nil }
        self.index = index
        self.owner = owner
        self.token = token
        self.atoms = atoms
    }

    /// Pays it back after a halt.
    package var refund: RollupCall { .refundDeposit(index: index, owner: owner, token: token, atoms: atoms) }
}
