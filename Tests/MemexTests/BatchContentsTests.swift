import Engine
import Rollup
import Settlement
import Signing
import Testing

@testable import memex

struct BatchContentsTests {
    private static let commands: [Command] =
        [
            .place(market: 2, side: .sell, timeInForce: .postOnly, priceCode: 1_800_000, lots: 12, clientOrderId: 7),
            .cancel(market: 9, orderId: 5), .cancelByClientId(market: 1, clientOrderId: 8), .withdraw(token: 2, atoms: 15),
            .approveAgent(.zero, expiryMs: 0), .revokeAgent(.zero),
        ] + others

    private static let order = Command.Order(
        market: 2, flags: PlaceFlags(side: .buy, timeInForce: .market, selfTradePrevention: .decrement, firesAbove: true),
        priceCode: 1_800_000, lots: 12)
    private static let others: [Command] = [
        .placeUntil(
            Command.Order(market: 2, flags: PlaceFlags(side: .buy), priceCode: 1_800_000, lots: 12), expiryMs: 1_795_388_129_705),
        .placeTrigger(order, expiryMs: 0, triggerPriceCode: 1_800_000), .modify(market: 2, orderId: 5, priceCode: 1_800_000, lots: 3),
        .cancelAll(market: 0, sides: .both), .cancelAll(market: 2, sides: .sells), .scheduleCancel(timeMs: 1_795_388_129_705),
        .scheduleCancel(timeMs: 0), .cancelOnDisconnect(true), .disconnected, .useAccount(9), .openSubaccount,
        .transfer(token: 2, atoms: 15, toAccount: 9),
        .createToken(TokenSymbol(word0: 0x4E52_4F42, word1: 0), decimals: 6, supply: 1_000_000_000_000_000),
    ]

    /// Two blocks: one with all kinds of commands in two envelopes, one empty.
    private static func batch() throws -> [UInt8] {
        var envelopes = EnvelopeList()
        for (index, some) in [commands[...2], commands[3...]].enumerated() {
            var bytes = [UInt8](repeating: UInt8(index + 1), count: Envelope.payloadOffset)
            bytes.withUnsafeMutableBytes { $0.storeBytes(of: UInt64(1000 + index), toByteOffset: Envelope.nonceOffset, as: UInt64.self) }
            for command in some {
                var encoded = [UInt8](repeating: 0, count: Command.bytesMax)
                let count = encoded.withUnsafeMutableBytes { $0.baseAddress.map { command.encode(to: $0) } ?? 0 }
                bytes += encoded.prefix(count)
            }
            bytes.withUnsafeBytes { envelopes.append($0) }
        }
        func block(_ number: UInt64, _ messages: UInt32, _ envelopes: EnvelopeList) -> Block {
            let header = BlockHeader(
                number: number, parentHash: .zero, stateRoot: .zero, commandsRoot: .zero, inboxCursor: UInt64(messages),
                timeMs: 900 + number,
                l1Origin: 4)
            return Block(header: header, signature: Signature(r: .zero, s: .zero), messageCount: messages, envelopes: envelopes)
        }
        var encoder = BatchEncoder()
        try encoder.append(block(7, 3, envelopes))
        try encoder.append(block(8, 0, EnvelopeList()))
        return encoder.bytes()
    }

    @Test func decodesWhatWasEncoded() throws {
        let contents = try BatchContents(decoding: Self.batch())
        #expect(contents.blocks.map(\.number) == [7, 8])
        #expect(contents.blocks.map(\.timeMs) == [907, 908])
        #expect(contents.blocks.map(\.messageCount) == [3, 0])
        #expect(contents.blocks[0].envelopes.map(\.nonce) == [1000, 1001])
        #expect(contents.blocks[0].envelopes.flatMap(\.commands) == Self.commands)
        #expect(contents.commandCount == 19)
    }

    @Test func everyTruncationIsAnError() throws {
        let bytes = try Self.batch()
        for count in 0..<bytes.count {
            #expect(throws: BatchError.self) { try BatchContents(decoding: Array(bytes.prefix(count))) }
        }
    }

    @Test func describesCommandsAndMessages() throws {
        let listing = ListingTests.listing
        #expect(
            Self.commands.map { "\(listing.describe($0))" } == [
                #"(kind: "place", text: "PEPE/USDX sell 120 at 1, post-only, client id 7")"#,
                #"(kind: "cancel", text: "market 9 order 5")"#,
                #"(kind: "cancel", text: "ETH/USDX client id 8")"#, #"(kind: "withdraw", text: "1.5 USDX")"#,
                #"(kind: "approve", text: "0x0000000000000000000000000000000000000000 until revoked")"#,
                #"(kind: "revoke", text: "0x0000000000000000000000000000000000000000")"#,
                #"(kind: "place", text: "PEPE/USDX buy 120 at 1, gtc, until 2026-11-22 22:55:29 UTC")"#,
                #"(kind: "trigger", text: "PEPE/USDX buy 120 at 1, market, decrement, when at or above 1")"#,
                #"(kind: "modify", text: "PEPE/USDX order 5 to 30 at 1")"#,
                #"(kind: "cancel all", text: "all markets, both sides")"#, #"(kind: "cancel all", text: "PEPE/USDX, sells")"#,
                #"(kind: "schedule cancel", text: "2026-11-22 22:55:29 UTC")"#, #"(kind: "schedule cancel", text: "never")"#,
                #"(kind: "cancel on disconnect", text: "on")"#, #"(kind: "disconnected", text: "stated by the sequencer")"#,
                #"(kind: "use account", text: "9")"#, #"(kind: "open sub-account", text: "")"#,
                #"(kind: "transfer", text: "1.5 USDX to account 9")"#,
                #"(kind: "create token", text: "1000000000 BORN")"#,
            ])
        var message = InboxMessage()
        message.kind = try #require(Hash256(1))
        message.b = try #require(Hash256(2))
        message.c = try #require(Hash256(25))
        #expect(listing.describe(message, index: 0).text == "2.5 USDX for 0x0000000000000000000000000000000000000000")
        message.kind = try #require(Hash256(77))
        #expect(listing.describe(message, index: 0).kind == "kind 77")
    }

    @Test func machinesReadEveryCommand() {
        let lines = Self.commands.map { ListingTests.listing.json($0).line }
        #expect(Set(lines).count == lines.count && lines.allSatisfy { $0.hasPrefix(#"{"type":""#) })
        #expect(
            lines.contains {
                $0.contains(#""type":"placeTrigger","marketId":2"#)
                    && $0.contains(#""trigger":"1","triggerPriceCode":1800000,"when":"above""#)
            })
        #expect(lines.contains(#"{"type":"cancelAll","marketId":null,"sides":"both sides"}"#))
    }

    @Test func tablesSayWhatTheyLeaveOut() throws {
        let page = BatchPage(listing: ListingTests.listing, messages: [InboxMessage()], firstMessage: 0, limit: 2)
        let text = page.text(try BatchContents(decoding: Self.batch()))
        #expect(text.contains("inbox messages: 1\n"))
        #expect(text.contains("commands: 19\n"))
        #expect(text.hasSuffix("… and 17 more (--limit)"))
        #expect(page.json(try BatchContents(decoding: Self.batch())).line.contains(#""type":"place","marketId":2,"market":"PEPE/USDX""#))
    }
}
