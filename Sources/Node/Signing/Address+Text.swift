import Engine

extension Address: CustomStringConvertible {
    /// Reads 40 hexadecimal digits of any case, with or without `0x`. Case carries no meaning here: use ``init(checked:)`` for
    /// what a person typed.
    package init(hex text: some StringProtocol) throws(HexError) {
        let bytes = try Hex.decode(text)
        guard bytes.count == 20 else { throw .wrongByteCount(expected: 20, actual: bytes.count) }
        self = bytes.withUnsafeBytes { Address(loadingFrom: $0.baseAddress!) }
    }

    /// Like ``init(hex:)``, but digits of mixed case must match the checksum of EIP-55, which catches nearly every typo.
    package init(checked text: some StringProtocol) throws(HexError) {
        let address = try Address(hex: text)
        let digits = text.hasPrefix("0x") || text.hasPrefix("0X") ? String(text.dropFirst(2)) : String(text)
        let isMixed = digits != digits.lowercased() && digits != digits.uppercased()
        guard !isMixed || address.hex.dropFirst(2) == digits else { throw .badChecksum(expected: address.hex) }
        self = address
    }

    /// `0x` and 40 digits whose case is the checksum of EIP-55.
    package var hex: String {
        var digits = Array(withUnsafeBytes(of: self) { Hex.encode($0, prefix: false) }.utf8)
        let hash = digits.withUnsafeBytes { Keccak256.hash($0) }
        withUnsafeBytes(of: hash) { hash in
            for index in digits.indices where digits[index] >= 0x61 {
                let nibble = index.isMultiple(of: 2) ? hash[index / 2] >> 4 : hash[index / 2] & 15
                if nibble >= 8 { digits[index] -= 0x20 }
            }
        }
        return "0x" + String(decoding: digits, as: UTF8.self)
    }

    package var description: String { hex }
}
