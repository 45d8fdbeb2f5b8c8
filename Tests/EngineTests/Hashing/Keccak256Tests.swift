import Foundation
import Testing

@testable import Engine

/// Against `Tests/Vectors/keccak.json`, which an independent implementation wrote.
@Suite struct Keccak256Tests {
    struct Vector: Decodable {
        let length: Int
        let hash: String

        var input: [UInt8] { (0..<length).map { UInt8(truncatingIfNeeded: 7 * $0 + length) } }
    }

    static func vectors() throws -> [Vector] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return try JSONDecoder().decode([Vector].self, from: Data(contentsOf: folder.appending(path: "Vectors/keccak.json")))
    }

    static func hexadecimal(_ hash: Hash256) -> String {
        withUnsafeBytes(of: hash) { $0.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
    }

    @Test func knownHashOfNothing() {
        #expect(
            Self.hexadecimal(Keccak256.hash(UnsafeRawBufferPointer(start: nil, count: 0)))
                == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")
    }

    @Test func oneShotMatchesVectors() throws {
        let vectors = try Self.vectors()
        #expect(vectors.count > 90)
        for vector in vectors {
            #expect(vector.input.withUnsafeBytes { Self.hexadecimal(Keccak256.hash($0)) } == vector.hash, "length \(vector.length)")
        }
    }

    @Test func piecewiseMatchesVectors() throws {
        for vector in try Self.vectors() where vector.length <= 1000 {
            for step in [1, 3, 8, 13, 136, 137] {
                var hasher = Keccak256()
                vector.input.withUnsafeBytes { input in
                    for start in stride(from: 0, to: input.count, by: step) {
                        hasher.update(UnsafeRawBufferPointer(rebasing: input[start..<min(start + step, input.count)]))
                    }
                }
                #expect(Self.hexadecimal(hasher.finish()) == vector.hash, "length \(vector.length), step \(step)")
            }
        }
    }

    @Test func unalignedInputMatchesVectors() throws {
        for vector in try Self.vectors() where vector.length <= 200 {
            for offset in 1..<8 {
                let bytes = [UInt8](repeating: 0xAA, count: offset) + vector.input
                let hash = bytes.withUnsafeBytes { Keccak256.hash(UnsafeRawBufferPointer(rebasing: $0[offset...])) }
                #expect(Self.hexadecimal(hash) == vector.hash, "length \(vector.length), offset \(offset)")
            }
        }
    }

    @Test func hashesOf64BytesMatchOneShot() throws {
        let vector = try #require(try Self.vectors().first { $0.length == 64 })
        vector.input.withUnsafeBytes { input in
            guard let base = input.baseAddress else { return }
            #expect(Self.hexadecimal(Keccak256.hash64(base)) == vector.hash)
            #expect(Self.hexadecimal(Keccak256.hashPair(Hash256(loadingFrom: base), Hash256(loadingFrom: base + 32))) == vector.hash)
        }
        for count in [0, 1, 7, 8, 9, 33] {
            let inputs = (0..<count * 64).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 64) }
            var outputs = [Hash256](repeating: Hash256(), count: count + 1)
            inputs.withUnsafeBytes { input in
                guard let base = input.baseAddress else { return }
                outputs.withUnsafeMutableBufferPointer { buffer in
                    guard let output = buffer.baseAddress else { return }
                    Keccak256.hash64Many(base, count: count, into: output)
                }
                for index in 0..<count {
                    #expect(outputs[index] == Keccak256.hash(UnsafeRawBufferPointer(rebasing: input[64 * index..<64 * index + 64])))
                }
            }
            #expect(outputs[count].isZero)
        }
    }
}
