import BigInt
import Engine

/// Events of the rollup contract that the node and its tools follow.
package enum RollupEvent: Equatable, Sendable {
    /// A message for the exchange; `index` from 0.
    case inboxMessage(index: UInt64, message: InboxMessage)
    case batchPosted(BatchPosted)
    case stateClaimed(number: UInt64, root: Hash256, claimant: Address)
    case deposited(index: UInt64, owner: Address, token: UInt32, atoms: UInt64)
    case withdrawn(id: UInt64, owner: Address, token: UInt32, atoms: UInt64)
    case exited(cell: UInt32, owner: Address, token: UInt32, atoms: BigUInt)
    /// One of many cells could not be paid; nothing about it has changed.
    case skipped(PayoutId)
    case refunded(index: UInt64, owner: Address, token: UInt32, atoms: UInt64)
    case halted(time: UInt64, reason: String)
    /// The ERC-20 of a token born on the exchange.
    case tokenCreated(token: UInt32, l1Address: Address)

    /// What L1 says about a batch in the transaction that carries its bytes.
    package struct BatchPosted: Equatable, Sendable {
        package var number: UInt64
        package var inboxStart: UInt64
        package var inboxEnd: UInt64
        /// Over the first `inboxEnd` messages.
        package var inboxAccumulator: Hash256
        package var firstTimeMs: UInt64
        package var lastTimeMs: UInt64
        /// keccak-256 of the bytes; in a blob: its versioned hash.
        package var dataHash: Hash256
        /// Of the bytes, also where they are in a blob.
        package var dataSize: UInt64
        /// Chain over this batch and all before it.
        package var batchHash: Hash256
        /// Whether the bytes are in the transaction's first blob, and not in its input.
        package var inBlob: Bool
    }

    /// Signatures, checked against the compiled contract in tests.
    enum Signature {
        static let inboxMessage = "InboxMessage(uint256,uint256,uint256,uint256,uint256,uint256)"
        static let batchPosted = "BatchPosted(uint256,uint256,uint256,bytes32,uint64,uint64,bytes32,uint256,bytes32,bool)"
        static let stateClaimed = "StateClaimed(uint256,bytes32,address)"
        static let deposited = "Deposited(uint256,address,uint32,uint64)"
        static let withdrawn = "Withdrawn(uint256,address,uint32,uint64)"
        static let exited = "Exited(uint256,address,uint32,uint256)"
        static let skipped = "Skipped(uint256)"
        static let refunded = "Refunded(uint256,address,uint32,uint64)"
        static let halted = "Halted(uint256,string)"
        static let tokenCreated = "TokenCreated(uint32,address,uint64,uint8,bytes16)"
        static let all = [
            inboxMessage, batchPosted, stateClaimed, deposited, withdrawn, exited, skipped, refunded, halted, tokenCreated,
        ]
    }

    static let inboxMessageTopic = ABI.topic(Signature.inboxMessage)
    static let batchPostedTopic = ABI.topic(Signature.batchPosted)
    static let stateClaimedTopic = ABI.topic(Signature.stateClaimed)
    static let tokenCreatedTopic = ABI.topic(Signature.tokenCreated)
    private static let depositedTopic = ABI.topic(Signature.deposited)
    private static let withdrawnTopic = ABI.topic(Signature.withdrawn)
    private static let exitedTopic = ABI.topic(Signature.exited)
    private static let skippedTopic = ABI.topic(Signature.skipped)
    private static let refundedTopic = ABI.topic(Signature.refunded)
    private static let haltedTopic = ABI.topic(Signature.halted)

    /// The event in `log`, or nil if it is of another kind. Throws if its data are not what its kind prescribes.
    package init?(_ log: EthereumLog) throws(ABIError) {
        guard let topic = log.topics.first else { return nil }
        var data = ABIReader(log.data)
        // Indexed arguments, one word each.
        var indexed = ABIReader(log.topics.dropFirst().flatMap(\.bytes))
        switch topic {
        case Self.inboxMessageTopic:
            guard log.data.count == InboxMessage.bytes else { throw .truncated(needed: InboxMessage.bytes, available: log.data.count) }
            let message = log.data.withUnsafeBytes { InboxMessage(loadingFrom: $0.baseAddress!) }
            self = .inboxMessage(index: try indexed.integer(), message: message)
        case Self.batchPostedTopic:
            self = .batchPosted(
                BatchPosted(
                    number: try indexed.integer(), inboxStart: try data.integer(), inboxEnd: try data.integer(),
                    inboxAccumulator: try data.hash(), firstTimeMs: try data.integer(), lastTimeMs: try data.integer(),
                    dataHash: try data.hash(), dataSize: try data.integer(), batchHash: try data.hash(), inBlob: try data.bool()))
        case Self.stateClaimedTopic:
            self = .stateClaimed(number: try indexed.integer(), root: try indexed.hash(), claimant: try indexed.address())
        case Self.depositedTopic:
            self = .deposited(
                index: try indexed.integer(), owner: try indexed.address(), token: try indexed.integer(), atoms: try data.integer())
        case Self.withdrawnTopic:
            self = .withdrawn(
                id: try indexed.integer(), owner: try indexed.address(), token: try indexed.integer(), atoms: try data.integer())
        case Self.exitedTopic:
            self = .exited(
                cell: try indexed.integer(), owner: try indexed.address(), token: try indexed.integer(), atoms: try data.uint())
        case Self.skippedTopic:
            let number = try indexed.uint()
            guard let id = PayoutId(number: number) else { throw .outOfRange(value: number, bits: 64) }
            self = .skipped(id)
        case Self.refundedTopic:
            self = .refunded(
                index: try indexed.integer(), owner: try indexed.address(), token: try indexed.integer(), atoms: try data.integer())
        case Self.haltedTopic:
            self = .halted(time: try data.integer(), reason: try data.string())
        case Self.tokenCreatedTopic:
            self = .tokenCreated(token: try indexed.integer(), l1Address: try indexed.address())
        default: return nil
        }
    }
}

extension InboxMessage {
    /// The 160 bytes as L1 hashes them.
    package var encoded: [UInt8] { kind.bytes + a.bytes + b.bytes + c.bytes + d.bytes }

    /// The inbox accumulator after this message.
    package func extending(_ accumulator: Hash256) -> Hash256 { Keccak256.hashPair(accumulator, keccak256(encoded)) }
}
