/// What comes from L1. The contract has checked these messages; what it cannot know (room in the arena) is handled here so that
/// no deposit is ever lost. Every message advances the cursor.
extension Exchange {
    /// Applies the next message of the L1 inbox and advances the inbox cursor, whatever the message holds.
    package mutating func consume(_ message: InboxMessage) {
        writableHeader().pointee.inboxCursor += 1
        var event: Event?
        switch message.kind.smallInteger {
        case InboxMessage.Kind.deposit: event = deposit(message)
        case InboxMessage.Kind.tokenListed: event = listToken(message)
        case InboxMessage.Kind.marketListed: event = listMarket(message)
        case InboxMessage.Kind.feeTierSet: event = setFeeTier(message)
        case InboxMessage.Kind.forced:
            if force(message) { return }
            event = nil
        case InboxMessage.Kind.marketFeesSet: event = setMarketFees(message)
        default: event = nil
        }
        if let event {
            emit(event)
        } else {
            var ignored = Event()
            ignored.kind = Event.Kind.inboxIgnored
            emit(ignored)
        }
    }

    /// Credits a deposit; writes a withdrawal record to the owner instead when there is no room for an account or a balance.
    private mutating func deposit(_ message: InboxMessage) -> Event? {
        guard let owner = message.a.address, !owner.isZero,
            let tokenWord = message.b.smallInteger, let token = UInt32(exactly: tokenWord), isListed(token: token),
            let amount = message.c.smallInteger, amount > 0,
            totalAtoms(token: token).addingSaturated(amount) <= Layout.tokenAtomsMax
        else { return nil }
        var event = Event()
        event.counterOrderId = UInt64(token)
        event.lots = amount
        let account = canOpenBalances(pages: 1) ? openAccount(owner: owner) : 0
        if account != 0 {
            openBalance(account: account, token: token)
            writableBalance(account: account, token: token).pointee.free += amount
            writable(tokenTotalOffset(token), as: UInt64.self).pointee += amount
            event.kind = Event.Kind.deposited
            event.account = account
        } else {
            event.kind = Event.Kind.withdrawn
            event.orderId = recordWithdrawal(owner: owner, token: token, amount: amount)
        }
        return event
    }

    private mutating func listToken(_ message: InboxMessage) -> Event? {
        guard let l1Address = message.a.address,
            let idWord = message.b.smallInteger, idWord > 0, idWord < UInt64(Layout.bornTokensStart),
            let shape = message.c.smallInteger, shape < 1 << 16
        else { return nil }
        let id = UInt32(idWord)
        let decimals = UInt32(shape & 0xFF)
        let unitExponent = UInt32(shape >> 8)
        guard !isListed(token: id), decimals <= UInt32(Layout.tokenDecimalsMax), unitExponent <= 36 else { return nil }
        let token = writable(tokenOffset(id), as: Token.self)
        token.pointee.l1Address = l1Address
        token.pointee.id = id
        token.pointee.decimals = decimals
        token.pointee.unitExponent = unitExponent
        token.pointee.symbol = TokenSymbol(word0: message.d.word0, word1: message.d.word1)
        var event = Event()
        event.kind = Event.Kind.tokenListed
        event.counterOrderId = idWord
        return event
    }

    private mutating func listMarket(_ message: InboxMessage) -> Event? {
        guard let feeOwner = message.a.address, !feeOwner.isZero,
            let idWord = message.b.smallInteger, idWord > 0, idWord < UInt64(Layout.marketCapacity),
            message.c.word0 == 0, message.c.word1 == 0, let opening = OpeningTerms(message.d)
        else { return nil }
        let high = message.c.word2.byteSwapped
        let low = message.c.word3.byteSwapped
        let id = UInt32(idWord)
        let base = UInt32(truncatingIfNeeded: low)
        let quote = UInt32(truncatingIfNeeded: low >> 32)
        let lotExponent = UInt32(high & 0xFF)
        let makerFee = UInt32(high >> 8 & 0xFFFF)
        let takerFee = UInt32(high >> 24 & 0xFFFF)
        guard high >> 40 == 0, market(id) == nil, isListed(token: base), isListed(token: quote), base != quote, lotExponent <= 18,
            makerFee <= Layout.feeBasisPointsMax, takerFee <= Layout.feeBasisPointsMax, canOpenBalances(pages: 2)
        else { return nil }
        let feeAccount = openAccount(owner: feeOwner)
        guard feeAccount != 0 else { return nil }

        // Matching credits fees without looking, so their cells exist from here on.
        openBalance(account: feeAccount, token: base)
        openBalance(account: feeAccount, token: quote)
        let record = writableMarket(id)
        record.pointee.id = id
        record.pointee.baseToken = base
        record.pointee.quoteToken = quote
        record.pointee.feeAccount = feeAccount
        record.pointee.lotAtoms = Notional.powerOfTen(lotExponent)
        record.pointee.lotExponent = lotExponent
        record.pointee.notionalExponent =
            Int32(pointer(tokenOffset(quote), as: Token.self).pointee.decimals) + Int32(lotExponent)
            - Int32(pointer(tokenOffset(base), as: Token.self).pointee.decimals) - PriceCode.exponentBias
        record.pointee.makerFeeBasisPoints = makerFee
        record.pointee.takerFeeBasisPoints = takerFee
        orderBook(id).open()
        orderBook(id + UInt32(Layout.marketCapacity)).open()
        let schedule = writable(Layout.scheduleHeader, as: ScheduleHeader.self)
        schedule.pointee.marketHighWater = max(schedule.pointee.marketHighWater, id)
        if opening.timeMs != 0 { collect(market: id, until: opening) }
        var event = Event()
        event.kind = Event.Kind.marketListed
        event.market = UInt16(id)
        event.priceCode = opening.referencePrice
        event.lots = opening.timeMs
        return event
    }

    /// Whether there is a token with this id.
    func isListed(token: UInt32) -> Bool {
        token > 0 && token < UInt32(Layout.tokenCapacity) && pointer(tokenOffset(token), as: Token.self).pointee.id == token
    }
}

extension Hash256 {
    /// The big-endian word as an integer, nil if it needs more than 64 bits.
    var smallInteger: UInt64? { word0 | word1 | word2 == 0 ? word3.byteSwapped : nil }

    /// The word as an ABI address, nil if its upper 12 bytes are not zero.
    var address: Address? {
        guard word0 == 0, UInt32(truncatingIfNeeded: word1) == 0 else { return nil }
        return withUnsafeBytes(of: self) { Address(loadingFrom: $0.baseAddress! + 12) }
    }
}
