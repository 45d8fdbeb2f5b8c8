import Engine
import Sequencer

/// A message from the gateway that does not have the shape of its type.
package struct MalformedServerMessage: Error, Equatable, Sendable, CustomStringConvertible {
    package let type: UInt8
    package let byteCount: Int

    package var description: String { "the server sent \(byteCount) bytes that are no message of type \(type)" }
}

extension ServerMessage {
    /// Decodes one message. Returns nil for a type that this version does not know: clients skip those.
    package init?(decoding bytes: UnsafeRawBufferPointer) throws(MalformedServerMessage) {
        var reader = Reader(bytes: bytes)
        let type: UInt8 = try reader.next()
        switch type {
        case Wire.ToClient.hello: self = .hello(try Self.hello(&reader))
        case Wire.ToClient.ack: self = .ack(try Self.ack(&reader))
        case Wire.ToClient.reject: self = .reject(try Self.reject(&reader))
        case Wire.ToClient.subscription: self = .subscription(try Self.subscription(&reader))
        case Wire.ToClient.queryReply:
            try reader.skip(3)
            self = .queryReply(requestId: try reader.next(), body: reader.rest())
        case Wire.ToClient.time:
            try reader.skip(7)
            self = .time(clientTime: try reader.next(), serverTimeMs: try reader.next())
        case Wire.ToClient.fill: self = .fill(try Self.fill(&reader))
        case Wire.ToClient.order: self = .order(try Self.order(&reader))
        case Wire.ToClient.bookSnapshot: self = .bookSnapshot(try Self.book(&reader))
        case Wire.ToClient.bookUpdate: self = .bookUpdate(try Self.book(&reader))
        case Wire.ToClient.trades: self = .trades(try Self.trades(&reader))
        case Wire.ToClient.ticker: self = .ticker(try Self.ticker(&reader))
        case Wire.ToClient.ordersSnapshot: self = .ordersSnapshot(try Self.orders(&reader))
        case Wire.ToClient.ordersUpdate: self = .ordersUpdate(try Self.orders(&reader))
        case Wire.ToClient.block: self = .block(try Self.block(&reader))
        case Wire.ToClient.funds: self = .funds(try Self.funds(&reader))
        case Wire.ToClient.trigger: self = .trigger(try Self.trigger(&reader))
        case Wire.ToClient.account: self = .account(try Self.account(&reader))
        case Wire.ToClient.marketOpened:
            try reader.skip(1)
            self = .marketOpened(
                MarketOpened(market: try reader.next(), priceCode: try reader.next(), lots: try reader.next(), block: try reader.next()))
        case Wire.ToClient.balances: self = .balances(try Balances(&reader))
        case Wire.ToClient.receipt: self = .receipt(try BatchReceipt(&reader))
        case Wire.ToClient.caughtUp: self = .caughtUp(try CaughtUp(&reader))
        default: return nil
        }
    }

    private static func hello(_ reader: inout Reader) throws(MalformedServerMessage) -> Hello {
        var hello = Hello()
        hello.version = try reader.next()
        try reader.skip(2)
        hello.session = try reader.next()
        hello.chainId = try reader.next()
        hello.rollup = try reader.nextRaw()
        hello.payloadBytesMax = try reader.next()
        hello.serverTimeMs = try reader.next()
        hello.block = try reader.next()
        hello.commandsPerPayloadMax = try reader.next()
        hello.subscriptionsMax = try reader.next()
        hello.pingIntervalSeconds = try reader.next()
        hello.idleTimeoutSeconds = try reader.next()
        hello.inFlightMax = try reader.next()
        hello.outputBytesMax = try reader.next()
        hello.domainSeparator = try reader.nextRaw()
        hello.commandsPerSecond = try reader.next()
        hello.commandBurst = try reader.next()
        hello.oldestPosition = try reader.position()
        hello.messagesPerSecond = try reader.next()
        try reader.skip(4)
        return hello
    }

    private static func ack(_ reader: inout Reader) throws(MalformedServerMessage) -> Ack {
        try reader.skip(1)
        let count: UInt16 = try reader.next()
        let position: UInt32 = try reader.next()
        var ack = Ack(
            nonce: try reader.next(), sequence: try reader.next(), block: try reader.next(), position: position,
            quotaRemaining: try reader.next(), results: [])
        try reader.skip(4)
        ack.results.reserveCapacity(Int(count))
        for _ in 0..<count {
            ack.results.append(
                CommandResult(
                    kind: try reader.next(), side: try reader.next(), code: try reader.next(), priceCode: try reader.next(),
                    orderId: try reader.next(), lots: try reader.next(), restingLots: try reader.next()))
        }
        while !reader.isAtEnd {
            let index: UInt16 = try reader.next()
            guard index < count else { throw reader.malformed }
            ack.results[Int(index)].text = try reader.text(byteCount: Int(try reader.next() as UInt16))
        }
        return ack
    }

