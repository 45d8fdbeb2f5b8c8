import Engine
import Foundation
import Proof
import Rollup
import SeededRandom
import Signing
import Testing

/// The guest as the machine runs it, on whole posted batches, beside ``Derivation``: the same batches applied, the same arena after each.
@Suite(.serialized) struct BatchTests {
    static let seeds: [UInt64] = ProcessInfo.processInfo.environment["MEMEX_SEED"].flatMap(UInt64.init).map { [$0] } ?? [11, 12]

    @Test(arguments: seeds)
    func sameStateAsDerivation(seed: UInt64) throws {
        print("guest and derivation: seed \(seed)")
        var blocks = try SignedBlocks(seed: seed)
        let derivation = try Derivation(domain: SignedBlocks.domain)
        let guest = try GuestProcess()
        var random = Randomness(seed: seed)
        var applied: [DerivedBatch] = []
        var ignored = 0
        for _ in 0..<16 {
            let (bytes, parameters) = try blocks.batch(blocks: 1 + random.below(10))
            var damaged = [(bytes, parameters)]
            for _ in 0..<3 { damaged.insert(random.damage(bytes, parameters), at: 0) }
            for (bytes, parameters) in damaged {
                let cursor = derivation.hosted.exchange.header.inboxCursor
                let messages = blocks.inbox[Int(cursor)..<max(Int(cursor), min(blocks.inbox.count, Int(clamping: parameters.inboxEnd)))]
                let verdicts = Verdicts(of: bytes, domain: SignedBlocks.domain)
                let outcome = try derivation.apply(
                    batch: bytes, parameters: parameters, inboxMessage: { blocks.inbox[safe: $0] })
                let code = try Self.run(guest, bytes, parameters, messages: Array(messages), verdicts)
                switch outcome {
                case .applied(let derived):
                    #expect(code == 0, "seed \(seed): the guest did not apply a batch")
                    applied.append(derived)
                case .ignored(let fault):
                    #expect(code == 1, "seed \(seed): the guest did not ignore a batch: \(fault)")
                    ignored += 1
                }
            }
            let (cells, _) = guest.arena.differences(from: derivation.hosted, limit: 10)
            try #require(cells.isEmpty, "seed \(seed): cells differ: \(cells.map { String($0 * Layout.cellBytes, radix: 16) })")
        }
        #expect(try guest.finish() == 0)
        let commands = applied.map(\.commandCount).reduce(0, +)
        print("guest and derivation: \(applied.count) batches of \(commands) commands applied, \(ignored) without effect")
        #expect(commands > 2000 && ignored > 12)
        #expect(applied.map(\.badSignatures).reduce(0, +) > 20 && applied.map(\.refused).reduce(0, +) > 10)
    }

    /// Runs the guest on a batch as posted; gives its exit code.
    private static func run(
        _ guest: GuestProcess, _ batch: [UInt8], _ posted: BatchParameters, messages: [InboxMessage], _ verdicts: Verdicts
    ) throws -> UInt32 {
        var input: [UInt8] = []
        for value in [
            UInt64(messages.count), UInt64(batch.count), posted.inboxEnd, posted.firstTimeMs, posted.lastTimeMs, SignedBlocks.chainId,
        ] {
            withUnsafeBytes(of: value) { input += $0 }
        }
        withUnsafeBytes(of: SignedBlocks.rollup) { input += $0 }
        input += [UInt8](repeating: 0, count: 128 - input.count)
        for message in messages { withUnsafeBytes(of: message) { input += $0 } }
        input += batch
        var call: [UInt8] = []
        let count = 16 + verdicts.bytes.count + input.count
        withUnsafeBytes(of: (UInt32(4), UInt32(count), UInt32(0), UInt32(0))) { call += $0 }
        withUnsafeBytes(of: (UInt64(verdicts.count), UInt64(input.count))) { call += $0 }
        try #require(guest.send(call + verdicts.bytes + input))
        let answer = guest.receive(8)
        try #require(answer.count == 8, "the guest has stopped")
        return answer.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
    }
}

/// What the host finds about each signature of a batch, in the layout of `differential.c`; nothing for bytes that are no batch.
private struct Verdicts {
    private(set) var bytes: [UInt8] = []
    private(set) var count = 0

    init(of batch: [UInt8], domain: SigningDomain) {
        let verifier = SignatureVerifier()
        let memory = UnsafeMutableRawPointer.allocate(byteCount: BatchReader.workspaceBytes + BatchReader.scratchBytes, alignment: 8)
        defer { memory.deallocate() }
        let scratch = memory + BatchReader.workspaceBytes
        batch.withUnsafeBytes { raw in
            do throws(BatchError) {
                _ = try BatchReader.validate(raw, workspace: memory, scratch: scratch)
                var reader = try BatchReader(raw, workspace: memory)
                while let block = try reader.nextBlock() {
                    for _ in 0..<block.envelopeCount { append(try reader.nextEnvelope(into: scratch), verifier, domain) }
                }
            } catch {
                bytes = []
                count = 0
            }
        }
    }

    private mutating func append(_ envelope: Envelope, _ verifier: SignatureVerifier, _ domain: SigningDomain) {
        if envelope.isUnsigned { return }
        let digest = domain.commandsDigest(nonce: envelope.nonce, payload: envelope.payload)
        let signature = Signature(loadingFrom: envelope.signature)
        withUnsafeBytes(of: digest) { bytes += $0 }
        withUnsafeBytes(of: signature) { bytes += $0 }
        withUnsafeBytes(of: envelope.signer) { bytes += $0 }
        withUnsafeBytes(of: UInt32(verifier.isValid(signature, of: digest, by: envelope.signer) ? 1 : 0)) { bytes += $0 }
        count += 1
    }
}

/// Turns a batch into one that means something else, mostly nothing.
private struct Randomness {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }

    mutating func damage(_ bytes: [UInt8], _ parameters: BatchParameters) -> ([UInt8], BatchParameters) {
        var bytes = bytes
        var parameters = parameters
        switch below(8) {
        case 0: parameters.firstTimeMs &+= UInt64(below(2)) &* 2 &- 1
        case 1: parameters.lastTimeMs &+= 1
        case 2: parameters.inboxEnd = parameters.inboxEnd &+ UInt64(below(3)) &- 1
        case 3: bytes.removeLast(1 + below(bytes.count))
        case 4: bytes.append(UInt8(below(256)))
        case 5: bytes[below(bytes.count)] ^= 1 << UInt8(below(8))
        default: bytes[below(min(bytes.count, 400))] ^= 1 << UInt8(below(8))
        }
        return (bytes, parameters)
    }
}

extension Array {
    fileprivate subscript(safe index: UInt64) -> Element? { index < UInt64(count) ? self[Int(index)] : nil }
}
