/// What one lot costs at a price, exactly.
package enum Notional {
    /// Powers of ten that fit into 64 bits: 10^0...10^19.
    @inline(__always)
    package static func powerOfTen(_ exponent: UInt32) -> UInt64 {
        precondition(exponent <= 19)
        var power: UInt64 = 1
        for _ in 0..<exponent { power &*= 10 }
        return power
    }

    /// Quote atoms for one lot at `priceCode` in a market with this `notionalExponent` (see ``Market``).
    ///
    /// Nil when the price is finer than one atom a lot; `UInt64.max` when it exceeds 64 bits.
    package static func atomsPerLot(priceCode: UInt32, notionalExponent: Int32) -> UInt64? {
        let mantissa = UInt64(PriceCode.mantissa(priceCode))
        let exponent = Int32(PriceCode.exponent(priceCode)) + notionalExponent
        if exponent >= 0 {
            guard exponent <= 19 else { return .max }
            let (product, overflow) = mantissa.multipliedReportingOverflow(by: powerOfTen(UInt32(exponent)))
            return overflow ? .max : product
        }
        guard exponent >= -4 else { return nil }
        let divisor = powerOfTen(UInt32(-exponent))
        return mantissa % divisor == 0 ? mantissa / divisor : nil
    }

    /// The prices at which one lot costs whole atoms are the codes whose mantissa is a multiple of this, near `priceCode` in a market with this
    /// `notionalExponent`; nil if there are none.
    package static func priceStep(priceCode: UInt32, notionalExponent: Int32) -> UInt32? {
        let exponent = Int32(PriceCode.exponent(priceCode)) + notionalExponent
        if exponent >= 0 { return 1 }
        return exponent >= -4 ? UInt32(powerOfTen(UInt32(-exponent))) : nil
    }

    /// The fee on `atoms` at `basisPoints` (at most 10,000) for an account of this tier, rounded up: against the payer.
    @inline(__always)
    package static func fee(on atoms: UInt64, basisPoints: UInt32, tier: UInt32 = 0) -> UInt64 {
        let rate = UInt64(basisPoints) &* UInt64(Layout.feeTierMax &- tier)
        return atoms / 100_000 &* rate &+ (atoms % 100_000 &* rate &+ 99_999) / 100_000
    }
}
