/// The head of an HTTP/1.1 message (RFC 9112): first line and fields, as far as an upgrade needs it.
///
/// Strict: CRLF line ends, no folded lines, no spaces before the colon. Pure; used by both ends.
package struct HTTPHead: Equatable, Sendable {
    /// Fields that a head may have.
    package static let fieldsMax = 64

    package let firstLine: [String]
    /// Names in lower case, in order of appearance.
    package let fields: [Field]
    /// Bytes of the head with its empty line; what follows belongs to the upgraded protocol.
    package let byteCount: Int

    package struct Field: Equatable, Sendable {
        package let name: String
        package let value: String
    }

    package enum ParseResult: Equatable {
        case incomplete
        case head(HTTPHead)
        case malformed
        /// More bytes, or more fields, than are allowed.
        case tooLarge
    }

    /// Reads a head of at most `bytesMax` bytes from the beginning of `bytes`.
    package static func parse(_ bytes: UnsafeRawBufferPointer, bytesMax: Int) -> ParseResult {
        guard let end = endOfHead(bytes, bytesMax: bytesMax) else {
            return bytes.count >= bytesMax ? .tooLarge : .incomplete
        }
        var lines: [String] = []
        var start = 0
        while start < end - 2 {
            var lineEnd = start
            while bytes[lineEnd] != 0x0D {
                // Visible ASCII, spaces and tabs; anything else has no place in a head.
                guard bytes[lineEnd] == 0x09 || (0x20..<0x7F).contains(bytes[lineEnd]) else { return .malformed }
                lineEnd += 1
            }
            guard bytes[lineEnd + 1] == 0x0A else { return .malformed }
            lines.append(String(decoding: bytes[start..<lineEnd], as: UTF8.self))
            if lines.count > fieldsMax + 1 { return .tooLarge }
            start = lineEnd + 2
        }
        guard let first = lines.first else { return .malformed }
        var fields: [Field] = []
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return .malformed }
            let name = line[..<colon]
            guard !name.isEmpty, name.utf8.allSatisfy(isTokenByte) else { return .malformed }
            fields.append(Field(name: name.lowercased(), value: trimmed(line[line.index(after: colon)...])))
        }
        let parts = first.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        return .head(HTTPHead(firstLine: parts, fields: fields, byteCount: end))
    }

    /// The only value of a field, or nil if it is absent or given more than once.
    package func single(_ name: String) -> String? {
        let values = fields.filter { $0.name == name }
        return values.count == 1 ? values[0].value : nil
    }

    /// The elements of a field that is a comma-separated list, all its lines together.
    package func list(_ name: String) -> [String] {
        fields.filter { $0.name == name }.flatMap { $0.value.split(separator: ",").map { Self.trimmed($0) } }.filter { !$0.isEmpty }
    }

    package func has(_ name: String) -> Bool { fields.contains { $0.name == name } }

    /// Offset behind the empty line, or nil if it has not come within `bytesMax` bytes.
    private static func endOfHead(_ bytes: UnsafeRawBufferPointer, bytesMax: Int) -> Int? {
        let limit = min(bytes.count, bytesMax)
        var index = 3
        while index < limit {
            if bytes[index] == 0x0A, bytes[index - 1] == 0x0D, bytes[index - 2] == 0x0A, bytes[index - 3] == 0x0D { return index + 1 }
            index += 1
        }
        return nil
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text.drop { $0 == " " || $0 == "\t" })
    }
}
