import Foundation
import Testing

@testable import Engine

/// The engine beside the naive reference under random streams: same events, same balances, same orders, invariants after every command.
///
/// `MEMEX_SEED` and `MEMEX_STEPS` repeat one stream or lengthen it.
@Suite struct RandomStreamTests {
    static let seeds: [UInt64] = ProcessInfo.processInfo.environment["MEMEX_SEED"].flatMap(UInt64.init).map { [$0] } ?? [1, 2, 3, 4, 5, 6]
    static let steps = ProcessInfo.processInfo.environment["MEMEX_STEPS"].flatMap(Int.init) ?? 4_000

    /// What every stream of the usual length must bring about.
    private static let kinds = [
        Event.Kind.placed, Event.Kind.cancelled, Event.Kind.withdrawn, Event.Kind.agentChanged, Event.Kind.reduced, Event.Kind.modified,
        Event.Kind.cancelledAll, Event.Kind.triggerPlaced, Event.Kind.triggered, Event.Kind.transferred,
        Event.Kind.subaccountOpened, Event.Kind.settingChanged, Event.Kind.auctionFill, Event.Kind.marketOpened,
        Event.Kind.accountCancelled, Event.Kind.forced, Event.Kind.tokenCreated,
    ]
    private static let codes: [RejectCode] = [
        .unknownMarket, .sizeZero, .sizeTooLarge, .priceInvalid, .priceTooFine, .notionalTooLarge, .insufficientBalance, .wouldNotFill,
        .postOnlyWouldTake, .unknownOrder, .notYourOrder, .clientOrderIdInUse, .expiryPassed, .triggerWouldFire, .noLastPrice,
        .timeInForceInvalid, .agentMayNot, .unknownToken, .amountZero, .notDuringAuction, .notYourAccount,
    ]
    private static let batchCodes: [RejectCode] = [.agentExpired, .notAllowed]
    private static let forcedCodes: [RejectCode] = [.none, .unknownSigner, .agentExpired]
    private static let reductions: [Reduction] = [.modified, .cancelledAll, .selfTrade, .expired, .scheduled, .disconnected]

    @Test(arguments: seeds)
    func sameAsReference(seed: UInt64) throws {
        print("random stream: seed \(seed), \(Self.steps) steps")
        let start = ContinuousClock.now
        var stream = try ReferenceStream(seed: seed)
        for step in 0..<Self.steps {
            stream.step()
            if stream.failed {
                Issue.record("seed \(seed): differs at step \(step)")
                return
            }
        }
        let fills = stream.kinds[Event.Kind.fill, default: 0]
        let auctionFills = stream.kinds[Event.Kind.auctionFill, default: 0] / 2
        print(
            "random stream: seed \(seed), \(fills) fills, \(auctionFills) in auctions, at most \(stream.ordersMax) orders, \(ContinuousClock.now - start)"
        )
        // A stream in which nothing happens proves nothing.
        #expect(fills > Self.steps / 20, "only \(fills) fills")
        for kind in Self.kinds { #expect(stream.kinds[kind, default: 0] > 0, "no event \(kind)") }
        for code in Self.codes { #expect(stream.codes[code, default: 0] > 0, "\(code) never happened") }
        for code in Self.batchCodes { #expect(stream.batchCodes[code, default: 0] > 0, "\(code) never happened") }
        for code in Self.forcedCodes { #expect(stream.forcedCodes[code, default: 0] > 0, "\(code) never happened to a forced message") }
        #expect(stream.reference.lastWithdrawal > Layout.withdrawalCapacity, "the records of withdrawals never went round")
        for reduction in Self.reductions { #expect(stream.reductions[reduction, default: 0] > 0, "\(reduction) never happened") }
    }
}
