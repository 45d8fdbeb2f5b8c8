import Engine

/// Builds the answers to queries from the exchange. Used on the executor's thread, between commands; keeps its buffer.
struct Queries {
    private(set) var reply: [UInt8] = []

    /// Ids of the tokens and markets as of `listedAt`: only inbox messages list any, and tokens are born one by one.
    private var tokenIds: [UInt32] = []
    private var marketIds: [UInt32] = []
    private var listedAt: (inboxCursor: UInt64, bornTokens: UInt32)?

    /// Where the node stands besides the exchange itself.
    struct Position {
        var sequence: UInt64
        var sealed: SealedHead
    }

    init() { reply.reserveCapacity(1 << 16) }

    /// Answers `body` (``QueryLayout``) into `reply`. An unknown or short query is answered as "not found".
    mutating func answer(_ body: UnsafeRawBufferPointer, _ exchange: borrowing Exchange, _ position: Position) {
        let isWhole = body.count >= QueryLayout.bytes
        let kind = body.isEmpty ? 0 : body[0]
        let market = isWhole ? body.loadUnaligned(fromByteOffset: QueryLayout.market, as: UInt16.self) : 0
        reply.removeAll(keepingCapacity: true)
        append(kind)
        append(UInt8(1))
        append(market)
        append(UInt32(0))
        append(position.sequence)
        append(exchange.header.blockNumber)
        guard isWhole, let base = body.baseAddress, let known = QueryKind(rawValue: kind) else { return setNotFound() }
        findListed(exchange)
        switch known {
        case .status: status(exchange, position)
        case .tokens: tokens(exchange)
        case .markets: markets(exchange)
        case .account: account(exchange, Address(loadingFrom: base + QueryLayout.address), subaccount: UInt32(market))
        case .accounts: accounts(exchange, Address(loadingFrom: base + QueryLayout.address))
        case .balances: balances(exchange, account: body.loadUnaligned(fromByteOffset: QueryLayout.account, as: UInt32.self))
        case .book:
            let depth = body.loadUnaligned(fromByteOffset: QueryLayout.depth, as: UInt16.self)
            book(exchange, market: UInt32(market), depth: min(Int(depth), QueryReply.Book.depthMax))
        }
    }

    private mutating func status(_ exchange: borrowing Exchange, _ position: Position) {
        let header = exchange.header
        append(header.blockTimeMs)
        append(header.inboxCursor)
        append(header.withdrawalCount)
        append(header.accountCount)
        append(header.openOrderCount)
        append(position.sealed.number)
        append(position.sealed.stateRoot)
        append(position.sealed.hash)
        set(UInt32(1), at: QueryReply.count)
    }

    private mutating func findListed(_ exchange: borrowing Exchange) {
        let now = (inboxCursor: exchange.header.inboxCursor, bornTokens: exchange.schedule.bornTokenCount)
        if let listedAt, listedAt == now { return }
        listedAt = now
        tokenIds.removeAll(keepingCapacity: true)
        marketIds.removeAll(keepingCapacity: true)
        for id in 1..<UInt32(Layout.tokenCapacity) where exchange.token(id) != nil { tokenIds.append(id) }
        for id in 1..<UInt32(Layout.marketCapacity) where exchange.market(id) != nil { marketIds.append(id) }
    }

    private mutating func tokens(_ exchange: borrowing Exchange) {
        var count: UInt32 = 0
        for id in tokenIds {
            guard let token = exchange.token(id) else { continue }
            append(token)
            count += 1
        }
        set(count, at: QueryReply.count)
    }

    private mutating func markets(_ exchange: borrowing Exchange) {
        var count: UInt32 = 0
        for id in marketIds {
            guard let market = exchange.market(id) else { continue }
            var book = exchange.book(id)
            if market.phase != MarketPhase.continuous {
                // What it has of asks lies where triggers lie later.
                let asks = exchange.book(id + UInt32(Layout.marketCapacity))
                book.bestAsk = min(book.bestAsk, asks.bestAsk)
                book.orderCount += asks.orderCount
            }
            append(MarketAndBook(market: market, book: book))
            count += 1
        }
        set(count, at: QueryReply.count)
    }

