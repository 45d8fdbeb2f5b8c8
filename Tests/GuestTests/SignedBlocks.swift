import Engine
import Proof
import RandomStreams
import Rollup
import Signing

/// Blocks of a random stream, really signed (now and then not), as batches to post.
struct SignedBlocks {
    static let domain = SigningDomain(chainId: chainId, rollup: rollup)
    static let chainId: UInt64 = 1337
    static let rollup = RandomStream.address(0xC0FFEE)

    private(set) var inbox: [InboxMessage] = []
    private var stream: RandomStream
    private let keys: [Address: PrivateKey]
    /// Runs along, so that the stream learns the ids of its orders.
    private let sequencer: HostedExchange
    private var inboxCursor: UInt64 = 0
    private var pending: EngineCall?

    init(seed: UInt64) throws {
        let signers = try (1...24).map { try PrivateKey(bytes: Hash256(integer: seed << 8 | $0)) }
        keys = Dictionary(uniqueKeysWithValues: signers.map { ($0.address, $0) })
        stream = RandomStream(seed: seed, traders: signers[..<16].map(\.address), agents: signers[16...].map(\.address))
        sequencer = try HostedExchange()
        pending = stream.next()
    }

    /// The next `blocks` blocks as a batch.
    mutating func batch(blocks: Int) throws -> (bytes: [UInt8], parameters: BatchParameters) {
        var encoder = BatchEncoder()
        for _ in 0..<blocks { try encoder.append(nextBlock()) }
        return (encoder.bytes(), encoder.parameters!)
    }

    private mutating func nextBlock() -> Block {
        guard case .beginBlock(let number, let timeMs) = pending else { preconditionFailure("a block begins with a block") }
        sequencer.exchange.beginBlock(number: number, timeMs: timeMs)
        var messages: [EngineCall] = []
        var batches: [EngineCall] = []
        pending = nil
        while pending == nil {
            let call = stream.next()
            switch call {
            case .consume: messages.append(call)
            case .execute, .disconnect: batches.append(call)
            case .beginBlock: pending = call
            }
        }
        var envelopes = EnvelopeList()
        for call in messages + batches {
            if case .consume(let message) = call { inbox.append(message) }
            if case .execute(let signer, let nonce, let payload) = call {
                guard let bytes = envelope(signer: signer, nonce: nonce, payload: payload) else { continue }
                bytes.withUnsafeBytes { envelopes.append($0) }
            }
            if case .disconnect(let signer) = call {
                withUnsafeTemporaryAllocation(byteCount: Envelope.unsignedBytes, alignment: 8) { bytes in
                    Envelope.writeUnsigned(signer: signer, to: bytes.baseAddress!)
                    envelopes.append(UnsafeRawBufferPointer(bytes))
                }
            }
            sequencer.exchange.clearEvents()
            sequencer.exchange.perform(call)
            stream.observe(sequencer.exchange.events)
        }
        sequencer.exchange.drainDirtyCells { _, _ in }
        inboxCursor += UInt64(messages.count)
        let header = BlockHeader(
            number: number, parentHash: .zero, stateRoot: .zero, commandsRoot: .zero, inboxCursor: inboxCursor, timeMs: timeMs,
            l1Origin: number)
        return Block(
            header: header, signature: Signature(r: .zero, s: .zero), messageCount: UInt32(messages.count), envelopes: envelopes)
    }

    /// Nil if the payload is nothing that a sequencer could post. Unknown signers get the signature of another.
    private func envelope(signer: Address, nonce: UInt64, payload: [UInt8]) -> [UInt8]? {
        guard payload.withUnsafeBytes({ sequencer.exchange.checkPayload($0) == .none }) else { return nil }
        let digest = payload.withUnsafeBytes { Self.domain.commandsDigest(nonce: nonce, payload: $0) }
        let key = keys[signer] ?? keys.values.min { $0.address.word0 < $1.address.word0 }!
        var signature = key.sign(nonce % 20 == 0 ? Hash256(integer: nonce) : digest).signature
        if nonce % 20 == 1 { signature.s.word3 ^= 1 }
        var bytes = withUnsafeBytes(of: signer) { Array($0) }
        withUnsafeBytes(of: nonce) { bytes += $0 }
        withUnsafeBytes(of: signature) { bytes += $0 }
        return bytes + payload
    }
}
