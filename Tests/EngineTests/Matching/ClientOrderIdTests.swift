import Testing

@testable import Engine

/// The index of client order ids under ids that were chosen against it.
@Suite struct ClientOrderIdTests {
    let test: TestExchange
    let owner = TestExchange.address(1)

    init() throws {
        test = try TestExchange()
        test.listToken(1, decimals: 9)
        test.listToken(2, decimals: 3)
        test.listMarket(1, base: 2, quote: 1, lotExponent: 3, makerFee: 0, takerFee: 0, feeOwner: TestExchange.address(9))
        test.deposit(owner, token: 2, atoms: 1_000_000_000)
    }

    private func place(_ id: UInt64) -> RejectCode? {
        let command = Command.place(
            market: 1, side: .sell, timeInForce: .goodTilCancelled, priceCode: price(10_000, 0), lots: 1, clientOrderId: id)
        return test.execute([command], signer: owner).events.last.flatMap { RejectCode(rawValue: $0.code) }
    }

    /// The ids of one bucket: the lower 24 bits take back what the upper ones add.
    private func colliding(_ upper: UInt64) -> UInt64 { upper << 24 | (0 &- (upper &* 0x9E37_79B9_7F4A_7C15 >> 40)) & 0xFF_FFFF }

    @Test func oneAccountMakesNoLongChain() {
        for upper in 1...UInt64(Layout.ordersPerBucketMax) { #expect(place(colliding(upper)) == RejectCode.none) }
        #expect(place(colliding(1_000)) == .tooManyOpenOrders)
        #expect(place(colliding(7)) == .clientOrderIdInUse)
        #expect(place(colliding(1_000) + 1) == RejectCode.none)
        let cancelled = test.execute([.cancelByClientId(market: 1, clientOrderId: colliding(7))], signer: owner)
        #expect(cancelled.events.last?.kind == Event.Kind.cancelled)
        #expect(place(colliding(1_000)) == RejectCode.none)
    }

    @Test func idsThatDifferAboveShareNoChain() {
        for upper in 0..<UInt64(2 * Layout.ordersPerBucketMax) { #expect(place(upper << 24 | 5) == RejectCode.none) }
        for upper in 0..<UInt64(2 * Layout.ordersPerBucketMax) { #expect(place(upper << 40 | 6) == RejectCode.none) }
    }
}
