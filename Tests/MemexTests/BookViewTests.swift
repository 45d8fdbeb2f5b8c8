import Engine
@testable import Gateway
import Settlement
import Testing

@testable import memex

struct BookViewTests {
    private func levels(_ levels: [(String, Side, UInt64)]) throws -> [BookLevel] {
        try levels.map { BookLevel(priceCode: try PriceCode.parse($0.0), side: $0.1, lots: $0.2) }
    }

    private func message(_ sequence: UInt64, _ levels: [BookLevel], book: [BookLevel]) -> ServerMessage.BookLevels {
        ServerMessage.BookLevels(
            part: .whole, market: 1, sequence: sequence, block: 4, checksum: BookChecksum.of(book), levels: levels)
    }

    @Test func showsTheBestLevels() throws {
        let market = try ListingTests.listing.market("2")
        let start = try levels([("1.2", .buy, 5), ("1.1", .buy, 6), ("1.3", .sell, 7), ("1.4", .sell, 8)])
        let changes = try levels([("1.2", .buy, 0), ("1.25", .sell, 1), ("1.3", .sell, 9)])
        let after = try levels([("1.1", .buy, 6), ("1.25", .sell, 1), ("1.3", .sell, 9), ("1.4", .sell, 8)])
        var book = BookFollower()
        try book.follow(snapshot: message(1, start, book: start))
        try book.follow(update: message(2, changes, book: after))
        let view = BookView(book)
        #expect(
            view.text(market, depth: 2)
                == "PEPE/USDX, block 4\n\nbid size  bid   ask  ask size\n      60  1.1  1.25        10\n                1.3        90")
        #expect(view.json(market, depth: 1).line.hasSuffix(#""asks":[{"price":"1.25","priceCode":1802500,"size":"10","lots":1}]}"#))
        // A snapshot forgets what was there.
        try book.follow(snapshot: message(3, [], book: []))
        #expect(BookView(book).text(market, depth: 2) == "PEPE/USDX, block 4\n\nno orders rest")
    }
}
