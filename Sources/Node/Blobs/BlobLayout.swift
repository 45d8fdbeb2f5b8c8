/// How bytes lie in a blob (EIP-4844): 4096 field elements of 32 bytes each, of which the first stays zero, so that every element is below the field's
/// modulus. Element i carries bytes 31 i ..< 31 (i + 1); what is not needed is zero.
package enum BlobLayout {
    package static let elementCount = 4096
    package static let elementBytes = 32
    /// Of a whole blob.
    package static let blobBytes = elementCount * elementBytes
    /// What one blob carries at most: 126,976 bytes.
    package static let contentBytesMax = elementCount * (elementBytes - 1)

    /// The blob that carries `content`, which must be at most ``contentBytesMax`` bytes long.
    package static func blob(carrying content: [UInt8]) -> [UInt8] {
        precondition(content.count <= contentBytesMax)
        var blob: [UInt8] = []
        blob.reserveCapacity(blobBytes)
        for start in stride(from: 0, to: content.count, by: elementBytes - 1) {
            blob.append(0)
            blob.append(contentsOf: content[start..<min(content.count, start + elementBytes - 1)])
        }
        blob.append(contentsOf: repeatElement(0, count: blobBytes - blob.count))
        return blob
    }

    /// The first `size` bytes that `blob` carries; nil if it is no blob, or carries fewer. Whatever a blob holds is read: the first byte of each
    /// element, which a blob on L1 may have up to 0x73, does not count.
    package static func content(of blob: [UInt8], size: Int) -> [UInt8]? {
        guard blob.count == blobBytes, (0...contentBytesMax).contains(size) else { return nil }
        var content: [UInt8] = []
        content.reserveCapacity(size)
        for start in stride(from: 1, to: blobBytes, by: elementBytes) where content.count < size {
            content.append(contentsOf: blob[start..<(start + min(elementBytes - 1, size - content.count))])
        }
        return content
    }
}
