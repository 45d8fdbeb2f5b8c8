import BigInt
import Engine

/// Reads ABI-encoded values one after another: return values, event data, call data after the selector.
package struct ABIReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    package init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// Bytes of the head not read yet.
    package var remaining: Int { bytes.endIndex - position }

    /// The next word as it is.
    package mutating func hash() throws(ABIError) -> Hash256 {
        let word = try word(at: position)
        position += 32
        return word
    }

    /// The next word as a uint256.
    package mutating func uint() throws(ABIError) -> BigUInt { try hash().number }

    /// The next word as a number that must fit `type`.
    package mutating func integer<T: FixedWidthInteger & UnsignedInteger>(_ type: T.Type = T.self) throws(ABIError) -> T {
        let value = try uint()
        guard let number = T(exactly: value) else { throw .outOfRange(value: value, bits: T.bitWidth) }
        return number
    }

    package mutating func address() throws(ABIError) -> Address {
        let word = try hash().bytes
        guard word[..<12].allSatisfy({ $0 == 0 }), let address = Address(bytes: word[12...]) else {
            throw .outOfRange(value: BigUInt(bigEndianBytes: word), bits: 160)
        }
        return address
    }

    package mutating func bool() throws(ABIError) -> Bool {
        let value = try uint()
        guard value <= 1 else { throw .outOfRange(value: value, bits: 1) }
        return value == 1
    }

    /// Dynamic bytes, found through the next word's offset.
    package mutating func dynamicBytes() throws(ABIError) -> [UInt8] {
        let offset: UInt32 = try integer()
        let start = bytes.startIndex + Int(offset)
        let lengthWord = try word(at: start).number
        guard let length = UInt32(exactly: lengthWord), Int(length) <= bytes.endIndex - start - 32 else {
            throw .truncated(needed: lengthWord > BigUInt(Int32.max) ? Int(Int32.max) : Int(lengthWord), available: bytes.endIndex - start)
        }
        return Array(bytes[(start + 32)..<(start + 32 + Int(length))])
    }

    /// Dynamic text. Bytes that are not UTF-8 come out as replacement characters.
    package mutating func string() throws(ABIError) -> String { String(decoding: try dynamicBytes(), as: UTF8.self) }

    private func word(at start: Int) throws(ABIError) -> Hash256 {
        guard start >= bytes.startIndex, start <= bytes.endIndex - 32, let word = Hash256(bytes: bytes[start..<(start + 32)]) else {
            throw .truncated(needed: 32, available: max(0, bytes.endIndex - start))
        }
        return word
    }
}

/// Why bytes are not the ABI encoding of what was expected.
package enum ABIError: Error, Equatable, CustomStringConvertible {
    case truncated(needed: Int, available: Int)
    case outOfRange(value: BigUInt, bits: Int)

    package var description: String {
        switch self {
        case .truncated(let needed, let available): "ABI data ends early: \(needed) bytes needed, \(available) left"
        case .outOfRange(let value, let bits): "ABI value \(value) does not fit \(bits) bits"
        }
    }
}
