import Engine
import Testing

@testable import memex

struct ListingTests {
    static let listing = {
        let tokens = ["ETH", "USDX", "PEPE", "PEPE"].enumerated().map { index, symbol in
            TokenInfo(id: UInt32(index + 1), symbol: symbol, decimals: UInt32(index), unitExponent: 0, l1Address: .zero)
        }
        return Listing(
            tokens: tokens,
            markets: [
                MarketInfo(id: 1, base: tokens[0], quote: tokens[1], lotExponent: 0),
                MarketInfo(id: 2, base: tokens[2], quote: tokens[1], lotExponent: 3),
            ])
    }()

    @Test func findsByIdAndName() throws {
        #expect(try Self.listing.token("usdx").id == 2)
        #expect(try Self.listing.token("4").id == 4)
        #expect(try Self.listing.market("Pepe/USDX").id == 2)
        #expect(try Self.listing.market("1").name == "ETH/USDX")
    }

    /// Who creates a token of the same name gets nobody's money by that.
    @Test func listedTokensComeBeforeThoseThatAnybodyCreates() throws {
        var listing = Self.listing
        for id in Layout.bornTokensStart..<Layout.bornTokensStart + 2 {
            for symbol in ["USDX", "BORN"] {
                listing.tokens.append(
                    TokenInfo(id: symbol == "USDX" ? id : id + 2, symbol: symbol, decimals: 6, unitExponent: 0, l1Address: .zero))
            }
        }
        #expect(try listing.token("usdx").id == 2)
        #expect(try listing.token("2048").isBorn)
        #expect(throws: ListingError.ambiguous("token", "BORN", ids: [2050, 2051])) { try listing.token("BORN") }
    }

    @Test func saysWhatThereIs() {
        #expect(throws: ListingError.ambiguous("token", "PEPE", ids: [3, 4])) { try Self.listing.token("PEPE") }
        #expect(throws: ListingError.unknown("market", "3", known: ["ETH/USDX", "PEPE/USDX"])) { try Self.listing.market("3") }
        #expect(throws: ListingError.unknown("token", "DOGE", known: ["ETH", "USDX", "PEPE", "PEPE"])) { try Self.listing.token("DOGE") }
        #expect("\(ListingError.unknown("token", "X", known: []))" == "there is no token X: none is listed yet")
    }

    @Test func sizesAreExact() throws {
        // Two decimals and lots of 10^3 atoms: one lot is 10 tokens.
        let market = try Self.listing.market("2")
        #expect(try market.lots("120") == 12)
        #expect(market.format(lots: 12) == "120")
        #expect(throws: (any Error).self) { try market.lots("125") }
    }
}
