import Engine
import Foundation
import Proof
import RandomStreams
import Testing

/// Random calls of every kind, good and malformed, in many combinations that no reference model covers: all invariants after each.
///
/// `MEMEX_SEED` and `MEMEX_STEPS` repeat one stream or lengthen it. The guest runs the same streams (GuestTests).
@Suite struct EveryCommandTests {
    private static let environment = ProcessInfo.processInfo.environment
    static let seeds: [UInt64] = environment["MEMEX_SEED"].flatMap(UInt64.init).map { [$0] } ?? [21, 22]
    static let steps = environment["MEMEX_STEPS"].flatMap(Int.init) ?? 1500

    @Test(arguments: seeds)
    func invariantsHoldAfterEveryCall(seed: UInt64) throws {
        print("every command: seed \(seed), \(Self.steps) calls")
        var stream = RandomStream(seed: seed)
        let host = try HostedExchange()
        for step in 0..<Self.steps {
            let call = stream.next()
            host.exchange.clearEvents()
            let code = host.exchange.perform(call)
            let events = host.exchange.events
            if code != .none { #expect(events.isEmpty, "seed \(seed), step \(step): a refused batch left events") }
            stream.observe(events)
            expectInvariants(host.exchange)
        }
    }
}
