import Engine
import Sequencer

/// Encoding of the messages to clients. Each call appends one whole message, or a header that says what must follow.
extension ByteBuffer {
    mutating func append(hello: ServerMessage.Hello) {
        append(Wire.ToClient.hello)
        append(hello.version)
        append(UInt16(0))
        append(hello.session)
        append(hello.chainId)
        append(raw: hello.rollup)
        append(hello.payloadBytesMax)
        append(hello.serverTimeMs)
        append(hello.block)
        append(hello.commandsPerPayloadMax)
        append(hello.subscriptionsMax)
        append(hello.pingIntervalSeconds)
        append(hello.idleTimeoutSeconds)
        append(hello.inFlightMax)
        append(hello.outputBytesMax)
        append(raw: hello.domainSeparator)
        append(hello.commandsPerSecond)
        append(hello.commandBurst)
        append(hello.oldestPosition.rawValue)
        append(hello.messagesPerSecond)
        append(UInt32(0))
    }

    /// Followed by ``append(result:)`` for every command, then ``append(rejectedCommand:code:)`` for every rejected one.
    mutating func append(
        ackOf nonce: UInt64, sequence: UInt64, block: UInt64, position: UInt32, commandCount: UInt16, quotaRemaining: UInt32 = .max
    ) {
        append(Wire.ToClient.ack)
        append(UInt8(0))
        append(commandCount)
        append(position)
        append(nonce)
        append(sequence)
        append(block)
        append(quotaRemaining)
        append(UInt32(0))
    }

    /// `event` must be the result event of a command.
    mutating func append(result event: Event) {
        append(event.kind)
        append(event.side)
        append(event.code)
        append(event.priceCode)
        switch event.kind {
        case Event.Kind.subaccountOpened, Event.Kind.transferred: append(UInt64(event.counterAccount))
        case Event.Kind.settingChanged: append(UInt64(event.account))
        case Event.Kind.tokenCreated: append(event.counterOrderId)
        default: append(event.orderId)
        }
        append(event.kind == Event.Kind.cancelled ? event.remaining : event.lots)
        switch event.kind {
        case Event.Kind.placed, Event.Kind.modified, Event.Kind.triggerPlaced, Event.Kind.tokenCreated: append(event.remaining)
        default: append(UInt64(0))
        }
    }

    mutating func append(rejectedCommand index: UInt16, code: UInt16) {
        let text = RejectCode(rawValue: code)?.text ?? "Refused."
        append(index)
        append(UInt16(text.utf8CodeUnitCount))
        append(text)
    }

    /// The code's sentence, and `detail` behind it.
    mutating func append(
        reject code: RejectCode, messageType: UInt8, requestId: UInt32 = 0, nonce: UInt64 = 0, quotaRemaining: UInt32 = .max,
        detail: String = ""
    ) {
        append(Wire.ToClient.reject)
        append(messageType)
        append(code.rawValue)
        append(requestId)
        append(nonce)
        append(quotaRemaining)
        append(UInt16(code.text.utf8CodeUnitCount + (detail.isEmpty ? 0 : 1 + detail.utf8.count)))
        append(code.text)
        guard !detail.isEmpty else { return }
        append(UInt8(ascii: " "))
        append(text: detail)
    }

    mutating func append(
        subscription: ClientMessage.Subscription, isActive: Bool, account: UInt32, position: StreamPosition = StreamPosition(rawValue: 0)
    ) {
        append(Wire.ToClient.subscription)
        append(subscription.channel.rawValue)
        append(subscription.channel == .account ? subscription.subaccount : subscription.market)
        append(UInt32(isActive ? 1 : 0))
        append(raw: subscription.owner)
        append(account)
        append(position.rawValue)
    }

    /// Followed by the reply's body.
    mutating func append(queryReplyTo requestId: UInt32) {
        append(Wire.ToClient.queryReply)
        append(UInt8(0))
        append(UInt16(0))
        append(requestId)
    }

    mutating func append(timeReplyTo clientTime: UInt64, serverTimeMs: UInt64) {
        append(UInt64(Wire.ToClient.time))
        append(clientTime)
        append(serverTimeMs)
    }

    mutating func append(fill: ServerMessage.Fill) {
        append(Wire.ToClient.fill)
        append(fill.side.rawValue | (fill.isMaker ? 2 : 0) | (fill.isAuction ? 4 : 0))
        append(fill.market)
        append(fill.priceCode)
        append(fill.orderId)
        append(fill.clientOrderId)
        append(fill.lots)
        append(fill.remaining)
        append(fill.position.rawValue)
        append(fill.position.block)
        append(fill.commandIndex)
        append(fill.subaccount)
        append(raw: fill.owner)
    }

    mutating func append(order: ServerMessage.OrderUpdate) {
        append(Wire.ToClient.order)
        append(order.state.rawValue)
        append(order.market)
        append(order.priceCode)
        append(order.orderId)
        append(order.clientOrderId)
        append(order.lots)
        append(order.restingLots)
        append(order.position.rawValue)
        append(order.position.block)
        append(order.commandIndex)
        append(order.side.rawValue | (order.isTrigger ? 2 : 0) | UInt8(truncatingIfNeeded: order.subaccount << 3))
        append(order.reason)
        append(raw: order.owner)
    }

    mutating func append(trigger: ServerMessage.TriggerUpdate) {
        append(Wire.ToClient.trigger)
        append(trigger.state.rawValue)
        append(trigger.market)
        append(trigger.triggerPriceCode)
        append(trigger.orderId)
        append(trigger.clientOrderId)
        append(trigger.lots)
        append(trigger.limitPriceCode)
        append(trigger.code)
        append(UInt16(trigger.side.rawValue))
        append(trigger.position.rawValue)
        append(trigger.position.block)
        append(trigger.commandIndex)
        append(trigger.subaccount)
        append(raw: trigger.owner)
    }

    mutating func append(account: ServerMessage.AccountUpdate) {
        append(Wire.ToClient.account)
        append(account.change.rawValue)
        append(account.reason)
        append(account.account)
        append(account.value)
        append(account.position.rawValue)
        append(account.position.block)
        append(account.opened)
        append(raw: account.owner)
    }

    mutating func append(block: SealedHead) {
        append(UInt64(Wire.ToClient.block))
        append(block.number)
        append(block.timeMs)
        append(raw: block.stateRoot)
        append(raw: block.hash)
    }

    mutating func append(funds: ServerMessage.Funds) {
        append(Wire.ToClient.funds)
        append(funds.kind.rawValue)
        append(funds.subaccount)
        append(funds.token)
        append(funds.atoms)
        append(funds.withdrawalId)
        append(funds.position.rawValue)
        append(funds.position.block)
        append(raw: funds.owner)
    }
}
