import BigInt
import Engine
import Signing

/// Sends transactions of one key, gives each its nonce and sees it through: waits for its receipt and raises its fees when it is stuck.
///
/// Transactions of one sender are handed out in order. No other program may use the key at the same time.
package actor TransactionSender {
    package nonisolated let client: EthereumClient
    package nonisolated let address: Address
    private let key: PrivateKey
    private let chainId: UInt64
    private let policy: FeePolicy
    private let replacesPending: Bool
    private var nextNonce: UInt64 = 0

    /// - Parameter replacesPending: whether what a former life of this program left pending gets replaced instead of waited for. Only
    ///   for a key that nothing else uses.
    package init(
        client: EthereumClient, key: PrivateKey, chainId: UInt64, replacesPending: Bool = false, policy: FeePolicy = FeePolicy()
    ) {
        self.client = client
        self.replacesPending = replacesPending
        self.key = key
        self.chainId = chainId
        self.policy = policy
        address = key.address
    }

    /// A transaction on its way: all its versions differ in their fees alone, so at most one can be included.
    package struct Pending: Sendable {
        package fileprivate(set) var transaction: Transaction
        package fileprivate(set) var hashes: [Hash256]
    }

    /// Estimates, signs and sends. With `gasLimit` nothing is estimated, so that a call may depend on a transaction still pending.
    ///
    package func submit(
        to: Address, data: [UInt8], value: BigUInt = 0, gasLimit: UInt64? = nil
    ) async throws(EthereumError) -> Pending {
        let gas: UInt64
        if let gasLimit {
            gas = gasLimit
        } else {
            let estimate = try await client.estimateGas(to: to, data: data, from: address, value: value)
            gas = estimate + estimate / 5
        }
        let tip = try await client.maxPriorityFeePerGas()
        let base = try await client.latestBlock().baseFeePerGas ?? 0
        let fees = policy.suggestion(baseFee: base, tip: tip)
        let count = try await client.transactionCount(of: address, at: replacesPending ? .latest : .pending)
        nextNonce = max(nextNonce, count)
        var pending = Pending(
            transaction: Transaction(
                chainId: chainId, nonce: nextNonce, maxPriorityFeePerGas: fees.tip, maxFeePerGas: fees.cap, gasLimit: gas, to: to,
                value: value, data: data),
            hashes: [])
        nextNonce += 1
        do throws(EthereumError) {
            try await sendRaisingFees(&pending)
        } catch {
            // Nothing of it is out: the next transaction takes the nonce.
            if pending.hashes.isEmpty, nextNonce == pending.transaction.nonce + 1 { nextNonce = pending.transaction.nonce }
            throw error
        }
        return pending
    }

    /// Waits until one version of the transaction is included, raising fees when that takes long.
    /// Throws `.transactionFailed` with the contract's reason if it failed on chain.
    package func receipt(of pending: Pending) async throws(EthereumError) -> Receipt {
        var pending = pending
        let clock = ContinuousClock()
        let start = clock.now
        var lastBump = start
        var looksAfterTaken = 0
        while true {
            for hash in pending.hashes {
                guard let receipt = try await client.receipt(of: hash) else { continue }
                guard receipt.succeeded else {
                    throw .transactionFailed(hash: hash, reason: await reasonOfFailure(pending.transaction, block: receipt.blockNumber))
                }
                return receipt
            }
            if try await client.transactionCount(of: address) > pending.transaction.nonce {
                looksAfterTaken += 1
                if looksAfterTaken > 5 { throw .nonceTaken(nonce: pending.transaction.nonce, sender: address) }
            } else if clock.now - lastBump > .seconds(policy.bumpAfterSeconds) {
                lastBump = clock.now
                if raiseFees(&pending.transaction) { try await sendRaisingFees(&pending) }
            }
            if clock.now - start > .seconds(policy.giveUpAfterSeconds) {
                throw .notIncluded(hash: pending.hashes.last ?? .zero, seconds: policy.giveUpAfterSeconds)
            }
            do { try await Task.sleep(for: .seconds(policy.pollSeconds)) } catch {
                throw .notIncluded(hash: pending.hashes.last ?? .zero, seconds: 0)
            }
        }
    }

    /// Submits and waits.
    package func execute(to: Address, data: [UInt8], value: BigUInt = 0, gasLimit: UInt64? = nil) async throws(EthereumError) -> Receipt {
        try await receipt(of: submit(to: to, data: data, value: value, gasLimit: gasLimit))
    }

    /// Sends; where the node holds another transaction with this nonce, raises the fees until it takes ours instead.
    private func sendRaisingFees(_ pending: inout Pending) async throws(EthereumError) {
        for attempt in 1... {
            let signed = pending.transaction.signed(by: key)
            do throws(EthereumError) {
                try await client.send(signed)
                if !pending.hashes.contains(signed.hash) { pending.hashes.append(signed.hash) }
                return
            } catch .node(let method, let code, let message) {
                let text = message.lowercased()
                if text.contains("already known") || text.contains("already imported") {
                    if !pending.hashes.contains(signed.hash) { pending.hashes.append(signed.hash) }
                    return
                }
                // Some version was included meanwhile: the receipt will tell which.
                if text.contains("nonce too low"), !pending.hashes.isEmpty { return }
                guard text.contains("underpriced"), replacesPending || !pending.hashes.isEmpty, attempt < 40,
                    raiseFees(&pending.transaction)
                else {
                    throw .node(method: method, code: code, message: message)
                }
            }
        }
    }

    /// False if the ceiling is reached.
    @discardableResult private func raiseFees(_ transaction: inout Transaction) -> Bool {
        let fees = Fees(tip: transaction.maxPriorityFeePerGas, cap: transaction.maxFeePerGas)
        guard let raised = policy.replacement(of: fees, wanted: fees) else { return false }
        transaction.maxPriorityFeePerGas = raised.tip
        transaction.maxFeePerGas = raised.cap
        return true
    }

    /// Replays the failed transaction as a call to learn the contract's reason; nil if that does not tell.
    private func reasonOfFailure(_ transaction: Transaction, block: UInt64) async -> String? {
        do {
            _ = try await client.call(
                to: transaction.to, data: transaction.data, from: address, value: transaction.value, at: .number(max(1, block) - 1))
            return nil
        } catch .reverted(let reason, _) {
            return reason
        } catch {
            return nil
        }
    }
}
