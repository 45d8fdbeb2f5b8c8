/// The one price of an opening auction.
///
/// Of all prices that an order can have there: the one at which most lots trade; then the one that leaves the fewest lots of the longer side
/// unfilled; then the one nearest to the reference, in price codes; then the lower one.
extension Exchange {
    struct ClearingPrice: Equatable {
        /// `PriceCode.none` if nothing trades.
        var priceCode = PriceCode.none
        var lots: UInt64 = 0
    }

    /// Finds it in one walk down the bids that overlap with the asks and one walk up both sides: between two occupied prices nothing changes.
    ///
    /// No sum of lots overflows: a lot of an ask locks at least one atom of the base token and a lot of a bid one of the quote token, of which
    /// there are less than 2^63.
    func clearingPrice(_ market: UnsafePointer<Market>) -> ClearingPrice {
        let bids = orderBook(market.pointee.id)
        let asks = orderBook(market.pointee.id + UInt32(Layout.marketCapacity))
        let (lowest, highest) = (asks.bestPrice(.sell), bids.bestPrice(.buy))
        guard lowest != PriceCode.none, highest != PriceCode.none, lowest <= highest else { return ClearingPrice() }

        // Lots that would be bought, and sold, at the price that the walk has reached.
        var demand: UInt64 = 0
        var supply: UInt64 = 0
        var bid = highest
        while case let price = bids.nextPrice(.buy, behind: bid), price != PriceCode.none, price >= lowest {
            demand += bids.lots(at: bid)
            bid = price
        }
        demand += bids.lots(at: bid)

        var best = Candidate()
        var price = lowest
        var ask = lowest
        while price <= highest {
            if price == ask {
                supply += asks.lots(at: ask)
                ask = asks.nextPrice(.sell, behind: ask)
            }
            // `PriceCode.none` is above every price.
            let last = min(bid, ask - 1)
            best.consider(price...last, demand: demand, supply: supply, market)
            price = last + 1
            if last == bid {
                demand -= bids.lots(at: bid)
                bid = bids.occupiedPrice(above: bid)
            }
        }
        return ClearingPrice(priceCode: best.priceCode, lots: best.lots)
    }

    private struct Candidate {
        var priceCode = PriceCode.none
        var lots: UInt64 = 0
        var imbalance = UInt64.max
        var distance = UInt32.max

        /// Looks at prices at all of which the same would trade. They come in ascending order, so that of equals the first stays.
        mutating func consider(_ prices: ClosedRange<UInt32>, demand: UInt64, supply: UInt64, _ market: UnsafePointer<Market>) {
            let tradable = min(demand, supply)
            let left = max(demand, supply) - tradable
            guard tradable > lots || tradable == lots && left <= imbalance, tradable > 0,
                let (price, away) = Self.nearest(to: market.pointee.referencePrice, in: prices, market)
            else { return }
            guard tradable > lots || left < imbalance || away < distance else { return }
            self = Candidate(priceCode: price, lots: tradable, imbalance: left, distance: away)
        }

        /// The price nearest to the reference that is fine enough for the market; nil if there is none among `prices`.
        private static func nearest(
            to reference: UInt32, in prices: ClosedRange<UInt32>, _ market: UnsafePointer<Market>
        ) -> (price: UInt32, distance: UInt32)? {
            let wanted = min(max(reference, prices.lowerBound), prices.upperBound)
            guard let step = Notional.priceStep(priceCode: wanted, notionalExponent: market.pointee.notionalExponent) else { return nil }
            let below = wanted - PriceCode.mantissa(wanted) % step
            // The first mantissa of every exponent is a multiple of every step, so the next one is a price however the exponents lie.
            let above = below == wanted ? below : below + step
            let hasBelow = prices.contains(below)
            guard hasBelow || prices.contains(above) else { return nil }
            let (downwards, upwards) = (distance(below, reference), distance(above, reference))
            return hasBelow && (downwards <= upwards || !prices.contains(above)) ? (below, downwards) : (above, upwards)
        }

        private static func distance(_ one: UInt32, _ other: UInt32) -> UInt32 { max(one, other) - min(one, other) }
    }
}
