/// Prices of five significant digits as dense, monotone integers.
///
/// A code is `exponent * 90000 + (mantissa - 10000)` for the price `mantissa * 10^(exponent - 24)` in quote tokens for
/// one base token. Every market uses the same codes, so no market needs a tick size.
package enum PriceCode {
    package static let mantissaMin: UInt32 = 10_000
    package static let mantissaMax: UInt32 = 99_999
    package static let mantissaCount: UInt32 = 90_000
    package static let exponentCount: UInt32 = 36
    /// Subtracted from the exponent to give the power of ten.
    package static let exponentBias: Int32 = 24
    /// Number of codes; every code is below it.
    package static let count: UInt32 = exponentCount * mantissaCount
    /// No price.
    package static let none: UInt32 = .max

    /// Mantissa of `code`, 10000...99999.
    package static func mantissa(_ code: UInt32) -> UInt32 { code % mantissaCount + mantissaMin }

    /// Exponent of `code`, 0...35.
    package static func exponent(_ code: UInt32) -> UInt32 { code / mantissaCount }

    /// The code of `mantissa` (10000...99999) and `exponent` (0...35).
    package static func code(mantissa: UInt32, exponent: UInt32) -> UInt32 {
        precondition(mantissa >= mantissaMin && mantissa <= mantissaMax && exponent < exponentCount)
        return exponent * mantissaCount + (mantissa - mantissaMin)
    }
}
