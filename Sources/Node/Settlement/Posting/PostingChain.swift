import BigInt
import Engine

/// What ``Poster`` needs of L1.
package protocol PostingChain: Sendable {
    func progress() async throws(EthereumError) -> RollupProgress
    func batch(_ number: UInt64) async throws(EthereumError) -> PostedBatch
    func claim(_ number: UInt64) async throws(EthereumError) -> Claim
    /// The contract's accumulator over the first `count` inbox messages.
    func inboxAccumulator(count: UInt64) async throws(EthereumError) -> Hash256
    /// In wei.
    func claimBond() async throws(EthereumError) -> BigUInt
    /// Sends the calls in order without waiting in between, then waits for all. Throws at the first one that fails; what follows it
    /// may or may not have been sent.
    func submit(_ calls: [RollupCall]) async throws(EthereumError) -> [Receipt]
}

/// L1 through a node, with the sequencer's key.
package struct L1PostingChain: PostingChain {
    private let contract: RollupContract
    private let sender: TransactionSender

    /// Ample for a claim or the return of a bond, which cannot be estimated while what they depend on is pending.
    private static let gasOfDependentCall: UInt64 = 300_000

    package init(contract: RollupContract, sender: TransactionSender) {
        self.contract = contract
        self.sender = sender
    }

    package func progress() async throws(EthereumError) -> RollupProgress { try await contract.progress() }
    package func batch(_ number: UInt64) async throws(EthereumError) -> PostedBatch { try await contract.batch(number) }
    package func claim(_ number: UInt64) async throws(EthereumError) -> Claim { try await contract.claim(number) }
    package func inboxAccumulator(count: UInt64) async throws(EthereumError) -> Hash256 {
        try await contract.inboxAccumulator(count: count)
    }
    package func claimBond() async throws(EthereumError) -> BigUInt { try await contract.parameters().claimBond }

    package func submit(_ calls: [RollupCall]) async throws(EthereumError) -> [Receipt] {
        do throws(EthereumError) {
            var pending: [TransactionSender.Pending] = []
            for (position, call) in calls.enumerated() {
                let gasLimit = position == 0 ? nil : Self.gasOfDependentCall
                pending.append(try await sender.submit(to: contract.address, data: call.data, value: call.value, gasLimit: gasLimit))
            }
            var receipts: [Receipt] = []
            for transaction in pending { receipts.append(try await sender.receipt(of: transaction)) }
            return receipts
        } catch {
            await sender.forgetPending()
            throw error
        }
    }
}
