import Engine
@testable import Gateway
import Settlement
import Testing

@testable import memex

struct OrderReportTests {
    private func report(
        filled: UInt64, resting: UInt64, untilMs: UInt64 = 0, triggerPriceCode: UInt32? = nil
    ) throws -> OrderReport {
        let result = ServerMessage.CommandResult(
            kind: triggerPriceCode == nil ? Event.Kind.placed : Event.Kind.triggerPlaced, side: 0, code: 0, priceCode: 0,
            orderId: resting > 0 ? 9 : 0, lots: filled, restingLots: resting)
        let order = Command.Order(
            market: 2, flags: PlaceFlags(side: .buy, firesAbove: triggerPriceCode != nil), priceCode: try PriceCode.parse("1.5"), lots: 10)
        return OrderReport(
            market: try ListingTests.listing.market("2"), order: order, untilMs: untilMs, triggerPriceCode: triggerPriceCode,
            ack: ServerMessage.Ack(nonce: 1, sequence: 2, block: 3, position: 0, results: [result]), result: result,
            fills: [])
    }

    @Test func namesTheState() throws {
        #expect(try report(filled: 0, resting: 10).state == "resting")
        #expect(try report(filled: 4, resting: 6).state == "partly-filled")
        #expect(try report(filled: 10, resting: 0).state == "filled")
        #expect(try report(filled: 4, resting: 0).state == "dropped")
        #expect(try report(filled: 0, resting: 0).state == "dropped")
    }

    @Test func showsTokensNotLots() throws {
        let report = try report(filled: 4, resting: 6)
        #expect(
            report.json.line.contains(#""size":"100","lots":10,"state":"partly-filled","orderId":9,"clientOrderId":null,"filled":"40""#))
        #expect(report.text.contains("buy 100 at 1.5 (gtc)"))
        #expect(try self.report(filled: 10, resting: 0).json.line.contains(#""orderId":null"#))
    }

    @Test func showsWhatTheOrderWaitsFor() throws {
        let report = try report(filled: 0, resting: 10, untilMs: 1_795_388_129_705, triggerPriceCode: try PriceCode.parse("2"))
        #expect(report.state == "waiting")
        #expect(report.text.contains("last price at or above 2") && report.text.contains("2026-11-22 22:55:29 UTC"))
        #expect(!report.text.contains("filled"))
        #expect(report.json.line.contains(#""untilMs":1795388129705,"trigger":"2","when":"above""#))
    }
}
