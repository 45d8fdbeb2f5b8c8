/// One command of an envelope, put together from the values.
extension BatchReader {
    private typealias Contexts = BatchContexts
    private typealias Column = BatchContexts.Number

    mutating func nextCommand(_ signer: UnsafeMutablePointer<BatchSigner>) throws(BatchError) -> Command {
        let last = signer.pointee.type
        let type = UInt8(values.tree(Contexts.type + Int(last) << Contexts.typeBits, bits: Contexts.typeBits))
        signer.pointee.type = type
        switch type {
        case 1: return .place(try nextOrder(signer, type))
        case 2:
            let market = try nextMarket(signer)
            return .cancel(market: market, orderId: try nextOrderId())
        case 3:
            let market = try nextMarket(signer)
            return .cancelByClientId(market: market, clientOrderId: try nextCancelled(signer, follows: last == type))
        case 4:
            let token = try values.number32(Column.token)
            return .withdraw(token: token, atoms: try values.number(Column.atoms))
        case 5:
            let agent = nextAddress()
            return .approveAgent(agent, expiryMs: try values.number(Column.agentExpiry))
        case 6: return .revokeAgent(nextAddress())
        case 7:
            let order = try nextOrder(signer, type)
            return .placeUntil(order, expiryMs: try nextExpiry())
        case 8:
            let order = try nextOrder(signer, type)
            let expiryMs = values.flag(Contexts.expires) ? try nextExpiry() : 0
            return .placeTrigger(
                order, expiryMs: expiryMs, triggerPriceCode: try values.value(Column.triggerPrice, after: order.priceCode))
        case 9:
            let market = try nextMarket(signer)
            let orderId = try nextOrderId()
            let priceCode = try nextPrice(market, side: signer.pointee.flags)
            return .modify(market: market, orderId: orderId, priceCode: priceCode, lots: try nextLots())
        case 10:
            guard let sides = SideSelection(rawValue: UInt8(values.tree(Contexts.sides, bits: 2))) else {
                throw .malformedCommand(type: type)
            }
            return .cancelAll(market: try nextMarketNumber(), sides: sides)
        case 11: return .scheduleCancel(timeMs: try values.value(Column.time, after: block.timeMs))
        case 12: return .cancelOnDisconnect(values.flag(Contexts.cancelsOnDisconnect))
        case 13: return .disconnected
        case 14: return .useAccount(try values.number32(Column.account))
        case 15: return .openSubaccount
        case 16:
            let token = try values.number32(Column.token)
            let atoms = try values.number(Column.atoms)
            return .transfer(token: token, atoms: atoms, toAccount: try values.number32(Column.account))
        case 17:
            let supply = try values.number(Column.atoms)
            let decimals = UInt8(truncatingIfNeeded: values.bits(8))
            guard decimals <= Layout.tokenDecimalsMax else { throw .malformedCommand(type: type) }
            return .createToken(nextSymbol(), decimals: decimals, supply: supply)
        default: throw .malformedCommand(type: type)
        }
    }

    private mutating func nextOrder(
        _ signer: UnsafeMutablePointer<BatchSigner>, _ type: UInt8
    ) throws(BatchError) -> Command.Order {
        let market = try nextMarket(signer)
        let last = signer.pointee.flags
        let side: UInt8 = values.flag(Contexts.side + Int(last & 1)) ? 1 : 0
        let rest = values.tree(Contexts.orderFlags + Int(last >> 1) << Contexts.orderFlagsBits, bits: Contexts.orderFlagsBits)
        let raw = UInt8(rest << 1) | side
        guard let flags = PlaceFlags(rawValue: raw), type == 8 || !flags.firesAbove else { throw .malformedCommand(type: type) }
        signer.pointee.flags = raw
        let priceCode = try nextPrice(market, side: side)
        let lots = try nextLots()
        guard values.flag(Contexts.hasClientOrderId) else {
            return Command.Order(market: market, flags: flags, priceCode: priceCode, lots: lots, clientOrderId: 0)
        }
        let clientOrderId = try values.value(Column.clientOrderId, after: signer.pointee.clientOrderId &+ 1)
        guard clientOrderId != 0 else { throw .notCanonical(column: Column.clientOrderId) }
        signer.pointee.clientOrderId = clientOrderId
        return Command.Order(market: market, flags: flags, priceCode: priceCode, lots: lots, clientOrderId: clientOrderId)
    }

