import SeededRandom
import Testing

@testable import Blobs

@Suite struct BlobLayoutTests {
    @Test(arguments: [0, 1, 30, 31, 32, 62, 63, 100_000, BlobLayout.contentBytesMax - 1, BlobLayout.contentBytesMax])
    func `what goes into a blob comes out of it, and every element begins with zero`(size: Int) throws {
        var dice = SeededGenerator(seed: UInt64(size))
        let content = (0..<size).map { _ in UInt8.random(in: 0...255, using: &dice) }
        let blob = BlobLayout.blob(carrying: content)
        #expect(blob.count == 131_072)
        #expect(stride(from: 0, to: blob.count, by: 32).allSatisfy { blob[$0] == 0 })
        #expect(BlobLayout.content(of: blob, size: size) == content)
    }

    @Test func `every blob is read, whatever its first bytes are`() throws {
        var dice = SeededGenerator(seed: 7)
        let blob = (0..<BlobLayout.blobBytes).map { _ in UInt8.random(in: 0...255, using: &dice) }
        let content = try #require(BlobLayout.content(of: blob, size: BlobLayout.contentBytesMax))
        #expect(content.count == BlobLayout.contentBytesMax)
        #expect(content[0] == blob[1] && content[30] == blob[31] && content[31] == blob[33])
        var other = blob
        for start in stride(from: 0, to: other.count, by: 32) { other[start] ^= 0x5A }
        #expect(BlobLayout.content(of: other, size: BlobLayout.contentBytesMax) == content)
        #expect(BlobLayout.content(of: blob, size: 40) == Array(content[..<40]))
    }

    @Test func `what is no blob, or asks for more than one holds, is refused`() {
        let blob = BlobLayout.blob(carrying: [1])
        #expect(BlobLayout.content(of: Array(blob.dropLast()), size: 1) == nil)
        #expect(BlobLayout.content(of: blob + [0], size: 1) == nil)
        #expect(BlobLayout.content(of: blob, size: BlobLayout.contentBytesMax + 1) == nil)
        #expect(BlobLayout.content(of: blob, size: -1) == nil)
    }
}
