import Benchmarks
import Engine
import Glibc
import Rollup
import Settlement
import Signing

/// The batch codec on one flow: how long the batches get, beside compressors, and how fast both ways go.
struct CodecBench {
    struct Result: Codable, Equatable {
        var name: String
        /// Commands under one signature.
        var commandsPerSignature: Int
        /// What the figures are of.
        var batches = 0
        var commands = 0
        var envelopes = 0
        var signers = 0
        /// Bytes a command: as on the wire with their lengths, and of it compressed batch by batch, if the compressor is there.
        var rawBytes = 0.0
        var zstdBytes: Double?
        var brotliBytes: Double?
        /// Bytes a command of the batches, and of these what is no signature.
        var batchBytes = 0.0
        var signatureBytes = 0.0
        /// Gas a command as calldata, by EIP-7623's floor: 10 for a byte of 0, 40 for another.
        var calldataGas = 0.0
        /// The same in a blob a batch: gas of the call, and blob gas, which has a price of its own.
        var blobCallGas = 0.0
        var blobGas = 0.0
        var encodedPerSecond = 0.0
        var decodedPerSecond = 0.0

        var ofZstd: Double? { zstdBytes.map { batchBytes / $0 } }
        var ofZstdBesidesSignatures: Double? { zstdBytes.map { (batchBytes - signatureBytes) / ($0 - signatureBytes) } }
    }

    /// Blocks of the flow, cut into batches as the sealer cuts them; the last one, which is not full, only if it is the only one.
    private let batches: [[Block]]

    init(_ flow: SignedBlocks, batchesMax: Int) throws {
        var batches: [[Block]] = []
        var encoder = BatchEncoder()
        var pending: [Block] = []
        for (index, block) in flow.blocks.enumerated() {
            let block = Self.block(block, number: UInt64(index + 1))
            if try !encoder.appendIfFits(block) {
                batches.append(pending)
                guard batches.count < batchesMax else { break }
                pending = []
                encoder = BatchEncoder()
                guard try encoder.appendIfFits(block) else { throw BlockTooLarge() }
            }
            pending.append(block)
        }
        self.batches = batches.isEmpty ? [pending] : batches
    }

    struct BlockTooLarge: Error {}

    private static func block(_ block: SignedBlocks.Block, number: UInt64) -> Block {
        var envelopes = EnvelopeList()
        for envelope in block.envelopes { envelope.withUnsafeBytes { envelopes.append($0) } }
        let header = BlockHeader(
            number: number, parentHash: .zero, stateRoot: .zero, commandsRoot: .zero, inboxCursor: 0, timeMs: block.timeMs,
            l1Origin: 20_000_000 + number / 48)
        return Block(header: header, signature: Signature(r: .zero, s: .zero), messageCount: 0, envelopes: envelopes)
    }

    func run(name: String, commandsPerSignature: Int, rounds: Int, compressors: Bool) throws -> Result {
        var result = Result(name: name, commandsPerSignature: commandsPerSignature)
        let encoded = try batches.map { try Self.encode($0) }
        result.batches = batches.count
        for bytes in encoded { try check(bytes, &result) }
        let commands = Double(result.commands)
        let raw = batches.map { $0.flatMap(\.envelopes.bytes) }
        result.rawBytes = Double(raw.map(\.count).reduce(0, +)) / commands
        result.batchBytes = Double(encoded.map(\.count).reduce(0, +)) / commands
        result.signatureBytes = Double(Envelope.signatureBytes * result.envelopes) / commands
        let zeros = encoded.map { $0.count { $0 == 0 } }.reduce(0, +)
        result.calldataGas = (40 * result.batchBytes * commands - 30 * Double(zeros)) / commands
        result.blobCallGas = Double(PostingGas.estimate(posting: [], as: .blob)) * Double(batches.count) / commands
        result.blobGas = Double(PostingGas.blob) * Double(batches.count) / commands
        if compressors {
            result.zstdBytes = try Self.compressed(raw, .zstd).map { Double($0) / commands }
            result.brotliBytes = try Self.compressed(raw, .brotli).map { Double($0) / commands }
        }
        result.encodedPerSecond = try Self.rate(commands, rounds) { for batch in batches { _ = try Self.encode(batch) } }
        result.decodedPerSecond = try Self.rate(commands, rounds) {
            var counted = Result(name: name, commandsPerSignature: commandsPerSignature)
            for bytes in encoded { try check(bytes, &counted) }
        }
        return result
    }

    private static func encode(_ blocks: [Block]) throws -> [UInt8] {
        var encoder = BatchEncoder()
        for block in blocks { _ = try encoder.appendIfFits(block) }
        return encoder.bytes()
    }

    /// Decodes a batch and counts what is in it.
    private func check(_ bytes: [UInt8], _ result: inout Result) throws {
        let reader = try bytes.withUnsafeBytes { bytes -> BatchReader in
            try withUnsafeTemporaryAllocation(byteCount: BatchReader.workspaceBytes + BatchReader.scratchBytes, alignment: 8) { room in
                guard let workspace = room.baseAddress else { throw BlockTooLarge() }
                _ = try BatchReader.validate(bytes, workspace: workspace, scratch: workspace + BatchReader.workspaceBytes)
                return try BatchReader(bytes, workspace: workspace)
            }
        }
        result.commands += reader.commandCount
        result.envelopes += reader.envelopeCount
        result.signers += reader.signerCount
    }

    private static func compressed(_ raw: [[UInt8]], _ compressor: Compressor) throws -> Int? {
        guard let compressor = compressor.installed else { return nil }
        return try raw.map { try compressor.byteCount(of: $0) }.reduce(0, +)
    }

    /// Median over the rounds, of the thread's own time.
    private static func rate(_ commands: Double, _ rounds: Int, _ body: () throws -> Void) rethrows -> Double {
        var seconds: [Double] = []
        for _ in 0..<rounds {
            let start = threadSeconds()
            try body()
            seconds.append(threadSeconds() - start)
        }
        return commands / max(seconds.middle, 1e-9)
    }

    private static func threadSeconds() -> Double {
        var now = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }
}
