/// The opening auction: a market that opens at a set time collects orders until then and executes what overlaps at one price, so that nobody
/// gains by being the first.
///
/// While it collects, its asks rest in the book that will be that of its triggers (there can be none before the first price), so that bids and
/// asks may overlap. Opening takes steps, of which a block does only so many: first the fills, then the asks that are left move over to the
/// bids. Meanwhile the market's orders are frozen: none comes, none goes, not even when its time is over.
extension Exchange {
    /// Begins to collect orders for the auction of a market that was just listed.
    mutating func collect(market id: UInt32, until opening: OpeningTerms) {
        let market = writableMarket(id)
        market.pointee.phase = MarketPhase.collecting
        market.pointee.opensAtMs = opening.timeMs
        market.pointee.referencePrice = opening.referencePrice
        let schedule = writable(Layout.scheduleHeader, as: ScheduleHeader.self)
        if schedule.pointee.nextOpeningMs == 0 || opening.timeMs < schedule.pointee.nextOpeningMs {
            schedule.pointee.nextOpeningMs = opening.timeMs
        }
    }

    /// Opens the markets whose time has come, lowest id first, as far as a block may go; the next block goes on.
    mutating func openMarkets() {
        let now = pointer(Layout.header, as: StateHeader.self).pointee.blockTimeMs
        let due = pointer(Layout.scheduleHeader, as: ScheduleHeader.self).pointee
        guard due.uncrossingCount > 0 || (due.nextOpeningMs != 0 && due.nextOpeningMs <= now) else { return }
        var steps = Layout.openingStepsPerBlockMax
        var nextOpeningMs: UInt64 = 0
        for id in 1..<(due.marketHighWater + 1) {
            let market = pointer(marketOffset(id), as: Market.self)
            if market.pointee.phase == MarketPhase.collecting && market.pointee.opensAtMs <= now && steps > 0 { beginUncrossing(market) }
            if market.pointee.phase == MarketPhase.uncrossing { open(market, steps: &steps) }
            if market.pointee.phase == MarketPhase.collecting && (nextOpeningMs == 0 || market.pointee.opensAtMs < nextOpeningMs) {
                nextOpeningMs = market.pointee.opensAtMs
            }
        }
        writable(Layout.scheduleHeader, as: ScheduleHeader.self).pointee.nextOpeningMs = nextOpeningMs
    }

    /// Fixes the price and how much will trade.
    private mutating func beginUncrossing(_ market: UnsafePointer<Market>) {
        let clearing = clearingPrice(market)
        let state = writableBook(market.pointee.id)
        state.pointee.openingPrice = clearing.priceCode
        state.pointee.openingLots = clearing.lots
        writableMarket(market.pointee.id).pointee.phase = MarketPhase.uncrossing
        writable(Layout.scheduleHeader, as: ScheduleHeader.self).pointee.uncrossingCount += 1
    }

    /// Goes on with the fills and the moves while there are steps; then continuous trading begins.
    private mutating func open(_ market: UnsafePointer<Market>, steps: inout Int) {
        let id = market.pointee.id
        while pointer(bookOffset(id), as: BookState.self).pointee.openingLots > 0 {
            guard steps > 0 else { return }
            steps -= 1
            executeBest(market)
        }
        let bids = orderBook(id)
        let asks = orderBook(id + UInt32(Layout.marketCapacity))
        while case let price = asks.bestPrice(.sell), price != PriceCode.none {
            guard steps > 0 else { return }
            steps -= 1
            let slot = asks.firstOrder(at: price)
            if bids.hasRoom { asks.move(slot: slot, to: bids) } else { reduceToNothing(slot: slot, .noRoom) }
        }
        let state = writableBook(id)
        var event = Event()
        event.kind = Event.Kind.marketOpened
        event.market = UInt16(truncatingIfNeeded: id)
        event.priceCode = state.pointee.lastPrice
        event.lots = state.pointee.openedLots
        state.pointee.openingPrice = 0
        state.pointee.openedLots = 0
        writableMarket(id).pointee.phase = MarketPhase.continuous
        writable(Layout.scheduleHeader, as: ScheduleHeader.self).pointee.uncrossingCount -= 1
        emit(event)
    }
}

/// The last word of the message that lists a market: when it opens.
struct OpeningTerms {
    /// Block time in milliseconds; 0: at once, without an auction.
    var timeMs: UInt64
    /// Price code that decides between equally good opening prices.
    var referencePrice: UInt32

    /// Nil if the word says anything else.
    init?(_ word: Hash256) {
        let price = word.word2.byteSwapped
        timeMs = word.word3.byteSwapped
        referencePrice = UInt32(truncatingIfNeeded: price)
        guard word.word0 | word.word1 == 0, price < UInt64(PriceCode.count), timeMs != 0 || price == 0 else { return nil }
    }
}