    private static func reject(_ reader: inout Reader) throws(MalformedServerMessage) -> Reject {
        var reject = Reject(
            messageType: try reader.next(), code: try reader.next(), requestId: try reader.next(), nonce: try reader.next(),
            quotaRemaining: try reader.next(), text: "")
        reject.text = try reader.text(byteCount: Int(try reader.next() as UInt16))
        return reject
    }

    private static func subscription(_ reader: inout Reader) throws(MalformedServerMessage) -> SubscriptionState {
        SubscriptionState(
            channel: try reader.next(), market: try reader.next(), isActive: (try reader.next() as UInt32) != 0,
            owner: try reader.nextRaw(), account: try reader.next(), position: try reader.position())
    }

    private static func fill(_ reader: inout Reader) throws(MalformedServerMessage) -> Fill {
        let flags: UInt8 = try reader.next()
        var fill = Fill(
            side: flags & 1 == 0 ? .buy : .sell, isMaker: flags & 2 != 0, isAuction: flags & 4 != 0, market: try reader.next(),
            priceCode: try reader.next(),
            orderId: try reader.next(), clientOrderId: try reader.next(), lots: try reader.next(), remaining: try reader.next(),
            position: try reader.positionAndBlock(), commandIndex: try reader.next(), owner: .zero)
        fill.subaccount = try reader.next()
        fill.owner = try reader.nextRaw()
        return fill
    }

    private static func order(_ reader: inout Reader) throws(MalformedServerMessage) -> OrderUpdate {
        guard let state = OrderState(rawValue: try reader.next()) else { throw reader.malformed }
        var order = OrderUpdate(
            state: state, side: .buy, market: try reader.next(), priceCode: try reader.next(), orderId: try reader.next(),
            clientOrderId: try reader.next(), lots: try reader.next(), restingLots: try reader.next(),
            position: try reader.positionAndBlock(), commandIndex: try reader.next(), owner: .zero)
        let flags: UInt8 = try reader.next()
        order.side = flags & 1 == 0 ? .buy : .sell
        order.isTrigger = flags & 2 != 0
        order.subaccount = UInt16(flags >> 3)
        order.reason = try reader.next()
        order.owner = try reader.nextRaw()
        return order
    }

    private static func trigger(_ reader: inout Reader) throws(MalformedServerMessage) -> TriggerUpdate {
        guard let state = TriggerState(rawValue: try reader.next()) else { throw reader.malformed }
        let market: UInt16 = try reader.next()
        let triggerPriceCode: UInt32 = try reader.next()
        let orderId: UInt64 = try reader.next()
        let clientOrderId: UInt64 = try reader.next()
        let lots: UInt64 = try reader.next()
        let limitPriceCode: UInt32 = try reader.next()
        let code: UInt16 = try reader.next()
        let side: Side = (try reader.next() as UInt16) & 1 == 0 ? .buy : .sell
        var update = TriggerUpdate(
            state: state, side: side, market: market, triggerPriceCode: triggerPriceCode, orderId: orderId, clientOrderId: clientOrderId,
            lots: lots, limitPriceCode: limitPriceCode, code: code, position: try reader.positionAndBlock(),
            commandIndex: try reader.next(), owner: .zero)
        update.subaccount = try reader.next()
        update.owner = try reader.nextRaw()
        return update
    }

    private static func account(_ reader: inout Reader) throws(MalformedServerMessage) -> AccountUpdate {
        guard let change = AccountChange(rawValue: try reader.next()) else { throw reader.malformed }
        return AccountUpdate(
            change: change, reason: try reader.next(), account: try reader.next(), value: try reader.next(),
            position: try reader.positionAndBlock(), opened: try reader.next(), owner: try reader.nextRaw())
    }

    private static func block(_ reader: inout Reader) throws(MalformedServerMessage) -> SealedHead {
        try reader.skip(7)
        return SealedHead(
            number: try reader.next(), timeMs: try reader.next(), stateRoot: try reader.nextRaw(), hash: try reader.nextRaw())
    }

    private static func funds(_ reader: inout Reader) throws(MalformedServerMessage) -> Funds {
        guard let kind = FundsKind(rawValue: try reader.next()) else { throw reader.malformed }
        let subaccount: UInt16 = try reader.next()
        return Funds(
            kind: kind, token: try reader.next(), atoms: try reader.next(), withdrawalId: try reader.next(),
            position: try reader.positionAndBlock(), owner: try reader.nextRaw(), subaccount: subaccount)
    }
}
