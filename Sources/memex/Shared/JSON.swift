/// A result for machines: members keep their order, integers their 64 bits.
enum JSON: Equatable {
    case null
    case flag(Bool)
    case number(UInt64)
    case text(String)
    case list([JSON])
    case object([Member])

    struct Member: Equatable {
        var key: String
        var value: JSON
    }

    /// A whole number; none below zero occurs.
    static func integer(_ value: some FixedWidthInteger) -> JSON { .number(UInt64(clamping: value)) }
    /// Null for nil.
    static func optional<Value>(_ value: Value?, _ convert: (Value) -> JSON) -> JSON { value.map(convert) ?? .null }

    /// This object with the members of another behind its own.
    func adding(_ other: JSON) -> JSON {
        guard case .object(let members) = self, case .object(let more) = other else { return self }
        return .object(members + more)
    }

    /// One line (RFC 8259).
    var line: String {
        switch self {
        case .null: "null"
        case .flag(let flag): flag ? "true" : "false"
        case .number(let number): String(number)
        case .text(let text): Self.quote(text)
        case .list(let items): "[" + items.map(\.line).joined(separator: ",") + "]"
        case .object(let members): "{" + members.map { Self.quote($0.key) + ":" + $0.value.line }.joined(separator: ",") + "}"
        }
    }

    private static func quote(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByNilLiteral,
    ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral
{
    init(stringLiteral value: String) { self = .text(value) }
    init(booleanLiteral value: Bool) { self = .flag(value) }
    init(integerLiteral value: UInt64) { self = .number(value) }
    init(nilLiteral: ()) { self = .null }
    init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements.map { Member(key: $0.0, value: $0.1) }) }
    init(arrayLiteral elements: JSON...) { self = .list(elements) }
}
