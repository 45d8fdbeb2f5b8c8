import BigInt
import Engine
import Signing

/// The deployed rollup contract, read through a node. What changes it is in ``RollupCall``.
package struct RollupContract: Sendable {
    package let client: EthereumClient
    package let address: Address

    package init(client: EthereumClient, address: Address) {
        self.client = client
        self.address = address
    }

    /// Signatures of everything that is read, checked against the compiled contract in tests.
    enum Signature {
        static let parameters = "parameters()"
        static let haltedAt = "halted_at()"
        static let inboxCount = "inbox_count()"
        static let inboxConsumed = "inbox_consumed()"
        static let inboxAccumulator = "inbox_accumulator(uint256)"
        static let inboxTime = "inbox_time(uint256)"
        static let batchCount = "batch_count()"
        static let claimCount = "claim_count()"
        static let finalCount = "final_count()"
        static let lastTimeMs = "last_time_ms()"
        static let batches = "batches(uint256)"
        static let claims = "claims(uint256)"
        static let isFinal = "is_final(uint256)"
        static let paidWords = "paid_words(uint256)"
        static let isRefunded = "is_refunded(uint256)"
        static let tokenCount = "token_count()"
        static let marketCount = "market_count()"
        static let tokens = "tokens(uint32)"
        static let markets = "markets(uint32)"
        static let heldAtoms = "held_atoms(uint32)"
        static let messageFees = "message_fees()"
        static let feeTier = "fee_tier(address)"
        static let proposals = "proposals(uint256,uint256)"
        static let all = [
            parameters, haltedAt, inboxCount, inboxConsumed, inboxAccumulator, inboxTime, batchCount, claimCount, finalCount, lastTimeMs,
            batches, claims, isFinal, paidWords, isRefunded, tokenCount, marketCount, tokens, markets, heldAtoms, messageFees, feeTier,
            proposals,
        ]
    }

    package func parameters(at tag: BlockTag = .latest) async throws(EthereumError) -> RollupParameters {
        try await read(Signature.parameters, at: tag) { (reader) throws(ABIError) in try RollupParameters(&reader) }
    }

    /// Everything that a status page, the poster and a withdrawal ask first, at one L1 block (the newest if nil).
    package func progress(at block: L1Block? = nil) async throws(EthereumError) -> RollupProgress {
        let head: L1Block
        if let block { head = block } else { head = try await client.latestBlock() }
        let tag = BlockTag.hash(head.hash)
        let haltedAt = try await integer(Signature.haltedAt, at: tag)
        return RollupProgress(
            l1Block: head.number, l1Time: head.timestamp, inboxCount: try await integer(Signature.inboxCount, at: tag),
            inboxConsumed: try await integer(Signature.inboxConsumed, at: tag),
            batchCount: try await integer(Signature.batchCount, at: tag), claimCount: try await integer(Signature.claimCount, at: tag),
            finalCount: try await integer(Signature.finalCount, at: tag), haltedAt: haltedAt == 0 ? nil : haltedAt)
    }

    /// The accumulator over the first `count` inbox messages.
    package func inboxAccumulator(count: UInt64, at tag: BlockTag = .latest) async throws(EthereumError) -> Hash256 {
        try await read(Signature.inboxAccumulator, [.uint(count)], at: tag) { (reader) throws(ABIError) in try reader.hash() }
    }

    /// L1 time in seconds at which inbox message `index` was appended; 0 if there is none.
    package func inboxTime(index: UInt64) async throws(EthereumError) -> UInt64 {
        try await integer(Signature.inboxTime, [.uint(index)])
    }

    /// Time of the last block in the last batch, in milliseconds; 0 before the first batch.
    package func lastTimeMs() async throws(EthereumError) -> UInt64 { try await integer(Signature.lastTimeMs) }

    /// All zero if it was not posted.
    package func batch(_ number: UInt64, at tag: BlockTag = .latest) async throws(EthereumError) -> PostedBatch {
        try await read(Signature.batches, [.uint(number)], at: tag) { (reader) throws(ABIError) in try PostedBatch(&reader) }
    }

    /// All zero if it was not claimed.
    package func claim(_ number: UInt64, at tag: BlockTag = .latest) async throws(EthereumError) -> Claim {
        try await read(Signature.claims, [.uint(number)], at: tag) { (reader) throws(ABIError) in try Claim(&reader) }
    }

    /// Those of `ids` that were paid; one read for 256 neighbours.
    package func paid(of ids: [PayoutId]) async throws(EthereumError) -> Set<PayoutId> {
        var paid: Set<PayoutId> = []
        for (word, ids) in Dictionary(grouping: ids, by: { $0.number >> 8 }) {
            let bits = try await read(Signature.paidWords, [.uint(word)]) { (reader) throws(ABIError) in try reader.uint() }
            for id in ids where (bits >> Int(id.number & 255)) & 1 == 1 { paid.insert(id) }
        }
        return paid
    }

    /// Whether the deposit with this inbox index was paid back.
    package func isRefunded(index: UInt64) async throws(EthereumError) -> Bool {
        try await read(Signature.isRefunded, [.uint(index)]) { (reader) throws(ABIError) in try reader.bool() }
    }

    /// Atoms that the contract holds for users.
    package func heldAtoms(token: UInt32) async throws(EthereumError) -> UInt64 {
        try await integer(Signature.heldAtoms, [.uint(token)])
    }

    /// The fee tier of an owner, 0...10.
    package func feeTier(owner: Address) async throws(EthereumError) -> UInt64 {
        try await integer(Signature.feeTier, [.address(owner)])
    }

    /// The standing proposal to change a parameter, also when it has expired; nil if there is none.
    package func proposal(_ parameter: Governance.Parameter) async throws(EthereumError) -> Governance.Proposal? {
        let (value, executableAt) = try await read(Signature.proposals, [.uint(parameter.kind), .uint(parameter.key)]) {
            (reader) throws(ABIError) -> (BigUInt, UInt64) in (try reader.uint(), try reader.integer())
        }
        return executableAt == 0 ? nil : Governance.Proposal(parameter: parameter, value: value, executableAt: executableAt)
    }

    /// All tokens that the lister listed, by id from 1.
    package func tokens() async throws(EthereumError) -> [ListedToken] {
        var tokens: [ListedToken] = []
        let count = try await integer(Signature.tokenCount)
        for id in 0..<UInt32(clamping: count) {
            guard let token = try await token(id + 1) else { break }
            tokens.append(token)
        }
        return tokens
    }

    /// All tokens born on the exchange whose ERC-20 exists, by id. `block`: that of the deployment.
    package func bornTokens(since block: UInt64) async throws(EthereumError) -> [ListedToken] {
        let head = try await client.latestBlock().number
        let logs = try await client.logs(of: address, events: [RollupEvent.tokenCreatedTopic], blocks: block...max(block, head))
        var tokens: [ListedToken] = []
        for log in logs {
            guard case .tokenCreated(let id, _) = try event(log), let token = try await token(id) else { continue }
            tokens.append(token)
        }
        return tokens.sorted { $0.id < $1.id }
    }

    /// The token with this id; nil if it is not listed, or was born on the exchange and its ERC-20 not created yet.
    package func token(_ id: UInt32) async throws(EthereumError) -> ListedToken? {
        let token = try await read(Signature.tokens, [.uint(id)]) { (reader) throws(ABIError) in try ListedToken(id: id, &reader) }
        return token.unit == 0 ? nil : token
    }

    /// All listed markets, by id from 1.
    package func markets() async throws(EthereumError) -> [ListedMarket] {
        var markets: [ListedMarket] = []
        let count = try await integer(Signature.marketCount)
        for id in 0..<UInt32(clamping: count) {
            markets.append(
                try await read(Signature.markets, [.uint(id + 1)]) { (reader) throws(ABIError) in try ListedMarket(id: id + 1, &reader) })
        }
        return markets
    }

    private func integer(
        _ signature: String, _ arguments: [ABI.Value] = [], at tag: BlockTag = .latest
    ) async throws(EthereumError) -> UInt64 {
        try await read(signature, arguments, at: tag) { (reader) throws(ABIError) in try reader.integer() }
    }

    private func read<Result>(
        _ signature: String, _ arguments: [ABI.Value] = [], at tag: BlockTag = .latest,
        _ decode: (inout ABIReader) throws(ABIError) -> Result
    ) async throws(EthereumError) -> Result {
        try await client.read(signature, arguments, of: address, at: tag, decode)
    }
}