    /// `address` is that of an owner or of an agent key; `subaccount` counts from 1, 0 is the main account.
    private mutating func account(_ exchange: borrowing Exchange, _ address: Address, subaccount: UInt32) {
        var candidate = exchange.mainAccount(of: address)
        while let other = candidate, other.subaccountNumber != subaccount { candidate = exchange.account(id: other.nextSubaccount) }
        guard let account = candidate else { return setNotFound() }
        append(account)
        append(exchange.schedule(account: account.id))
        append(UInt32(0))
        append(UInt32(0))
        var balances: UInt32 = 0
        for token in tokenIds {
            guard let balance = exchange.balance(account: account.id, token: token) else { continue }
            append(balance)
            balances += 1
        }
        set(balances, at: QueryReply.count)
        var orders: UInt32 = 0
        var slot = account.firstOrder
        while let (order, detail) = exchange.order(slot: slot) {
            append(Order.id(slot: slot, generation: order.generation))
            append(detail.clientOrderId)
            append(order.lots)
            let isTrigger = exchange.isWaiting(order)
            append(isTrigger ? detail.limitPrice : order.priceCode)
            append(UInt16(truncatingIfNeeded: order.market))
            // Where a trigger lies in its book says in which direction it fires; its order's side is in the flags.
            append(isTrigger ? UInt8(detail.placeFlags & 1) : order.side.rawValue)
            append(UInt8(isTrigger ? 1 : 0))
            append(detail.expiryMs)
            append(isTrigger ? order.priceCode : 0)
            append(detail.placeFlags)
            orders += 1
            slot = detail.accountNext
        }
        set(orders, at: QueryReply.Account.orderCount)
    }

    private mutating func accounts(_ exchange: borrowing Exchange, _ address: Address) {
        var count: UInt32 = 0
        var next = exchange.mainAccount(of: address)
        guard next != nil else { return setNotFound() }
        while let account = next {
            append(account)
            append(exchange.schedule(account: account.id))
            count += 1
            next = exchange.account(id: account.nextSubaccount)
        }
        set(count, at: QueryReply.count)
    }

    private mutating func balances(_ exchange: borrowing Exchange, account id: UInt32) {
        guard let account = exchange.account(id: id) else { return setNotFound() }
        append(account.owner)
        append(id)
        var count: UInt32 = 0
        for token in tokenIds {
            guard let balance = exchange.balance(account: id, token: token) else { continue }
            append(token)
            append(UInt32(0))
            append(balance.free)
            append(balance.locked)
            count += 1
        }
        set(count, at: QueryReply.count)
    }

    private mutating func book(_ exchange: borrowing Exchange, market: UInt32, depth: Int) {
        guard exchange.market(market) != nil else { return setNotFound() }
        append(UInt32(0))
        append(UInt32(0))
        let bids = levels(exchange, market: market, side: .buy, depth: depth)
        let asks = levels(exchange, market: market, side: .sell, depth: depth)
        set(bids + asks, at: QueryReply.count)
        set(bids, at: QueryReply.Book.bidCount)
        set(asks, at: QueryReply.Book.askCount)
    }

    private mutating func levels(_ exchange: borrowing Exchange, market: UInt32, side: Side, depth: Int) -> UInt32 {
        var count: UInt32 = 0
        let books = exchange.books(ofMarket: market, side: side)
        var prices = books.map { exchange.bestPrice(book: $0, side: side) }
        // Mostly one book. While the auction is being executed asks move from one to the other.
        while count < depth, let priceCode = prices.compactMap({ $0 }).min(by: { side == .buy ? $0 > $1 : $0 < $1 }) {
            append(priceCode)
            append(UInt32(side.rawValue))
            var lots: UInt64 = 0
            for (index, book) in books.enumerated() where prices[index] == priceCode {
                lots += exchange.lots(book: book, priceCode: priceCode)
                prices[index] = exchange.nextPrice(book: book, side: side, behind: priceCode)
            }
            append(lots)
            count += 1
        }
        return count
    }

    private mutating func setNotFound() {
        reply[QueryReply.isFound] = 0
    }

    private mutating func append<Value: BitwiseCopyable>(_ value: Value) {
        withUnsafeBytes(of: value) { reply.append(contentsOf: $0) }
    }

    private mutating func set(_ value: UInt32, at offset: Int) {
        reply.withUnsafeMutableBytes { $0.storeBytes(of: value, toByteOffset: offset, as: UInt32.self) }
    }
}
