/// One command of an envelope, put together from the columns.
extension BatchReader {
    private typealias Column = BatchFormat.Column
    private typealias Head = BatchFormat.Head

    mutating func nextCommand(signer: Int) throws(BatchError) -> Command {
        let head = try columns[Column.head].byte()
        let hasPlainFlags = head & Head.flagsMask == 0
        let hasClientOrderIdBit = head & Head.noClientOrderId != 0
        switch head & Head.typeMask {
        case Head.place:
            return .place(try nextOrder(head, flags: try nextFlags(head), signer: signer))
        case Head.cancel where hasPlainFlags && !hasClientOrderIdBit:
            return .cancel(market: try nextMarket(head), orderId: try nextOrderId())
        case Head.cancelByClientId where hasPlainFlags:
            return .cancelByClientId(market: try nextMarket(head), clientOrderId: try nextClientOrderId(head, signer: signer))
        case Head.placeUntil:
            let order = try nextOrder(head, flags: try nextFlags(head), signer: signer)
            return .placeUntil(order, expiryMs: try nextExpiry())
        case Head.placeTrigger where head & Head.flagsMask & ~Head.expires == 0:
            let flags = try columns[Column.flags].byte()
            guard let flags = PlaceFlags(rawValue: flags) else { throw .notCanonical(column: Column.flags) }
            let order = try nextOrder(head, flags: flags, signer: signer)
            let trigger = try columns[Column.triggerPrice].value(after: order.priceCode)
            return .placeTrigger(order, expiryMs: head & Head.expires == 0 ? 0 : try nextExpiry(), triggerPriceCode: trigger)
        case Head.modify where hasPlainFlags && !hasClientOrderIdBit:
            let market = try nextMarket(head)
            let orderId = try nextOrderId()
            return .modify(
                market: market, orderId: orderId, priceCode: try nextPrice(market), lots: try columns[Column.lots].varint())
        case Head.other:
            return try nextOther(type: head &>> Head.flagsShift, head)
        default:
            throw .malformedCommand(head: head)
        }
    }

    private mutating func nextOther(type: UInt8, _ head: UInt8) throws(BatchError) -> Command {
        switch type {
        case 4: return .withdraw(token: try columns[Column.funds].varint32(), atoms: try columns[Column.funds].varint())
        case 5:
            let agent = Address(loadingFrom: try columns[Column.agent].bytes(20))
            return .approveAgent(agent, expiryMs: try columns[Column.agent].varint())
        case 6: return .revokeAgent(Address(loadingFrom: try columns[Column.agent].bytes(20)))
        case 10:
            guard let sides = SideSelection(rawValue: try columns[Column.settings].byte()) else { throw .malformedCommand(head: head) }
            return .cancelAll(market: try marketValue(in: Column.settings), sides: sides)
        case 11: return .scheduleCancel(timeMs: try columns[Column.time].value(after: block.timeMs))
        case 12:
            let isOn = try columns[Column.settings].byte()
            guard isOn <= 1 else { throw .malformedCommand(head: head) }
            return .cancelOnDisconnect(isOn == 1)
        case 13: return .disconnected
        case 14: return .useAccount(try columns[Column.settings].varint32())
        case 15: return .openSubaccount
        case 16:
            let token = try columns[Column.funds].varint32()
            let atoms = try columns[Column.funds].varint()
            return .transfer(token: token, atoms: atoms, toAccount: try columns[Column.funds].varint32())
        default: throw .malformedCommand(head: head)
        }
    }

    private mutating func nextOrder(_ head: UInt8, flags: PlaceFlags, signer: Int) throws(BatchError) -> Command.Order {
        let market = try nextMarket(head)
        let priceCode = try nextPrice(market)
        let lots = try columns[Column.lots].varint()
        return Command.Order(
            market: market, flags: flags, priceCode: priceCode, lots: lots, clientOrderId: try nextClientOrderId(head, signer: signer))
    }

    /// The flags of a place or place-until command.
    private mutating func nextFlags(_ head: UInt8) throws(BatchError) -> PlaceFlags {
        let short = head & Head.flagsMask
        if short & Head.longFlags != Head.longFlags {
            guard let flags = PlaceFlags(rawValue: short &>> Head.flagsShift) else { throw .malformedCommand(head: head) }
            return flags
        }
        guard short == Head.longFlags else { throw .malformedCommand(head: head) }
        guard let flags = PlaceFlags(rawValue: try columns[Column.flags].byte()), !flags.firesAbove, !Head.isShort(flags) else {
            throw .notCanonical(column: Column.flags)
        }
        return flags
    }

    private mutating func nextExpiry() throws(BatchError) -> UInt64 {
        let expiryMs = try columns[Column.time].value(after: block.timeMs)
        guard expiryMs != 0 else { throw .notCanonical(column: Column.time) }
        return expiryMs
    }

    private mutating func nextMarket(_ head: UInt8) throws(BatchError) -> UInt16 {
        if head & Head.sameMarket != 0 {
            guard let lastMarket else { throw .noLastMarket }
            return lastMarket
        }
        let market = try marketValue(in: Column.market)
        guard market != lastMarket else { throw .notCanonical(column: Column.market) }
        lastMarket = market
        return market
    }

    private mutating func marketValue(in column: Int) throws(BatchError) -> UInt16 {
        let value = try columns[column].varint()
        guard value <= UInt64(UInt16.max) else { throw .valueOutOfRange(column: column, value: value) }
        return UInt16(truncatingIfNeeded: value)
    }

    private mutating func nextPrice(_ market: UInt16) throws(BatchError) -> UInt32 {
        let entry = workspace.lastPrices + Int(market) % BatchFormat.lastPriceCount
        entry.pointee = try columns[Column.price].value(after: entry.pointee)
        return entry.pointee
    }

    private mutating func nextOrderId() throws(BatchError) -> UInt64 {
        lastOrderSlot = try columns[Column.orderSlot].value(after: lastOrderSlot)
        return UInt64(try columns[Column.orderGeneration].varint32()) &<< 32 | UInt64(lastOrderSlot)
    }

    private mutating func nextClientOrderId(_ head: UInt8, signer: Int) throws(BatchError) -> UInt64 {
        if head & Head.noClientOrderId != 0 { return 0 }
        let entry = workspace.lastClientOrderIds + signer
        entry.pointee = try columns[Column.clientOrderId].value(after: entry.pointee)
        guard entry.pointee != 0 else { throw .notCanonical(column: Column.clientOrderId) }
        return entry.pointee
    }
}