    private mutating func nextCancelled(_ signer: UnsafeMutablePointer<BatchSigner>, follows: Bool) throws(BatchError) -> UInt64 {
        let clientOrderId: UInt64
        if follows {
            clientOrderId = try values.value(Column.nextCancelledClientOrderId, after: signer.pointee.cancelledClientOrderId &+ 1)
        } else {
            let distance = BatchFormat.unzigzag(try values.number(Column.cancelledClientOrderId))
            clientOrderId = signer.pointee.clientOrderId &- distance
        }
        signer.pointee.cancelled(clientOrderId)
        return clientOrderId
    }

    private mutating func nextMarket(_ signer: UnsafeMutablePointer<BatchSigner>) throws(BatchError) -> UInt16 {
        if values.flag(Contexts.isSameMarket) { return signer.pointee.market }
        let market = try nextMarketNumber()
        guard market != signer.pointee.market else { throw .notCanonical(column: Column.market) }
        signer.pointee.market = market
        return market
    }

    private mutating func nextMarketNumber() throws(BatchError) -> UInt16 {
        let value = try values.number(Column.market)
        guard value <= UInt64(UInt16.max) else { throw .valueOutOfRange(column: Column.market, value: value) }
        return UInt16(truncatingIfNeeded: value)
    }

    private mutating func nextOrderId() throws(BatchError) -> UInt64 {
        lastOrderSlot = try values.value(Column.orderSlot, after: lastOrderSlot)
        return UInt64(try values.number32(Column.orderGeneration)) << 32 | UInt64(lastOrderSlot)
    }

    private mutating func nextPrice(_ market: UInt16, side: UInt8) throws(BatchError) -> UInt32 {
        let index = BatchPrices.index(market: market, side: side)
        let last = workspace.prices[index]
        let price = try values.value(Column.price, after: last != 0 ? last : workspace.prices[index ^ 1])
        workspace.prices[index] = price
        return price
    }

    private mutating func nextLots() throws(BatchError) -> UInt64 {
        let zeros = values.tree(Contexts.lotsZeros, bits: 5)
        let column = Column.lots + min(zeros, 3)
        var lots = try values.number(column)
        guard lots % 10 != 0 || zeros == 0 && lots == 0 else { throw .notCanonical(column: column) }
        for _ in 0..<zeros {
            let (more, overflow) = lots.multipliedReportingOverflow(by: 10)
            guard !overflow else { throw .valueOutOfRange(column: column, value: lots) }
            lots = more
        }
        return lots
    }

    /// Not 0, which would be never.
    private mutating func nextExpiry() throws(BatchError) -> UInt64 {
        let expiryMs = try values.value(Column.time, after: block.timeMs)
        guard expiryMs != 0 else { throw .notCanonical(column: Column.time) }
        return expiryMs
    }

    private mutating func nextSymbol() -> TokenSymbol {
        var symbol = TokenSymbol(word0: 0, word1: 0)
        withUnsafeMutableBytes(of: &symbol) { bytes in
            for index in 0..<bytes.count { bytes[index] = UInt8(truncatingIfNeeded: values.bits(8)) }
        }
        return symbol
    }

    private mutating func nextAddress() -> Address {
        var address = Address()
        withUnsafeMutableBytes(of: &address) { bytes in
            for index in 0..<bytes.count { bytes[index] = UInt8(truncatingIfNeeded: values.bits(8)) }
        }
        return address
    }
}
