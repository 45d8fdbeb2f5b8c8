import Engine
import Foundation
import Signing
import Testing

@testable import Rollup

/// Headers, commands root and envelopes against `Tests/Vectors/signing.json`.
@Suite struct BlockTests {
    struct Vectors: Decodable {
        struct Batch: Decodable {
            let nonce: UInt64
            let payload: String
            let envelope: String
        }
        struct Header: Decodable {
            let number: UInt64
            let parentHash: String
            let stateRoot: String
            let commandsRoot: String
            let inboxCursor: UInt64
            let timeMs: UInt64
            let l1Origin: UInt64
            let hash: String
            let digest: String
            let signature: String
            let highSSignature: String
        }
        let chainId: UInt64
        let verifyingContract: String
        let privateKey: String
        let address: String
        let commandsRoot: String
        let batches: [Batch]
        let headers: [Header]

        static func load() throws -> Vectors {
            let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            return try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: tests.appending(path: "Vectors/signing.json")))
        }
    }

    static func header(_ vector: Vectors.Header) throws -> BlockHeader {
        try BlockHeader(
            number: vector.number, parentHash: Hash256(hex: vector.parentHash), stateRoot: Hash256(hex: vector.stateRoot),
            commandsRoot: Hash256(hex: vector.commandsRoot), inboxCursor: vector.inboxCursor, timeMs: vector.timeMs,
            l1Origin: vector.l1Origin)
    }

    static func signature(_ text: String) throws -> Signature {
        let bytes = try Hex.decode(text)
        try #require(bytes.count == 64)
        return bytes.withUnsafeBytes { Signature(loadingFrom: $0.baseAddress!) }
    }

    @Test func headersMatchVectors() throws {
        let vectors = try Vectors.load()
        let domain = SigningDomain(chainId: vectors.chainId, rollup: try Address(hex: vectors.verifyingContract))
        let key = try PrivateKey(hex: vectors.privateKey)
        let sequencer = try Address(hex: vectors.address)
        #expect(!vectors.headers.isEmpty)
        for vector in vectors.headers {
            let header = try Self.header(vector)
            #expect(header.hash.hex == vector.hash)
            #expect(header.digest(in: domain).hex == vector.digest)
            let signature = try Self.signature(vector.signature)
            #expect(header.signed(with: key, in: domain) == signature)
            #expect(header.isSigned(by: sequencer, signature, in: domain))
            #expect(!header.isSigned(by: sequencer, try Self.signature(vector.highSSignature), in: domain))
            #expect(!header.isSigned(by: try Address(hex: vectors.verifyingContract), signature, in: domain))
            let other = SigningDomain(chainId: vectors.chainId + 1, rollup: try Address(hex: vectors.verifyingContract))
            #expect(!header.isSigned(by: sequencer, signature, in: other))
            #expect(header.bytes.count == BlockHeader.byteCount)
            #expect(header.bytes.withUnsafeBytes { BlockHeader(loadingFrom: $0.baseAddress!) } == header)
        }
    }

    @Test func commandsRootMatchesVectors() throws {
        let vectors = try Vectors.load()
        var root = CommandsRoot()
        var list = EnvelopeList()
        for batch in vectors.batches {
            let bytes = try Hex.decode(batch.envelope)
            bytes.withUnsafeBytes { raw in
                root.append(raw)
                list.append(raw)
                let envelope = Envelope(raw)
                #expect(envelope?.nonce == batch.nonce)
                #expect(envelope?.signer.hex.lowercased() == vectors.address)
                #expect(envelope.map { Hex.encode($0.payload) } == batch.payload)
            }
        }
        #expect(root.value.hex == vectors.commandsRoot)
        var again = CommandsRoot()
        list.forEach { again.append($0.bytes) }
        #expect(again == root)
        #expect(list.count == vectors.batches.count)
    }

    @Test func blocksSurviveTheirBytes() throws {
        let vectors = try Vectors.load()
        var list = EnvelopeList()
        for batch in vectors.batches { try Hex.decode(batch.envelope).withUnsafeBytes { list.append($0) } }
        let block = Block(
            header: try Self.header(vectors.headers[0]), signature: try Self.signature(vectors.headers[0].signature), messageCount: 3,
            envelopes: list)
        let bytes = block.bytes
        #expect(Block(bytes: bytes) == block)
        // Cut anywhere, it is either refused or (at the end of an envelope) another block.
        for count in 0..<bytes.count {
            if let cut = Block(bytes: Array(bytes[..<count])) { #expect(cut.envelopes.count < list.count) }
        }
        #expect(Block(bytes: bytes + [0]) == nil)
    }
}
