import Engine
import Sequencer
import SeededRandom
import Signing
import Testing

@testable import Gateway

@Suite struct ServerMessageTests {
    static func encoded(_ write: (inout ByteBuffer) -> Void) -> [UInt8] {
        var buffer = ByteBuffer()
        write(&buffer)
        return Array(buffer.bytes)
    }

    static func decoded(_ bytes: [UInt8]) throws -> ServerMessage? { try bytes.withUnsafeBytes { try ServerMessage(decoding: $0) } }

    static func address(_ byte: UInt8) -> Address {
        [UInt8](repeating: byte, count: 20).withUnsafeBytes { Address(loadingFrom: $0.baseAddress!) }
    }
    static func hash(_ byte: UInt8) -> Hash256 {
        [UInt8](repeating: byte, count: 32).withUnsafeBytes { Hash256(loadingFrom: $0.baseAddress!) }
    }

    static let position = StreamPosition(block: 8, batch: 6)

    /// Every message with its bytes as the protocol page states their number.
    static var all: [(message: ServerMessage, bytes: [UInt8])] {
        var hello = ServerMessage.Hello()
        hello.session = 0x10002
        hello.chainId = 1337
        hello.rollup = address(0xAB)
        hello.payloadBytesMax = 16384
        hello.serverTimeMs = 1_700_000_000_000
        hello.block = 9
        hello.commandsPerPayloadMax = 512
        hello.subscriptionsMax = 256
        hello.pingIntervalSeconds = 15
        hello.idleTimeoutSeconds = 45
        hello.inFlightMax = 4096
        hello.outputBytesMax = 4 << 20
        hello.domainSeparator = hash(0xCD)
        hello.commandsPerSecond = 1000
        hello.commandBurst = 20000
        hello.oldestPosition = StreamPosition(openingOf: 3)
        hello.messagesPerSecond = 50000

        var placed = Event()
        placed.kind = Event.Kind.placed
        placed.priceCode = 123
        placed.orderId = 0x1_0000_0002
        placed.lots = 3
        placed.remaining = 4
        placed.commandIndex = 0
        var rejected = Event()
        rejected.kind = Event.Kind.rejected
        rejected.code = RejectCode.sizeZero.rawValue
        rejected.commandIndex = 1
        let results = [
            ServerMessage.CommandResult(kind: 1, side: 0, code: 0, priceCode: 123, orderId: 0x1_0000_0002, lots: 3, restingLots: 4),
            ServerMessage.CommandResult(
                kind: 4, side: 0, code: 21, priceCode: 0, orderId: 0, lots: 0, restingLots: 0, text: "The size must be at least one lot."),
        ]
        let ack = ServerMessage.Ack(nonce: 5, sequence: 6, block: 7, position: 8, quotaRemaining: 998, results: results)
        let ackBytes = encoded {
            $0.append(ackOf: 5, sequence: 6, block: 7, position: 8, commandCount: 2, quotaRemaining: 998)
            $0.append(result: placed)
            $0.append(result: rejected)
            $0.append(rejectedCommand: 1, code: rejected.code)
        }
        let reject = ServerMessage.Reject(messageType: 1, code: 2, requestId: 0, nonce: 77, text: "\(RejectCode.badSignature.text)")
        let fill = ServerMessage.Fill(
            side: .sell, isMaker: true, market: 1, priceCode: 2, orderId: 3, clientOrderId: 4, lots: 5, remaining: 6,
            position: Self.position,
            commandIndex: 9, owner: address(1))
        let order = ServerMessage.OrderUpdate(
            state: .resting, side: .sell, market: 1, priceCode: 2, orderId: 3, clientOrderId: 4, lots: 5, restingLots: 6,
            position: Self.position, commandIndex: 9, owner: address(1))
        let reduced = ServerMessage.OrderUpdate(
            state: .reduced, side: .buy, market: 1, priceCode: 2, orderId: 3, clientOrderId: 4, lots: 5, restingLots: 6,
            position: Self.position, commandIndex: 9, reason: 3, isTrigger: true, owner: address(1), subaccount: 16)
        let auction = ServerMessage.Fill(
            side: .buy, isMaker: true, isAuction: true, market: 1, priceCode: 2, orderId: 3, clientOrderId: 4, lots: 5, remaining: 6,
            position: StreamPosition(openingOf: 8), commandIndex: 0xFFFF, owner: address(1), subaccount: 2)
        let trigger = ServerMessage.TriggerUpdate(
            state: .refused, side: .sell, market: 1, triggerPriceCode: 2, orderId: 3, clientOrderId: 4, lots: 5, limitPriceCode: 6,
            code: 26,
            position: Self.position, commandIndex: 0xFFFF, owner: address(1))
        let account = ServerMessage.AccountUpdate(
            change: .ordersCancelled, reason: 5, account: 2, value: 3, position: Self.position, opened: 6, owner: address(1))
        let balances = ServerMessage.Balances(
            account: 5, position: position, owner: address(1),
            entries: [.init(token: 1, free: 2, locked: 3), .init(token: 4, free: 5, locked: 0)])
        // The worked example of the page is the middle one of three, signed by the same key.
        let envelope = CommandsMessage.encode(
            ProtocolPageTests.commands, nonce: ProtocolPageTests.nonce, key: ProtocolPageTests.key, domain: ProtocolPageTests.domain)[4...]
        let hashes = [hash(1), envelope.withUnsafeBytes { Keccak256.hash($0) }, hash(3)]
        let group = hashes.enumerated().map { Receipt(block: 8, position: 5 + UInt32($0), commands: $1) }
        let receipt = ServerMessage.BatchReceipt(
            nonce: ProtocolPageTests.nonce,
            signed: ReceiptGroup.sign(group, key: ProtocolPageTests.key, domain: ProtocolPageTests.domain)[1])
        let caughtUp = ServerMessage.CaughtUp(channel: 3, subaccount: 0, account: 5, position: position)
        let opened = ServerMessage.MarketOpened(market: 1, priceCode: 2, lots: 3, block: 4)
        let funds = ServerMessage.Funds(
            kind: .deposit, token: 1, atoms: 2, withdrawalId: 3, position: Self.position, owner: address(1), subaccount: 4)
        let levels = [BookLevel(priceCode: 1, side: .buy, lots: 2), BookLevel(priceCode: 3, side: .sell, lots: 0)]
        let checksum = BookChecksum.of(levels)
        let snapshot = ServerMessage.BookLevels(part: .whole, market: 1, sequence: 2, block: 8, checksum: checksum, levels: levels)
        let update = ServerMessage.BookLevels(market: 1, sequence: 3, block: 8, checksum: checksum, levels: levels)
        let trades = ServerMessage.Trades(market: 1, position: position, trades: levels)
        let gap = ServerMessage.Trades(isGap: true, market: 1, position: position, trades: [])
        let ticker = ServerMessage.Ticker(
            market: 1, bidPriceCode: 2, bidLots: 3, askPriceCode: 4, askLots: 5, lastPriceCode: PriceCode.none, position: position)
        let resting = ServerMessage.BookOrders.Entry(orderId: 3, restingLots: 4, priceCode: 5, side: .sell, change: nil, lots: 0)
        let filled = ServerMessage.BookOrders.Entry(orderId: 3, restingLots: 1, priceCode: 5, side: .sell, change: .filled, lots: 3)
        let orders = ServerMessage.BookOrders(part: [.isFirst, .hasMore], market: 1, sequence: 2, position: position, entries: [resting])
        let ordersUpdate = ServerMessage.BookOrders(market: 1, sequence: 3, position: position, entries: [filled])
        let block = SealedHead(number: 1, timeMs: 2, stateRoot: hash(3), hash: hash(4))
        func bytes(_ type: UInt8, _ book: ServerMessage.BookLevels) -> [UInt8] {
            encoded { buffer in
                buffer.append(
                    book: type, part: book.part, market: book.market, count: book.levels.count, sequence: book.sequence, block: book.block,
                    checksum: book.checksum)
                for level in book.levels { buffer.append(level: level) }
            }
        }
        func bytes(_ type: UInt8, _ orders: ServerMessage.BookOrders) -> [UInt8] {
            encoded { buffer in
                buffer.append(
                    orders: type, part: orders.part, market: orders.market, count: orders.entries.count, sequence: orders.sequence,
                    position: orders.position)
                for entry in orders.entries { buffer.append(entry: entry) }
            }
        }
        let subscription = ClientMessage.Subscription(channel: .account, owner: address(9))
        let state = ServerMessage.SubscriptionState(
            channel: 3, market: 0, isActive: true, owner: address(9), account: 5, position: position)
        return [
            (.hello(hello), encoded { $0.append(hello: hello) }),
            (.ack(ack), ackBytes),
            (.reject(reject), encoded { $0.append(reject: .badSignature, messageType: 1, nonce: 77) }),
            (.subscription(state), encoded { $0.append(subscription: subscription, isActive: true, account: 5, position: position) }),
            (
                .queryReply(requestId: 3, body: [1, 2]),
                encoded {
                    $0.append(queryReplyTo: 3)
                    $0.append(UInt16(0x0201))
                }
            ),
            (.time(clientTime: 1, serverTimeMs: 2), encoded { $0.append(timeReplyTo: 1, serverTimeMs: 2) }),
            (.fill(fill), encoded { $0.append(fill: fill) }),
            (.order(order), encoded { $0.append(order: order) }),
            (.order(reduced), encoded { $0.append(order: reduced) }),
            (.fill(auction), encoded { $0.append(fill: auction) }),
            (.trigger(trigger), encoded { $0.append(trigger: trigger) }),
            (.account(account), encoded { $0.append(account: account) }),
            (.marketOpened(opened), encoded { $0.append(opened: opened) }),
            (.funds(funds), encoded { $0.append(funds: funds) }),
            (
                .balances(balances),
                encoded { buffer in
                    buffer.append(balancesOf: 5, owner: address(1), position: position, count: 2)
                    for entry in balances.entries { buffer.append(balance: entry) }
                }
            ),
            (.receipt(receipt), encoded { $0.append(receipt: receipt) }),
            (.caughtUp(caughtUp), encoded { $0.append(caughtUp: caughtUp) }),
            (.bookSnapshot(snapshot), bytes(0x88, snapshot)),
            (.bookUpdate(update), bytes(0x89, update)),
            (
                .trades(trades),
                encoded { buffer in
                    buffer.append(tradesOf: 1, count: 2, position: position)
                    for level in levels { buffer.append(level: level) }
                }
            ),
            (.trades(gap), encoded { $0.append(tradesOf: 1, count: 0, position: position, isGap: true) }),
            (.ticker(ticker), encoded { $0.append(ticker: ticker) }),
            (.ordersSnapshot(orders), bytes(0x91, orders)),
            (.ordersUpdate(ordersUpdate), bytes(0x92, ordersUpdate)),
            (.block(block), encoded { $0.append(block: block) }),
        ]
    }

