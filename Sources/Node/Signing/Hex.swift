import Engine

/// Hexadecimal text of bytes: lower case out, any case in.
package enum Hex {
    /// Two digits a byte after `0x` (left out if `prefix` is false).
    package static func encode(_ bytes: some Sequence<UInt8>, prefix: Bool = true) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = prefix ? [0x30, 0x78] : []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads pairs of digits, with or without `0x`. Throws ``HexError`` on an odd count or on anything that is not a digit.
    package static func decode(_ text: some StringProtocol) throws(HexError) -> [UInt8] {
        var digits = Array(text.utf8)[...]
        if digits.starts(with: [0x30, 0x78]) || digits.starts(with: [0x30, 0x58]) { digits = digits.dropFirst(2) }
        guard digits.count.isMultiple(of: 2) else { throw .oddDigitCount(digits.count) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        var index = digits.startIndex
        while index < digits.endIndex {
            guard let high = value(ofDigit: digits[index]) else { throw .notADigit(position: index) }
            guard let low = value(ofDigit: digits[index + 1]) else { throw .notADigit(position: index + 1) }
            bytes.append(high << 4 | low)
            index += 2
        }
        return bytes
    }

    private static func value(ofDigit digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x41 + 10
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }
}

/// Why a text is not the hexadecimal form of what was asked for.
package enum HexError: Error, Equatable, CustomStringConvertible {
    case oddDigitCount(Int)
    /// Position in the text, from 0, counting a leading `0x`.
    case notADigit(position: Int)
    case wrongByteCount(expected: Int, actual: Int)
    /// Mixed upper and lower case that contradicts the checksum of EIP-55.
    case badChecksum(expected: String)

    package var description: String {
        switch self {
        case .oddDigitCount(let count): "hexadecimal digits come in pairs, but there are \(count)"
        case .notADigit(let position): "character \(position + 1) is not a hexadecimal digit"
        case .wrongByteCount(let expected, let actual): "expected \(2 * expected) hexadecimal digits, found \(2 * actual)"
        case .badChecksum(let expected):
            "the upper and lower case letters do not match the address's checksum (EIP-55): a digit is mistyped, or write \(expected)"
        }
    }
}
