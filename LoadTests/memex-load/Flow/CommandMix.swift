/// Shares of the kinds of commands in generated flow, as `place:60,cancel:40,modify:0` names them.
struct CommandMix: Equatable, Sendable, CustomStringConvertible {
    enum Kind: String, CaseIterable { case place, cancel, modify }

    /// Weights, in the order of ``Kind/allCases``.
    private let weights: [Int]
    private let total: Int

    /// Reads `KIND:WEIGHT,…`; kinds that are not named have none. Nil if that is not what `text` says, or if nothing is placed.
    init?(_ text: String) {
        var weights: [Kind: Int] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let fields = part.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count == 2, let kind = Kind(rawValue: String(fields[0])), let weight = Int(fields[1]),
                (0...10_000).contains(weight),
                weights.updateValue(weight, forKey: kind) == nil
            else { return nil }
        }
        self.weights = Kind.allCases.map { weights[$0] ?? 0 }
        total = self.weights.reduce(0, +)
        guard weights[.place, default: 0] > 0 else { return nil }
    }

    var hasModify: Bool { weights[2] > 0 }

    /// Draws a kind.
    func draw(using generator: inout some RandomNumberGenerator) -> Kind {
        var dice = Int.random(in: 0..<total, using: &generator)
        for (kind, weight) in zip(Kind.allCases, weights) {
            if dice < weight { return kind }
            dice -= weight
        }
        return .place
    }

    var description: String { zip(Kind.allCases, weights).map { "\($0.rawValue):\($1)" }.joined(separator: ",") }
}
