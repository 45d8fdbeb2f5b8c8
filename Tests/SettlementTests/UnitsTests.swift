import BigInt
import Engine
import Testing

@testable import Settlement

@Suite struct UnitsTests {
    @Test(arguments: [
        ("0.0000000012", UInt32(12_000), -13), ("12.5", 12_500, -3), ("120000", 12_000, 1), ("1.2e-9", 12_000, -13), ("99999", 99_999, 0),
        ("1", 10_000, -4), ("0.1", 10_000, -5), ("100_000", 10_000, 1), (".5", 50_000, -5), ("7.", 70_000, -4),
    ])
    func `prices become codes exactly`(text: String, mantissa: UInt32, power: Int) throws {
        let code = try PriceCode.parse(text)
        #expect(PriceCode.mantissa(code) == mantissa)
        #expect(Int(PriceCode.exponent(code)) - 24 == power)
        #expect(try PriceCode.parse(PriceCode.format(code)) == code)
    }

    @Test func `every code prints as a price that parses to itself`() throws {
        for code in stride(from: UInt32(0), to: PriceCode.count, by: 7_919) { #expect(try PriceCode.parse(PriceCode.format(code)) == code) }
        #expect(try PriceCode.parse(PriceCode.format(PriceCode.count - 1)) == PriceCode.count - 1)
        #expect(PriceCode.format(0) == "0.00000000000000000001")
        #expect(PriceCode.format(PriceCode.count - 1) == "9999900000000000")
    }

    @Test func `prices that do not fit say what would`() {
        #expect(throws: DecimalError.priceTooPrecise(value: "1.23456", below: "1.2345", above: "1.2346")) { try PriceCode.parse("1.23456") }
        #expect(throws: DecimalError.priceTooPrecise(value: "9.99999", below: "9.9999", above: "10")) { try PriceCode.parse("9.99999") }
        #expect(throws: DecimalError.zero(what: "price")) { try PriceCode.parse("0.000") }
        #expect(throws: DecimalError.self) { try PriceCode.parse("1e-21") }
        #expect(throws: DecimalError.self) { try PriceCode.parse("1e16") }
        #expect(throws: DecimalError.self) { try PriceCode.parse("9999990000000000") }
        for text in ["", ".", "-1", "+1", "1,5", "0x10", "1e", "1e1000", "1.2.3", "١", "NaN", "1e5e5", "_"] {
            #expect(throws: DecimalError.notANumber(text)) { try PriceCode.parse(text) }
        }
    }

    @Test func `amounts convert exactly or not at all`() throws {
        #expect(try TokenAmount.atoms("1.5", decimals: 9, symbol: "ETH") == 1_500_000_000)
        #expect(try TokenAmount.atoms("0.000000001", decimals: 9, symbol: "ETH") == 1)
        #expect(try TokenAmount.atoms("9223372036.854775807", decimals: 9, symbol: "ETH") == Layout.tokenAtomsMax)
        #expect(throws: DecimalError.tooManyDecimals(value: "0.0000000001", decimals: 9, what: "ETH")) {
            try TokenAmount.atoms("0.0000000001", decimals: 9, symbol: "ETH")
        }
        #expect(throws: DecimalError.tooLarge(value: "9223372036.854775808", limit: "9223372036.854775807")) {
            try TokenAmount.atoms("9223372036.854775808", decimals: 9, symbol: "ETH")
        }
        #expect(throws: DecimalError.zero(what: "amount")) { try TokenAmount.atoms("0", decimals: 9, symbol: "ETH") }
        #expect(TokenAmount.format(atoms: 1_500_000_000, decimals: 9) == "1.5")
        #expect(TokenAmount.format(atoms: 0, decimals: 9) == "0")
        #expect(TokenAmount.format(atoms: 1_000, decimals: 0) == "1000")
        #expect(TokenAmount.l1Units(atoms: 3, unitExponent: 15) == BigUInt(3_000_000_000_000_000))
    }

    @Test func `sizes are whole lots`() throws {
        // 3 decimals, a lot of 10^6 atoms: 1000 tokens.
        #expect(try TokenAmount.lots("1000000", baseDecimals: 3, lotExponent: 6, symbol: "PEPE") == 1_000)
        #expect(TokenAmount.format(lots: 1_000, baseDecimals: 3, lotExponent: 6) == "1000000")
        #expect(throws: DecimalError.notWholeLots(value: "1500", lot: "1000", symbol: "PEPE")) {
            try TokenAmount.lots("1500", baseDecimals: 3, lotExponent: 6, symbol: "PEPE")
        }
        #expect(try TokenAmount.lots("0.25", baseDecimals: 9, lotExponent: 6, symbol: "ETH") == 250)
        #expect(throws: DecimalError.zero(what: "size")) { try TokenAmount.lots("0", baseDecimals: 3, lotExponent: 6, symbol: "PEPE") }
    }
}
