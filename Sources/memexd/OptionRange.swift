import ArgumentParser

/// What a number among the options may be.
enum OptionRange {
    /// Throws `ValidationError` with the range unless `value` is in it.
    static func check(_ option: String, _ value: some BinaryInteger, _ range: ClosedRange<Int>) throws {
        guard let number = Int(exactly: value), range.contains(number) else {
            throw ValidationError("\(option) must be \(range.lowerBound) to \(range.upperBound), not \(value)")
        }
    }
}
