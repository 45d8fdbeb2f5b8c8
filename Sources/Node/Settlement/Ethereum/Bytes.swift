import BigInt
import Engine
import Signing

/// The keccak-256 of `bytes`.
package func keccak256(_ bytes: [UInt8]) -> Hash256 {
    bytes.withUnsafeBytes { Keccak256.hash($0) }
}

extension Hash256 {
    /// The 32 bytes, first to last.
    package var bytes: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }

    /// Takes 32 bytes, or nil if there are more or fewer.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        self = Array(bytes).withUnsafeBytes { Hash256(loadingFrom: $0.baseAddress!) }
    }

    /// The number as a big-endian word, or nil if it needs more than 256 bits.
    package init?(_ value: BigUInt) {
        let digits = value.bigEndianBytes
        guard digits.count <= 32 else { return nil }
        self.init(bytes: [UInt8](repeating: 0, count: 32 - digits.count) + digits)
    }

    /// The word as a big-endian number.
    package var number: BigUInt { BigUInt(bigEndianBytes: bytes) }
}

extension Address {
    /// The 20 bytes, first to last.
    package var bytes: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }

    /// Takes 20 bytes, or nil if there are more or fewer.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 20 else { return nil }
        self = Array(bytes).withUnsafeBytes { Address(loadingFrom: $0.baseAddress!) }
    }
}

extension BigUInt {
    /// Big-endian bytes without leading zeros; none for zero.
    var bigEndianBytes: [UInt8] {
        guard self != 0 else { return [] }
        var bytes: [UInt8] = []
        var rest = self
        while rest != 0 {
            let low = rest.quotientAndRemainder(dividingBy: 1 << 64)
            bytes.append(contentsOf: withUnsafeBytes(of: UInt64(low.remainder).littleEndian) { Array($0) })
            rest = low.quotient
        }
        while bytes.last == 0 { bytes.removeLast() }
        return bytes.reversed()
    }

    init(bigEndianBytes bytes: some Sequence<UInt8>) {
        self = 0
        for byte in bytes { self = self << 8 | BigUInt(byte) }
    }
}
