/// One command of an envelope, put together from the columns.
extension BatchReader {
    private typealias Column = BatchFormat.Column
    private typealias Head = BatchFormat.Head

    mutating func nextCommand(signer: Int) throws(BatchError) -> Command {
        let head = try columns[Column.head].byte()
        let flags = head &>> Head.flagsShift & 7
        switch head & Head.typeMask {
        case 1:
            guard let timeInForce = TimeInForce(rawValue: flags &>> 1) else { throw .malformedCommand(head: head) }
            let market = try nextMarket(head)
            return .place(
                market: market, side: flags & 1 == 0 ? .buy : .sell, timeInForce: timeInForce, priceCode: try nextPrice(market),
                lots: try columns[Column.lots].varint(), clientOrderId: try nextClientOrderId(head, signer: signer))
        case 2 where flags == 0 && head & Head.noClientOrderId == 0:
            let market = try nextMarket(head)
            lastOrderSlot = try columns[Column.orderSlot].value(after: lastOrderSlot)
            let generation = try columns[Column.orderGeneration].varint32()
            return .cancel(market: market, orderId: UInt64(generation) &<< 32 | UInt64(lastOrderSlot))
        case 3 where flags == 0:
            return .cancelByClientId(market: try nextMarket(head), clientOrderId: try nextClientOrderId(head, signer: signer))
        case 4 where head == 4:
            return .withdraw(token: try columns[Column.withdraw].varint32(), atoms: try columns[Column.withdraw].varint())
        case 5 where head == 5:
            let agent = Address(loadingFrom: try columns[Column.agent].bytes(20))
            return .approveAgent(agent, expiryMs: try columns[Column.agent].varint())
        case 6 where head == 6:
            return .revokeAgent(Address(loadingFrom: try columns[Column.agent].bytes(20)))
        default:
            throw .malformedCommand(head: head)
        }
    }

    private mutating func nextMarket(_ head: UInt8) throws(BatchError) -> UInt16 {
        if head & Head.sameMarket != 0 {
            guard let lastMarket else { throw .noLastMarket }
            return lastMarket
        }
        let value = try columns[Column.market].varint()
        guard value <= UInt64(UInt16.max) else { throw .valueOutOfRange(column: Column.market, value: value) }
        let market = UInt16(truncatingIfNeeded: value)
        lastMarket = market
        return market
    }

    private mutating func nextPrice(_ market: UInt16) throws(BatchError) -> UInt32 {
        let entry = workspace.lastPrices + Int(market) % BatchFormat.lastPriceCount
        entry.pointee = try columns[Column.price].value(after: entry.pointee)
        return entry.pointee
    }

    private mutating func nextClientOrderId(_ head: UInt8, signer: Int) throws(BatchError) -> UInt64 {
        if head & Head.noClientOrderId != 0 { return 0 }
        let entry = workspace.lastClientOrderIds + signer
        entry.pointee = try columns[Column.clientOrderId].value(after: entry.pointee)
        return entry.pointee
    }
}
