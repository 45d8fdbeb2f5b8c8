import Foundation

/// A figure that the exchange is meant to reach, and what was measured.
struct Goal: Encodable, Equatable {
    enum Bound: Equatable {
        case atLeast(Double)
        case below(Double)
    }

    let name: String
    let value: Double
    let bound: Bound

    var isMet: Bool {
        switch bound {
        case .atLeast(let least): value >= least
        case .below(let limit): value < limit
        }
    }

    private enum CodingKeys: String, CodingKey { case name, value, atLeast, below, isMet }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(value, forKey: .value)
        switch bound {
        case .atLeast(let least): try container.encode(least, forKey: .atLeast)
        case .below(let limit): try container.encode(limit, forKey: .below)
        }
        try container.encode(isMet, forKey: .isMet)
    }

    static func table(_ goals: [Goal]) -> String {
        var table = TextTable(["goal", "asked", "measured", ""])
        for goal in goals {
            let asked =
                switch goal.bound {
                case .atLeast(let least): "at least " + text(least)
                case .below(let limit): "below " + text(limit)
                }
            table.add([goal.name, asked, text(goal.value), goal.isMet ? "met" : "not met"])
        }
        return table.text
    }

    private static func text(_ value: Double) -> String {
        abs(value) < 100 && value != value.rounded() ? String(format: "%.2f", value) : TextTable.count(value)
    }
}
