import Engine

extension TokenSymbol {
    /// Without its padding; bytes that are not ASCII come out as question marks.
    package var text: String {
        let bytes = withUnsafeBytes(of: self) { $0.prefix { $0 != 0 }.map { $0 < 0x80 ? $0 : 0x3F } }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Nil unless `text` is 1 to 16 printable ASCII characters without spaces.
    package init?(_ text: String) {
        guard text.utf8.count <= 16 else { return nil }
        let bytes = Array(text.utf8) + [UInt8](repeating: 0, count: 16 - text.utf8.count)
        self = bytes.withUnsafeBytes { TokenSymbol(loadingFrom: $0.baseAddress!) }
        guard isValid, self.text == text else { return nil }
    }
}
