import Foundation

/// Figures of this run beside those of a saved one.
struct Comparison {
    struct Row: Equatable {
        let name: String
        let new: Double
        let saved: Double
        /// New over saved; nil if there is nothing to divide by.
        var ratio: Double? { saved == 0 ? nil : new / saved }
    }

    let rows: [Row]

    /// Figures are named by their place in the JSON, as `ackMicroseconds.p50`. Those that only one side has are left out.
    init(new: [String: Double], saved: [String: Double]) {
        rows = new.keys.sorted().compactMap { name in
            guard !name.hasSuffix(".count"), let new = new[name], let saved = saved[name] else { return nil }
            return Row(name: name, new: new, saved: saved)
        }
    }

    var table: String {
        var table = TextTable(["compared", "now", "saved", "ratio"])
        for row in rows {
            table.add([row.name, Self.text(row.new), Self.text(row.saved), row.ratio.map { String(format: "%.2f", $0) } ?? "-"])
        }
        return table.text
    }

    private static func text(_ value: Double) -> String {
        abs(value) < 100 && value != value.rounded() ? String(format: "%.2f", value) : TextTable.count(value)
    }

    /// All numbers of a JSON file.
    static func figures(ofFile path: String) throws -> [String: Double] {
        flatten(try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))))
    }

    static func figures(of value: some Encodable) throws -> [String: Double] {
        flatten(try JSONSerialization.jsonObject(with: JSONEncoder().encode(value)))
    }

    private static func flatten(_ value: Any, _ name: String = "") -> [String: Double] {
        switch value {
        case let object as [String: Any]:
            object.reduce(into: [:]) { figures, entry in
                figures.merge(flatten(entry.value, name.isEmpty ? entry.key : name + "." + entry.key)) { first, _ in first }
            }
        case let list as [Any]:
            list.enumerated().reduce(into: [:]) { figures, entry in
                figures.merge(flatten(entry.element, "\(name)[\(entry.offset)]")) { first, _ in first }
            }
        case let number as NSNumber: [name: number.doubleValue]
        default: [:]
        }
    }
}
