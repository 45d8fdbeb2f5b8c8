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

    /// What a command leads to.
    fileprivate enum Trail {
        case none
        /// A bucket of the client order index, by its offset.
        case bucket(Int)
        /// An order that will leave, by its slot.
        case order(UInt32)
    }

    private var trails = InlineArray<16, Trail>(repeating: .none)
    private var count = 0

    package init() {}

    /// Takes note of a batch that will be executed after those announced before. Worth its time while ``Exchange/gainsFromLookahead``.
    package mutating func announce(signer: Address, payload: UnsafeRawBufferPointer, to exchange: borrowing Exchange) {
        let slot = exchange.findSigner(signer)
        let account = exchange.homeAccount(signer: slot).account
        if exchange.hasManyAccounts { exchange.prefetchAccount(account, signer: slot) }
        var offset = 0
        for _ in 0..<Self.commandsPerBatchMax {
            guard let command = Command.decode(payload, at: &offset) else { return }
            trails[count & 15] = exchange.trail(of: command, account: account)
            follow(since: Self.commandsPerStep, exchange)
            follow(since: 2 * Self.commandsPerStep, exchange)
            count &+= 1
        }
    }

    /// Goes on with the trail of the command that was announced `commands` ago.
    @inline(__always)
    private mutating func follow(since commands: Int, _ exchange: borrowing Exchange) {
        let place = (count &- commands) & 15
        trails[place] = exchange.step(along: trails[place])
    }
}

extension Exchange {
    /// Whether there are so many orders or accounts that looking ahead saves more than it costs.
    package var gainsFromLookahead: Bool { hasManyAccounts || orderBook(0).gainsFromPrefetching }

    /// Whether what every account has for itself fills the caches next to the processor.
    @inline(__always)
    fileprivate var hasManyAccounts: Bool { pointer(Layout.header, as: StateHeader.self).pointee.accountCount > 1 << 8 }

    /// Asks for what every batch of a signer touches: its nonces, the account, and where its balances lie.
    @inline(__always)
    fileprivate borrowing func prefetchAccount(_ account: UInt32, signer slot: UInt32) {
        arena.prefetchForWriting(nonceOffset(slot, Int(pointer(signerOffset(slot), as: Signer.self).pointee.firstNonce)))
        arena.prefetchForWriting(accountOffset(account))
        arena.prefetch(pageEntryOffset(account: account, token: 0))
    }

    @inline(__always)
    fileprivate borrowing func trail(of command: Command, account: UInt32) -> Lookahead.Trail {
        switch command {
        case .cancelByClientId(_, let clientOrderId):
            let bucket = bucketOffset(account: account, clientOrderId: clientOrderId)
            arena.prefetchForWriting(bucket)
            return .bucket(bucket)
        case .cancel(_, let orderId), .modify(_, let orderId, _, _):
            let slot = UInt32(truncatingIfNeeded: orderId)
            guard slot < UInt32(Layout.orderCapacity) else { return .none }
            prefetch(slot: slot)
            return .order(slot)
        case .place(let order), .placeUntil(let order, _):
            guard isListed(market: order.market), order.priceCode < PriceCode.count else { return .none }
            let book = orderBook(UInt32(order.market))
            guard book.crosses(order.flags.side, limit: order.priceCode) else {
                book.prefetchQueueEnd(priceCode: order.priceCode, withMarks: true)
                return .none
            }
            let slot = book.firstOrder(at: book.bestPrice(order.flags.side.opposite))
            prefetch(slot: slot)
            return .order(slot)
        default: return .none
        }
    }

    @inline(__always)
    fileprivate borrowing func step(along trail: Lookahead.Trail) -> Lookahead.Trail {
        switch trail {
        case .none: return .none
        case .bucket(let offset):
            let slot = pointer(offset, as: UInt32.self).pointee
            prefetch(slot: slot)
            return .order(slot)
        case .order(let slot):
            let detail = pointer(detailOffset(slot), as: OrderDetail.self)
            let account = pointer(orderOffset(slot), as: Order.self).pointee.account
            arena.prefetchForWriting(detailOffset(detail.pointee.accountNext))
            arena.prefetchForWriting(detailOffset(detail.pointee.accountPrevious))
            arena.prefetchForWriting(bucketOffset(account: account, clientOrderId: detail.pointee.clientOrderId))
            orderBook(0).prefetchNeighbours(slot: slot, withMarks: true)
            return .none
        }
    }

    /// Asks for the two records of the order in a slot.
    @inline(__always)
    private borrowing func prefetch(slot: UInt32) {
        arena.prefetchForWriting(orderOffset(slot))
        arena.prefetchForWriting(detailOffset(slot))
    }
}
#endif