    @Test func everyMessageSurvivesTheWire() throws {
        for (message, bytes) in Self.all { #expect(try Self.decoded(bytes) == message) }
    }

    @Test func sizesAreThoseOfTheProtocolPage() {
        let expected: [UInt8: Int] = [
            0x80: 128, 0x81: 40 + 64 + 4 + 34, 0x83: 40, 0x84: 10, 0x85: 24, 0x86: 80, 0x87: 80, 0x88: 64, 0x89: 64, 0x90: 48, 0x91: 64,
            0x92: 64,
            0x8B: 88,
            0x8C: 60, 0x8D: 80, 0x8E: 56, 0x8F: 24, 0x93: 96, 0x94: 192,
            0x95: 16,
        ]
        for (_, bytes) in Self.all {
            if let count = expected[bytes[0]] { #expect(bytes.count == count, "type \(bytes[0])") }
        }
    }

    /// What the fields of a result mean depends on its kind.
    @Test func resultsOfEveryKind() throws {
        func result(_ kind: UInt8, _ change: (inout Event) -> Void) throws -> ServerMessage.CommandResult? {
            var event = Event()
            event.kind = kind
            event.commandIndex = 0
            event.account = 9
            event.lots = 3
            event.remaining = 4
            event.orderId = 8
            event.counterOrderId = 7
            change(&event)
            #expect(event.isResult)
            let bytes = Self.encoded {
                $0.append(ackOf: 5, sequence: 6, block: 7, position: 8, commandCount: 1)
                $0.append(result: event)
            }
            guard case .ack(let ack)? = try Self.decoded(bytes) else { return nil }
            return ack.results.first
        }
        for kind in [Event.Kind.placed, Event.Kind.modified] {
            let placed = try #require(try result(kind) { _ in })
            #expect(placed.orderId == 8 && placed.lots == 3 && placed.restingLots == 4)
        }
        let trigger = try #require(try result(Event.Kind.triggerPlaced) { $0.lots = 0 })
        #expect(trigger.orderId == 8 && trigger.lots == 0 && trigger.restingLots == 4)
        let cancelled = try #require(try result(Event.Kind.cancelled) { $0.lots = 0 })
        #expect(cancelled.lots == 4 && cancelled.restingLots == 0)
        let all = try #require(try result(Event.Kind.cancelledAll) { $0.orderId = 0 })
        #expect(all.orderId == 0 && all.lots == 3 && all.restingLots == 0)
        for kind in [Event.Kind.transferred, Event.Kind.subaccountOpened] {
            let opened = try #require(try result(kind) { $0.counterAccount = 12 })
            #expect(opened.orderId == 12 && opened.lots == 3 && opened.restingLots == 0)
        }
        let created = try #require(try result(Event.Kind.tokenCreated) { $0.counterOrderId = 2048 })
        #expect(created.orderId == 2048 && created.lots == 3 && created.restingLots == 4)
        let setting = try #require(try result(Event.Kind.settingChanged) { _ in })
        #expect(setting.orderId == 9)
    }

    @Test func unknownTypesAreSkippedAndShortOnesRefused() throws {
        #expect(try Self.decoded([0xFE, 1, 2, 3]) == nil)
        for (_, bytes) in Self.all where bytes[0] != 0x84 {
            for count in 0..<bytes.count where bytes[0] != 0x81 || count < 104 {
                #expect(throws: MalformedServerMessage.self) { try Self.decoded(Array(bytes[..<count])) }
            }
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func fuzz(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let all = Self.all
        for round in 0..<10_000 { _ = try? Self.decoded(mutate(all[round % all.count].bytes, &generator)) }
    }
}
