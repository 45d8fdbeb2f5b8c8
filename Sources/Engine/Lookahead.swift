#if !MEMEX_GUEST
/// Command batches that wait for their turn, announced so that the exchange fetches what they will touch while others are executed.
///
/// The cancel of one order among very many waits for memory several times in a row: for the index, for the order, for its neighbours in two
/// lists. Each announced command leaves a trail, which goes on by one step whenever another few were announced, so that each step finds
/// in the cache what the one before asked for. Nothing here changes the exchange; a trail that is wrong by then costs a cache line.
package struct Lookahead {
    /// How many batches to announce beyond the one that is executed next.
    package static let batchesAhead = 12
    /// Commands of one batch that are looked at.
    private static let commandsPerBatchMax = 32
    /// Commands between two steps of a trail.
    private static let commandsPerStep = 4

    /// What a command leads to: somewhere in the books, and to the balances of an account in a market's tokens.
    fileprivate struct Trail {
        var next = Step.none
        var account: UInt32 = 0
        var market: UInt16 = 0
    }

    fileprivate enum Step {
        case none
        /// A bucket of the client order index, by its offset.
        case bucket(Int)
        /// An order that will leave, by its slot.
        case order(UInt32)
    }

    private var trails = InlineArray<16, Trail>(repeating: Trail())
    private var count = 0

    package init() {}

    /// Takes note of a batch that will be executed after those announced before. Worth its time while ``Exchange/gainsFromLookahead``.
    package mutating func announce(signer: Address, payload: UnsafeRawBufferPointer, to exchange: borrowing Exchange) {
        let slot = exchange.findSigner(signer)
        let account = exchange.homeAccount(signer: slot).account
        exchange.prefetchAccount(account, signer: slot)
        var offset = 0
        for _ in 0..<Self.commandsPerBatchMax {
            guard let command = Command.decode(payload, at: &offset) else { return }
            trails[count & 15] = exchange.trail(of: command, account: account)
            let first = (count &- Self.commandsPerStep) & 15
            exchange.prefetchBalances(account: trails[first].account, market: trails[first].market)
            trails[first].next = exchange.step(along: trails[first].next)
            let second = (count &- 2 * Self.commandsPerStep) & 15
            trails[second].next = exchange.step(along: trails[second].next)
            count &+= 1
        }
    }
}

extension Exchange {
    /// Whether there are so many orders or accounts that looking ahead saves more than it costs.
    package var gainsFromLookahead: Bool {
        let header = pointer(Layout.header, as: StateHeader.self)
        return header.pointee.accountCount > 1 << 8 || orderBook(0).gainsFromPrefetching
    }

    /// Asks for what every batch of a signer touches.
    @inline(__always)
    fileprivate borrowing func prefetchAccount(_ account: UInt32, signer slot: UInt32) {
        arena.prefetch(nonceOffset(slot, Int(pointer(signerOffset(slot), as: Signer.self).pointee.firstNonce)))
        arena.prefetch(accountOffset(account))
        arena.prefetch(pageEntryOffset(account: account, token: 0))
    }

    /// Asks for an account's balances of a market's tokens. (An account 0 has the all-zero page.)
    @inline(__always)
    fileprivate borrowing func prefetchBalances(account: UInt32, market: UInt16) {
        guard market < Layout.marketCapacity else { return }
        let market = pointer(marketOffset(UInt32(market)), as: Market.self)
        arena.prefetch(balanceOffset(account: account, token: market.pointee.baseToken))
        arena.prefetch(balanceOffset(account: account, token: market.pointee.quoteToken))
    }

    @inline(__always)
    fileprivate borrowing func trail(of command: Command, account: UInt32) -> Lookahead.Trail {
        switch command {
        case .cancelByClientId(let market, let clientOrderId):
            let bucket = bucketOffset(account: account, clientOrderId: clientOrderId)
            arena.prefetch(bucket)
            return Lookahead.Trail(next: .bucket(bucket), account: account, market: market)
        case .cancel(let market, let orderId), .modify(let market, let orderId, _, _):
            let slot = UInt32(truncatingIfNeeded: orderId)
            guard slot < UInt32(Layout.orderCapacity) else { return Lookahead.Trail() }
            prefetch(slot: slot)
            return Lookahead.Trail(next: .order(slot), account: account, market: market)
        case .place(let order), .placeUntil(let order, _):
            guard isListed(market: order.market), order.priceCode < PriceCode.count else { return Lookahead.Trail() }
            let book = orderBook(UInt32(order.market))
            var trail = Lookahead.Trail(account: account, market: order.market)
            if order.clientOrderId != 0 { arena.prefetch(bucketOffset(account: account, clientOrderId: order.clientOrderId)) }
            if book.crosses(order.flags.side, limit: order.priceCode) {
                let slot = book.firstOrder(at: book.bestPrice(order.flags.side.opposite))
                prefetch(slot: slot)
                trail.next = .order(slot)
            } else {
                book.prefetchQueueEnd(priceCode: order.priceCode)
            }
            return trail
        default: return Lookahead.Trail()
        }
    }

    @inline(__always)
    fileprivate borrowing func step(along step: Lookahead.Step) -> Lookahead.Step {
        switch step {
        case .none: return .none
        case .bucket(let offset):
            let slot = pointer(offset, as: UInt32.self).pointee
            prefetch(slot: slot)
            return .order(slot)
        case .order(let slot):
            let detail = pointer(detailOffset(slot), as: OrderDetail.self)
            let account = pointer(orderOffset(slot), as: Order.self).pointee.account
            arena.prefetch(detailOffset(detail.pointee.accountNext))
            arena.prefetch(detailOffset(detail.pointee.accountPrevious))
            arena.prefetch(bucketOffset(account: account, clientOrderId: detail.pointee.clientOrderId))
            orderBook(0).prefetchNeighbours(slot: slot)
            return .none
        }
    }
}
#endif
