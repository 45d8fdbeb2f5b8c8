import Engine
import Foundation
import Testing

@testable import Proof

/// Against `Tests/Vectors/merkle.json`, which the contracts' tests use too and an independent implementation wrote.
@Suite struct TreeVectorTests {
    struct Vectors: Decodable {
        struct Write: Decodable {
            let index: UInt32
            let cell: String
            let rootAfter: String
        }
        struct Path: Decodable {
            let index: UInt32
            let cell: String
            let path: [String]
        }
        struct Multiproof: Decodable {
            let indices: [UInt32]
            let siblings: [String]
        }
        let zeroSubtrees: [String]
        let genesisRoot: String
        let writes: [Write]
        let root: String
        let paths: [Path]
        let multiproofs: [Multiproof]
    }

    static func load() throws -> Vectors {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: tests.appending(path: "Vectors/merkle.json")))
    }

    static func bytes(_ text: String) -> [UInt8] {
        let digits = Array(text.dropFirst(2).utf8)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16) ?? 0 }
    }

    static func hash(_ text: String) -> Hash256 {
        let bytes = bytes(text)
        precondition(bytes.count == 32)
        return bytes.withUnsafeBytes { $0.loadUnaligned(as: Hash256.self) }
    }

    @Test func treeMatchesVectors() throws {
        let vectors = try Self.load()
        #expect(TreeShape.zeroSubtrees == vectors.zeroSubtrees.map(Self.hash))
        #expect(StateTree.genesisRoot == Self.hash(vectors.genesisRoot))
        let tree = try StateTree()
        for write in vectors.writes {
            let cell = Self.bytes(write.cell)
            try #require(cell.count == 64)
            cell.withUnsafeBytes { if let base = $0.baseAddress { tree.apply(cell: write.index, base) } }
            #expect(tree.root() == Self.hash(write.rootAfter), "cell \(write.index)")
        }
        #expect(tree.root() == Self.hash(vectors.root))
        #expect(!vectors.paths.isEmpty)
        for path in vectors.paths {
            let siblings = path.path.map(Self.hash)
            #expect(tree.path(cell: path.index) == siblings, "cell \(path.index)")
            #expect(tree.withCell(path.index) { Array($0) } == Self.bytes(path.cell))
            let implied = Self.bytes(path.cell).withUnsafeBytes { StateTree.impliedRoot(cell: $0, index: path.index, path: siblings) }
            #expect(implied == tree.root())
        }
    }
}
