import Engine

/// One command into the values: the inverse of `BatchReader.nextCommand`.
extension BatchEncoder {
    private typealias Contexts = BatchContexts
    private typealias Column = BatchContexts.Number

    mutating func add(_ command: Command, type: UInt8, signer: Int, timeMs: UInt64) {
        let last = signers[signer].type
        values.append(Int(type), tree: Contexts.type + Int(last) << Contexts.typeBits, bits: Contexts.typeBits)
        signers[signer].type = type
        switch command {
        case .place(let order): add(order, signer)
        case .cancel(let market, let orderId):
            add(market: market, signer)
            add(orderId: orderId)
        case .cancelByClientId(let market, let clientOrderId):
            add(market: market, signer)
            if last == type {
                values.append(clientOrderId, after: signers[signer].cancelledClientOrderId &+ 1, to: Column.nextCancelledClientOrderId)
            } else {
                values.append(signers[signer].clientOrderId, after: clientOrderId, to: Column.cancelledClientOrderId)
            }
            signers[signer].cancelled(clientOrderId)
        case .withdraw(let token, let atoms):
            values.append(UInt64(token), to: Column.token)
            values.append(atoms, to: Column.atoms)
        case .approveAgent(let agent, let expiryMs):
            add(agent)
            values.append(expiryMs, to: Column.agentExpiry)
        case .revokeAgent(let agent): add(agent)
        case .placeUntil(let order, let expiryMs):
            add(order, signer)
            values.append(expiryMs, after: timeMs, to: Column.time)
        case .placeTrigger(let order, let expiryMs, let triggerPriceCode):
            add(order, signer)
            values.append(expiryMs != 0, context: Contexts.expires)
            if expiryMs != 0 { values.append(expiryMs, after: timeMs, to: Column.time) }
            values.append(triggerPriceCode, after: order.priceCode, to: Column.triggerPrice)
        case .modify(let market, let orderId, let priceCode, let lots):
            add(market: market, signer)
            add(orderId: orderId)
            add(priceCode: priceCode, market: market, side: signers[signer].flags)
            add(lots: lots)
        case .cancelAll(let market, let sides):
            values.append(Int(sides.rawValue), tree: Contexts.sides, bits: 2)
            values.append(UInt64(market), to: Column.market)
        case .scheduleCancel(let cancelAtMs): values.append(cancelAtMs, after: timeMs, to: Column.time)
        case .cancelOnDisconnect(let isOn): values.append(isOn, context: Contexts.cancelsOnDisconnect)
        case .disconnected, .openSubaccount: break
        case .useAccount(let account): values.append(UInt64(account), to: Column.account)
        case .transfer(let token, let atoms, let toAccount):
            values.append(UInt64(token), to: Column.token)
            values.append(atoms, to: Column.atoms)
            values.append(UInt64(toAccount), to: Column.account)
        case .createToken(let symbol, let decimals, let supply):
            values.append(supply, to: Column.atoms)
            values.append(UInt64(decimals), bits: 8)
            withUnsafeBytes(of: symbol) { bytes in
                for byte in bytes { values.append(UInt64(byte), bits: 8) }
            }
        }
    }

    private mutating func add(_ order: Command.Order, _ signer: Int) {
        add(market: order.market, signer)
        let last = signers[signer].flags
        let flags = order.flags.rawValue
        values.append(flags & 1 == 1, context: Contexts.side + Int(last & 1))
        values.append(
            Int(flags >> 1), tree: Contexts.orderFlags + Int(last >> 1) << Contexts.orderFlagsBits, bits: Contexts.orderFlagsBits)
        signers[signer].flags = flags
        add(priceCode: order.priceCode, market: order.market, side: flags)
        add(lots: order.lots)
        values.append(order.clientOrderId != 0, context: Contexts.hasClientOrderId)
        guard order.clientOrderId != 0 else { return }
        values.append(order.clientOrderId, after: signers[signer].clientOrderId &+ 1, to: Column.clientOrderId)
        signers[signer].clientOrderId = order.clientOrderId
    }

    private mutating func add(market: UInt16, _ signer: Int) {
        let isSame = market == signers[signer].market
        values.append(isSame, context: Contexts.isSameMarket)
        guard !isSame else { return }
        values.append(UInt64(market), to: Column.market)
        signers[signer].market = market
    }

    private mutating func add(orderId: UInt64) {
        let slot = UInt32(truncatingIfNeeded: orderId)
        values.append(slot, after: lastOrderSlot, to: Column.orderSlot)
        values.append(orderId >> 32, to: Column.orderGeneration)
        lastOrderSlot = slot
    }

    private mutating func add(priceCode: UInt32, market: UInt16, side: UInt8) {
        let index = BatchPrices.index(market: market, side: side)
        let last = prices[index]
        values.append(priceCode, after: last != 0 ? last : prices[index ^ 1], to: Column.price)
        prices[index] = priceCode
    }

    private mutating func add(lots: UInt64) {
        var mantissa = lots
        var zeros = 0
        while mantissa != 0, mantissa % 10 == 0 {
            mantissa /= 10
            zeros += 1
        }
        values.append(zeros, tree: Contexts.lotsZeros, bits: 5)
        values.append(mantissa, to: Column.lots + min(zeros, 3))
    }

    private mutating func add(_ address: Address) {
        for index in 0..<20 { values.append(UInt64(address[index]), bits: 8) }
    }
}
