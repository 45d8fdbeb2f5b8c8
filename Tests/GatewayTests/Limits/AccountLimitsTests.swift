import Engine
import Testing

@testable import Gateway

@Suite struct AccountLimitsTests {
    static let rate = Rate(perSecond: 1000, burst: 100)
    static func signer(_ byte: UInt8) -> Address { ServerMessageTests.address(byte) }

    @Test func signersOfAnAccountShareItsQuota() {
        let limits = AccountLimits(Self.rate, countMax: 100)
        let owner = limits.quota(of: Self.signer(1), known: nil, at: 0)
        let agent = limits.quota(of: Self.signer(2), known: nil, at: 0)
        #expect(owner.quota !== agent.quota)
        #expect(limits.take(60, owner.quota, at: 0) && limits.take(70, agent.quota, at: 0))
        limits.bind(Self.signer(1), to: 5)
        limits.bind(Self.signer(2), to: 5)
        let ownerNow = limits.quota(of: Self.signer(1), known: owner, at: 0)
        let agentNow = limits.quota(of: Self.signer(2), known: agent, at: 0)
        #expect(ownerNow.quota === agentNow.quota && ownerNow.account == 5 && agentNow.account == 5)
        // What the emptier of the two had left.
        #expect(limits.remaining(ownerNow.quota, at: 0) == 30)
        #expect(limits.take(30, agentNow.quota, at: 0) && !limits.take(1, ownerNow.quota, at: 0))
        // Another account is not concerned, and a signer stays with the first one told.
        limits.bind(Self.signer(1), to: 6)
        #expect(limits.quota(of: Self.signer(1), known: nil, at: 0).account == 5)
        #expect(limits.take(100, limits.quota(of: Self.signer(3), known: nil, at: 0).quota, at: 0))
    }

    @Test func knownSignersAreNotLookedUpAgain() {
        let limits = AccountLimits(Self.rate, countMax: 100)
        let first = limits.quota(of: Self.signer(1), known: nil, at: 0)
        #expect(limits.quota(of: Self.signer(1), known: first, at: 0).quota === first.quota)
        let second = limits.quota(of: Self.signer(2), known: first, at: 0)
        #expect(second.signer == Self.signer(2) && second.quota !== first.quota)
    }

    /// Anybody can make up signers: those who used nothing lately make room, and the rest share.
    @Test func boundsMemory() {
        let limits = AccountLimits(Self.rate, countMax: 10)
        for byte in UInt8(1)...10 { #expect(limits.take(50, limits.quota(of: Self.signer(byte), known: nil, at: 0).quota, at: 0)) }
        let eleventh = limits.quota(of: Self.signer(11), known: nil, at: 0)
        let twelfth = limits.quota(of: Self.signer(12), known: nil, at: 0)
        #expect(limits.count == 10 && eleventh.quota === twelfth.quota)
        // 50 commands come in again within 50 ms.
        let later: UInt64 = 50_000_000
        #expect(limits.quota(of: Self.signer(11), known: eleventh, at: later).quota !== twelfth.quota)
        #expect(limits.count == 1)
    }

    @Test func cancelsCostNothing() {
        func cost(_ commands: [Command]) -> UInt64 {
            var payload = [UInt8](repeating: 0, count: commands.count * Command.bytesMax)
            return payload.withUnsafeMutableBytes { bytes in
                guard let base = bytes.baseAddress else { return 0 }
                let end = commands.reduce(0) { $0 + $1.encode(to: base + $0) }
                return CommandCost.count(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
            }
        }
        let cancels: [Command] = [
            .cancel(market: 1, orderId: 2), .cancelByClientId(market: 1, clientOrderId: 2), .cancelAll(market: 0, sides: .both),
            .scheduleCancel(timeMs: 1), .useAccount(3),
        ]
        #expect(cost(cancels) == 0)
        #expect(cost(cancels + [.place(lots: 1)]) == 1)
        #expect(cost([.place(lots: 1), .cancel(market: 1, orderId: 2), .place(lots: 2), .withdraw(token: 1, atoms: 1)]) == 3)
        #expect([UInt8]([0xFF, 0]).withUnsafeBytes { CommandCost.count($0) } == 1)
    }
}
