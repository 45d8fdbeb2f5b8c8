import Engine
import SeededRandom
import Testing

@testable import Proof

@Suite struct WideKeccakTests {
    static let widths = [0, 4, 8].filter { $0 <= WideKeccak.lanes }

    @Test(arguments: widths)
    func everyWidthMatchesScalar(lanes: Int) {
        var generator = SeededGenerator(seed: UInt64(lanes) + 1)
        for count in 0...41 {
            for offset in [0, 1, 3] {
                var inputs = (0..<64 * count + offset + 64).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
                let expected = (0..<count).map { index in
                    inputs.withUnsafeBytes {
                        Keccak256.hash(UnsafeRawBufferPointer(rebasing: $0[offset + 64 * index..<offset + 64 * index + 64]))
                    }
                }
                var outputs = [Hash256](repeating: Hash256(), count: count + 1)
                inputs.withUnsafeBytes { input in
                    outputs.withUnsafeMutableBufferPointer { output in
                        guard let source = input.baseAddress, let target = output.baseAddress else { return }
                        WideKeccak.hash64Many(source + offset, count: count, into: target, lanes: lanes)
                    }
                }
                #expect(Array(outputs[..<count]) == expected, "\(count) inputs, offset \(offset)")
                #expect(outputs[count].isZero)
                // In place.
                guard offset == 0 else { continue }
                inputs.withUnsafeMutableBytes { input in
                    guard let base = input.baseAddress else { return }
                    WideKeccak.hash64Many(base, count: count, into: base.assumingMemoryBound(to: Hash256.self), lanes: lanes)
                    for index in 0..<count { #expect(Hash256(loadingFrom: base + 32 * index) == expected[index]) }
                }
            }
        }
    }

    @Test func reportsItsWidth() {
        print("keccak lanes: \(WideKeccak.lanes)")
        #expect([0, 4, 8].contains(WideKeccak.lanes))
    }
}
