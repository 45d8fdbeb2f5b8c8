import Engine

/// One command into the columns: the inverse of `BatchReader.nextCommand`.
extension BatchEncoder {
    private typealias Column = BatchFormat.Column
    private typealias Head = BatchFormat.Head

    mutating func add(_ command: Command, signer: Int, timeMs: UInt64) {
        switch command {
        case .place(let order):
            add(order, head: Head.place | flagBits(order.flags), signer: signer)
        case .cancel(let market, let orderId):
            add(head: Head.cancel, market: market)
            add(orderId: orderId)
        case .cancelByClientId(let market, let clientOrderId):
            add(head: Head.cancelByClientId, market: market, clientOrderId: clientOrderId, signer: signer)
        case .placeUntil(let order, let expiryMs):
            add(order, head: Head.placeUntil | flagBits(order.flags), signer: signer)
            add(timeMs: expiryMs, after: timeMs)
        case .placeTrigger(let order, let expiryMs, let triggerPriceCode):
            columns.append(byte: order.flags.rawValue, to: Column.flags)
            add(order, head: expiryMs == 0 ? Head.placeTrigger : Head.placeTrigger | Head.expires, signer: signer)
            columns.append(varint: BatchFormat.zigzag(triggerPriceCode &- order.priceCode), to: Column.triggerPrice)
            if expiryMs != 0 { add(timeMs: expiryMs, after: timeMs) }
        case .modify(let market, let orderId, let priceCode, let lots):
            add(head: Head.modify, market: market)
            add(orderId: orderId)
            add(priceCode: priceCode, market: market)
            columns.append(varint: lots, to: Column.lots)
        case .withdraw(let token, let atoms):
            addOther(type: 4, Column.funds, UInt64(token), atoms)
        case .approveAgent(let agent, let expiryMs):
            addOther(type: 5)
            withUnsafeBytes(of: agent) { columns.append(bytes: $0, to: Column.agent) }
            columns.append(varint: expiryMs, to: Column.agent)
        case .revokeAgent(let agent):
            addOther(type: 6)
            withUnsafeBytes(of: agent) { columns.append(bytes: $0, to: Column.agent) }
        case .cancelAll(let market, let sides): addOther(type: 10, Column.settings, UInt64(sides.rawValue), UInt64(market))
        case .scheduleCancel(let cancelAtMs):
            addOther(type: 11)
            add(timeMs: cancelAtMs, after: timeMs)
        case .cancelOnDisconnect(let isOn): addOther(type: 12, Column.settings, isOn ? 1 : 0)
        case .disconnected: addOther(type: 13)
        case .useAccount(let account): addOther(type: 14, Column.settings, UInt64(account))
        case .openSubaccount: addOther(type: 15)
        case .transfer(let token, let atoms, let toAccount): addOther(type: 16, Column.funds, UInt64(token), atoms, UInt64(toAccount))
        }
    }

    /// Bits 3-5 of the head of a place or place-until command; flags that they do not hold go to their column.
    private mutating func flagBits(_ flags: PlaceFlags) -> UInt8 {
        if Head.isShort(flags) { return flags.rawValue << Head.flagsShift }
        columns.append(byte: flags.rawValue, to: Column.flags)
        return Head.longFlags
    }

    private mutating func add(_ order: Command.Order, head: UInt8, signer: Int) {
        add(head: head, market: order.market, clientOrderId: order.clientOrderId, signer: signer)
        add(priceCode: order.priceCode, market: order.market)
        columns.append(varint: order.lots, to: Column.lots)
    }

    private mutating func addOther(type: UInt8) { columns.append(byte: Head.other | type << Head.flagsShift, to: Column.head) }

    /// A command whose fields are varints in one column. A byte below 128 is its own varint.
    private mutating func addOther(type: UInt8, _ column: Int, _ values: UInt64...) {
        addOther(type: type)
        for value in values { columns.append(varint: value, to: column) }
    }

    private mutating func add(timeMs: UInt64, after blockTimeMs: UInt64) {
        columns.append(varint: BatchFormat.zigzag(timeMs &- blockTimeMs), to: Column.time)
    }

    private mutating func add(priceCode: UInt32, market: UInt16) {
        let entry = Int(market) % BatchFormat.lastPriceCount
        columns.append(varint: BatchFormat.zigzag(priceCode &- lastPrices[entry]), to: Column.price)
        lastPrices[entry] = priceCode
    }

    private mutating func add(orderId: UInt64) {
        let slot = UInt32(truncatingIfNeeded: orderId)
        columns.append(varint: BatchFormat.zigzag(slot &- lastOrderSlot), to: Column.orderSlot)
        lastOrderSlot = slot
        columns.append(varint: orderId >> 32, to: Column.orderGeneration)
    }

    private mutating func add(head: UInt8, market: UInt16, clientOrderId: UInt64, signer: Int) {
        add(head: clientOrderId == 0 ? head | Head.noClientOrderId : head, market: market)
        guard clientOrderId != 0 else { return }
        columns.append(varint: BatchFormat.zigzag(clientOrderId &- lastClientOrderIds[signer]), to: Column.clientOrderId)
        lastClientOrderIds[signer] = clientOrderId
    }

    private mutating func add(head: UInt8, market: UInt16) {
        columns.append(byte: market == lastMarket ? head | Head.sameMarket : head, to: Column.head)
        guard market != lastMarket else { return }
        columns.append(varint: UInt64(market), to: Column.market)
        lastMarket = market
    }
}
