import BigInt

/// Recursive Length Prefix, the encoding of Ethereum's transactions (Yellow Paper, appendix B). Encoding only: nothing here reads it.
package indirect enum RLP: Equatable, Sendable {
    case bytes([UInt8])
    case list([RLP])

    /// A number: big-endian without leading zeros.
    package static func number(_ value: BigUInt) -> RLP { .bytes(value.bigEndianBytes) }
    package static func number(_ value: UInt64) -> RLP { .bytes(BigUInt(value).bigEndianBytes) }

    package var encoded: [UInt8] {
        switch self {
        case .bytes(let bytes):
            if bytes.count == 1, bytes[0] < 0x80 { return bytes }
            return Self.header(short: 0x80, count: bytes.count) + bytes
        case .list(let items):
            let content = items.flatMap(\.encoded)
            return Self.header(short: 0xC0, count: content.count) + content
        }
    }

    private static func header(short: UInt8, count: Int) -> [UInt8] {
        if count <= 55 { return [short + UInt8(count)] }
        let length = BigUInt(count).bigEndianBytes
        return [short + 55 + UInt8(length.count)] + length
    }
}
