import Engine
@testable import Gateway
import Settlement
import Testing

@testable import memex

struct BookViewTests {
    private func levels(_ block: UInt64, _ levels: [(String, Side, UInt64)]) throws -> ServerMessage.BookLevels {
        ServerMessage.BookLevels(
            market: 1, sequence: 0, block: block,
            levels: try levels.map { BookLevel(priceCode: try PriceCode.parse($0.0), side: $0.1, lots: $0.2) })
    }

    @Test func followsSnapshotAndUpdates() throws {
        let market = try ListingTests.listing.market("2")
        var view = BookView()
        view.replace(try levels(3, [("1.2", .buy, 5), ("1.1", .buy, 6), ("1.3", .sell, 7), ("1.4", .sell, 8)]))
        view.update(try levels(4, [("1.2", .buy, 0), ("1.25", .sell, 1), ("1.3", .sell, 9)]))
        #expect(view.best(.buy, depth: 10).map(\.lots) == [6])
        #expect(view.best(.sell, depth: 2).map(\.lots) == [1, 9])
        #expect(
            view.text(market, depth: 2)
                == "PEPE/USDX, block 4\n\nbid size  bid   ask  ask size\n      60  1.1  1.25        10\n                1.3        90")
        #expect(view.json(market, depth: 1).line.hasSuffix(#""asks":[{"price":"1.25","priceCode":1802500,"size":"10","lots":1}]}"#))
        // A snapshot forgets what was there.
        view.replace(try levels(5, []))
        #expect(view.text(market, depth: 2) == "PEPE/USDX, block 5\n\nno orders rest")
    }
}
