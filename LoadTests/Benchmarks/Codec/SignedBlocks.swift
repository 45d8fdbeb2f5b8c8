import Engine
import SeededRandom

/// Blocks of signed command batches as a node seals them, made of flow: time passes as commands come, nonces are the bots' clocks, signatures are random
/// bytes, which compress as little as real ones.
package struct SignedBlocks {
    package struct Block {
        package var timeMs: UInt64
        /// Envelopes as they are on the wire.
        package var envelopes: [[UInt8]] = []
    }

    package private(set) var blocks: [Block]
    package private(set) var commandCount = 0

    private static let startMs: UInt64 = 1_790_000_000_000
    private static let blockMs: UInt64 = 250
    /// How long before it comes in an envelope may be signed.
    private static let latencyMsMax: UInt64 = 80

    private let commandsPerSecond: Int
    private var random: SeededGenerator
    private var lastNonces: [Int: UInt64] = [:]

    package init(commandsPerSecond: Int, seed: UInt64) {
        self.commandsPerSecond = commandsPerSecond
        random = SeededGenerator(seed: seed)
        blocks = [Block(timeMs: Self.startMs + Self.blockMs)]
    }

    /// Appends an envelope of an account.
    package mutating func append(account: Int, payload: some Collection<UInt8>, commandCount count: Int) {
        commandCount += count
        let nowMs = Self.startMs + UInt64(commandCount * 1000 / commandsPerSecond)
        while blocks[blocks.count - 1].timeMs <= nowMs { blocks.append(Block(timeMs: blocks[blocks.count - 1].timeMs + Self.blockMs)) }
        // A bot that is faster than its clock counts on.
        let nonce = max(nowMs - UInt64.random(in: 1...Self.latencyMsMax, using: &random), lastNonces[account, default: 0] + 1)
        lastNonces[account] = nonce
        var envelope: [UInt8] = []
        envelope.reserveCapacity(Envelope.payloadOffset + payload.count)
        withUnsafeBytes(of: BenchMarket.owner(account)) { envelope.append(contentsOf: $0) }
        withUnsafeBytes(of: nonce) { envelope.append(contentsOf: $0) }
        for _ in 0..<Envelope.signatureBytes / 8 { withUnsafeBytes(of: random.next()) { envelope.append(contentsOf: $0) } }
        envelope.append(contentsOf: payload)
        blocks[blocks.count - 1].envelopes.append(envelope)
    }
}
