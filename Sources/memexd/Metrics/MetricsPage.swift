/// Text in Prometheus' exposition format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).
struct MetricsPage {
    enum Kind: String { case counter, gauge }

    private(set) var text = ""

    /// Adds a metric of one value. Names have the unit last and, for counters, `_total`.
    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: some Numeric) {
        head(name, kind, help)
        text += "\(name) \(value)\n"
    }

    /// Adds a metric with one label: a value for each of its values.
    mutating func add(
        _ name: String, _ kind: Kind, _ help: String, label: String, _ values: some Sequence<(key: String, value: UInt64)>
    ) {
        head(name, kind, help)
        for (key, value) in values { text += "\(name){\(label)=\"\(Self.escaped(key))\"} \(value)\n" }
    }

    private mutating func head(_ name: String, _ kind: Kind, _ help: String) {
        precondition(kind == .gauge || name.hasSuffix("_total"), "\(name) is a counter")
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    private static func escaped(_ label: String) -> String {
        label.reduce(into: "") { result, character in
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.append(character)
            }
        }
    }
}
