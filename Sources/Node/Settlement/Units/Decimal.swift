import BigInt

/// A decimal number as a person types it, exactly: `digits` x 10^-`scale`.
package struct Decimal: Equatable, Sendable, CustomStringConvertible {
    /// All digits as one number; no trailing zero unless the number is 0.
    package let digits: BigUInt
    /// Digits after the point; negative for whole numbers that end in zeros.
    package let scale: Int

    /// Reads `12`, `0.0000000012`, `1_000_000`, `1.2e-9`. No signs, no grouping commas.
    package init(_ text: String) throws(DecimalError) {
        guard text.utf8.count <= 120 else { throw .notANumber(text) }
        let parts = text.lowercased().replacing("_", with: "").split(separator: "e", omittingEmptySubsequences: false)
        guard let number = parts.first, parts.count <= 2 else { throw .notANumber(text) }
        var exponent = 0
        if parts.count == 2 {
            guard let value = Int(parts[1]), abs(value) <= 100 else { throw .notANumber(text) }
            exponent = value
        }
        let halves = number.split(separator: ".", omittingEmptySubsequences: false)
        let all = halves.joined()
        guard halves.count <= 2, !all.isEmpty, all.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let digits = BigUInt(all, radix: 10)
        else { throw .notANumber(text) }
        self.init(digits: digits, scale: (halves.count == 2 ? halves[1].count : 0) - exponent)
    }

    /// `digits` x 10^-`scale`.
    package init(digits: BigUInt, scale: Int) {
        var digits = digits
        var scale = digits == 0 ? 0 : scale
        while digits != 0, digits % 10 == 0 {
            digits /= 10
            scale -= 1
        }
        self.digits = digits
        self.scale = scale
    }

    /// The number times 10^`decimals`, or nil if that is not whole.
    package func scaled(by decimals: Int) -> BigUInt? {
        decimals >= scale ? digits * BigUInt(10).power(decimals - scale) : nil
    }

    /// Plain notation without an exponent: `0.0000000012`.
    package var description: String {
        var text = String(digits)
        if scale <= 0 { return text + String(repeating: "0", count: -scale) }
        if text.count <= scale { text = String(repeating: "0", count: scale - text.count + 1) + text }
        let point = text.index(text.endIndex, offsetBy: -scale)
        return text[..<point] + "." + text[point...]
    }
}

/// Why a typed number cannot be used. Nothing is ever rounded silently.
package enum DecimalError: Error, Equatable, CustomStringConvertible {
    case notANumber(String)
    case tooManyDecimals(value: String, decimals: Int, what: String)
    case tooLarge(value: String, limit: String)
    case zero(what: String)
    /// More than five significant digits; the two prices around it.
    case priceTooPrecise(value: String, below: String, above: String)
    case priceOutOfRange(value: String, lowest: String, highest: String)
    case notWholeLots(value: String, lot: String, symbol: String)

    package var description: String {
        switch self {
        case .notANumber(let text): "\"\(text)\" is not a number; write it like 12.5, 0.0000000012 or 1.2e-9"
        case .tooManyDecimals(let value, let decimals, let what): "\(value) is too fine: \(what) has \(decimals) decimals on the exchange"
        case .tooLarge(let value, let limit): "\(value) is too large; at most \(limit)"
        case .zero(let what): "the \(what) must be above zero"
        case .priceTooPrecise(let value, let below, let above):
            "the price \(value) has more than 5 significant digits; the nearest prices are \(below) and \(above)"
        case .priceOutOfRange(let value, let lowest, let highest): "the price \(value) is out of range: \(lowest) to \(highest)"
        case .notWholeLots(let value, let lot, let symbol): "the size \(value) is not a multiple of the market's lot of \(lot) \(symbol)"
        }
    }
}
