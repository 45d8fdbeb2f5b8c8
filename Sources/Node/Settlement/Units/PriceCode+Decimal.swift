import BigInt
import Engine

extension PriceCode {
    /// The code of a price typed as a decimal number of quote tokens for one base token; exact or refused.
    package static func parse(_ text: String) throws(DecimalError) -> UInt32 {
        let number = try Decimal(text)
        guard number.digits != 0 else { throw .zero(what: "price") }
        let digitCount = String(number.digits).count
        // The mantissa has five digits, so the value is mantissa x 10^power.
        let power = digitCount - 5 - number.scale
        let exponent = power + Int(exponentBias)
        guard (0..<Int(exponentCount)).contains(exponent) else {
            throw .priceOutOfRange(value: number.description, lowest: format(0), highest: format(count - 1))
        }
        if digitCount <= 5 {
            return code(mantissa: UInt32(number.digits * BigUInt(10).power(5 - digitCount)), exponent: UInt32(exponent))
        }
        let below = code(mantissa: UInt32(number.digits / BigUInt(10).power(digitCount - 5)), exponent: UInt32(exponent))
        throw .priceTooPrecise(value: number.description, below: format(below), above: format(min(below + 1, count - 1)))
    }

    /// The price as a decimal number, without an exponent.
    package static func format(_ code: UInt32) -> String {
        Decimal(digits: BigUInt(mantissa(code)), scale: Int(exponentBias) - Int(exponent(code))).description
    }
}
