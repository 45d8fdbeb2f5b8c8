import Engine

extension Hash256: CustomStringConvertible {
    /// Reads 64 hexadecimal digits of any case, with or without `0x`.
    package init(hex text: some StringProtocol) throws(HexError) {
        let bytes = try Hex.decode(text)
        guard bytes.count == 32 else { throw .wrongByteCount(expected: 32, actual: bytes.count) }
        self = bytes.withUnsafeBytes { Hash256(loadingFrom: $0.baseAddress!) }
    }

    /// `0x` and 64 lower-case digits.
    package var hex: String { withUnsafeBytes(of: self) { Hex.encode($0) } }

    package var description: String { hex }
}
