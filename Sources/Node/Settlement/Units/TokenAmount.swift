import BigInt
import Engine

/// Conversions between what people type and what the exchange counts.
package enum TokenAmount {
    /// Atoms of `text` tokens, exactly. `decimals`: of an atom. `symbol`: for the error.
    package static func atoms(_ text: String, decimals: UInt32, symbol: String) throws(DecimalError) -> UInt64 {
        let number = try Decimal(text)
        guard number.digits != 0 else { throw .zero(what: "amount") }
        guard let atoms = number.scaled(by: Int(decimals)) else {
            throw .tooManyDecimals(value: number.description, decimals: Int(decimals), what: symbol)
        }
        guard atoms <= BigUInt(Layout.tokenAtomsMax) else {
            throw .tooLarge(value: number.description, limit: format(atoms: Layout.tokenAtomsMax, decimals: decimals))
        }
        return UInt64(atoms)
    }

    /// Atoms as a decimal number of tokens.
    package static func format(atoms: UInt64, decimals: UInt32) -> String {
        Decimal(digits: BigUInt(atoms), scale: Int(decimals)).description
    }

    /// Units of the L1 token that `atoms` stand for. One atom is 10^unitExponent units.
    package static func l1Units(atoms: UInt64, unitExponent: UInt32) -> BigUInt {
        BigUInt(atoms) * BigUInt(10).power(Int(unitExponent))
    }

    /// Lots of a size typed in base tokens. Throws unless it is a positive whole number of lots below 2^63.
    package static func lots(_ text: String, baseDecimals: UInt32, lotExponent: UInt32, symbol: String) throws(DecimalError) -> UInt64 {
        let number = try Decimal(text)
        guard number.digits != 0 else { throw .zero(what: "size") }
        guard let lots = number.scaled(by: Int(baseDecimals) - Int(lotExponent)) else {
            let lot = Decimal(digits: 1, scale: Int(baseDecimals) - Int(lotExponent)).description
            throw .notWholeLots(value: number.description, lot: lot, symbol: symbol)
        }
        guard lots <= BigUInt(Layout.tokenAtomsMax) else {
            throw .tooLarge(value: number.description, limit: "9223372036854775807 lots")
        }
        return UInt64(lots)
    }

    /// Lots as a decimal number of base tokens.
    package static func format(lots: UInt64, baseDecimals: UInt32, lotExponent: UInt32) -> String {
        Decimal(digits: BigUInt(lots), scale: Int(baseDecimals) - Int(lotExponent)).description
    }
}
