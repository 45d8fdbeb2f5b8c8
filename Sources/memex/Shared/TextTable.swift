/// A table for people: columns as wide as their widest cell, two spaces apart.
struct TextTable: Equatable {
    /// A heading; a leading `>` aligns its column to the right.
    private let headings: [String]
    private let isRight: [Bool]
    private var rows: [[String]] = []

    /// Headings that begin with `>` stand over columns aligned to the right, as numbers are.
    init(_ columns: String...) {
        isRight = columns.map { $0.hasPrefix(">") }
        headings = columns.map { $0.hasPrefix(">") ? String($0.dropFirst()) : $0 }
    }

    var isEmpty: Bool { rows.isEmpty }

    /// Adds a row; it must have a cell for every column.
    mutating func add(_ cells: String...) {
        precondition(cells.count == headings.count, "a row of \(cells.count) cells in a table of \(headings.count) columns")
        rows.append(cells.map(Self.printable))
    }

    /// Lines without a line feed at the end.
    var text: String {
        let all = [headings] + rows
        let widths = headings.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            var line = ""
            for column in row.indices {
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                line += (column == 0 ? "" : "  ") + (isRight[column] ? padding + row[column] : row[column] + padding)
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }

    /// Names and values one under the other.
    static func fields(_ fields: [(name: String, value: String)]) -> String {
        let width = fields.map(\.name.count).max() ?? 0
        return fields.map { field in
            field.name + String(repeating: " ", count: width - field.name.count + 2) + printable(field.value)
        }.joined(separator: "\n")
    }

    /// Texts of others, for example symbols, must not move the cursor of somebody's terminal.
    private static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
    }
}
