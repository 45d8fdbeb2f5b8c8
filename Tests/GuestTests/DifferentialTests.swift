import Engine
import Foundation
import RandomStreams
import Testing

/// Random streams on the host and in the guest: the same bytes everywhere.
///
/// `MEMEX_SEED` runs one stream again, `MEMEX_COMMANDS` makes the streams longer.
@Suite(.serialized) struct DifferentialTests {
    private static let environment = ProcessInfo.processInfo.environment
    static let seeds: [UInt64] = environment["MEMEX_SEED"].flatMap(UInt64.init).map { [$0] } ?? [1, 2, 3]
    static let commands = environment["MEMEX_COMMANDS"].flatMap(Int.init) ?? 200_000

    @Test(arguments: seeds)
    func sameBytes(seed: UInt64) throws {
        print("guest and host: seed \(seed), \(Self.commands) commands")
        let start = ContinuousClock.now
        var stream = RandomStream(seed: seed, bigAuction: true)
        // Soon the records of withdrawals go round.
        let lockstep = try Lockstep(withdrawalCount: UInt64(Layout.withdrawalCapacity) - 100)
        var kinds = Set<UInt8>()
        var codes = Set<UInt16>()
        while stream.commandCount < Self.commands {
            try lockstep.perform(stream.next()) { events in
                stream.observe(events)
                for event in events {
                    kinds.insert(event.kind)
                    if event.kind == Event.Kind.rejected { codes.insert(event.code) }
                }
            }
        }
        let pages = try lockstep.finish()
        print(
            "guest and host: \(stream.commandCount) commands in \(lockstep.callCount) calls, \(lockstep.eventCount) events,",
            "\(lockstep.cellCount) written cells and \(pages) pages at the end are the same, \(ContinuousClock.now - start)")
        guard Self.commands >= 200_000 else { return }
        // A stream in which nothing happens proves nothing.
        #expect(Self.kinds.subtracting(kinds).isEmpty, "events that never happened")
        #expect(Self.codes.subtracting(codes).isEmpty, "refusals that never happened")
        #expect(lockstep.host.exchange.withdrawalIds.lowerBound > 1, "the records of withdrawals never went round")
    }

    /// What every stream of the usual length must bring about.
    private static let kinds: Set<UInt8> = [
        Event.Kind.placed, Event.Kind.fill, Event.Kind.cancelled, Event.Kind.rejected, Event.Kind.withdrawn, Event.Kind.agentChanged,
        Event.Kind.deposited, Event.Kind.tokenListed, Event.Kind.marketListed, Event.Kind.inboxIgnored,
        Event.Kind.reduced, Event.Kind.transferred, Event.Kind.subaccountOpened, Event.Kind.settingChanged, Event.Kind.accountCancelled,
        Event.Kind.modified, Event.Kind.cancelledAll, Event.Kind.triggerPlaced, Event.Kind.triggered,
        Event.Kind.feeTierChanged, Event.Kind.marketFeesChanged, Event.Kind.marketOpened, Event.Kind.auctionFill, Event.Kind.forced,
        Event.Kind.tokenCreated,
    ]
    private static let codes = Set(
        [
            RejectCode.unknownMarket, .sizeZero, .sizeTooLarge, .priceInvalid, .priceTooFine, .notionalTooLarge, .insufficientBalance,
            .postOnlyWouldTake, .unknownOrder, .notYourOrder, .clientOrderIdInUse, .agentMayNot, .unknownToken, .amountZero,
            .agentAddressTaken, .unknownAgent, .notYourAccount, .tooManySubaccounts, .symbolInvalid, .supplyInvalid,
            .wouldNotFill, .expiryPassed, .triggerWouldFire, .timeInForceInvalid, .notDuringAuction, .marketOpening,
        ].map(\.rawValue))
}
