import BigInt
import Engine
import Settlement
import Signing
import Testing

@testable import memex

@Suite struct GovernanceTests {
    private let owner = Address(bytes: [UInt8](repeating: 0x70, count: 20))!

    private func parse(_ arguments: String...) throws -> GovernanceTarget { try GovernanceTarget.parse(arguments) }

    @Test func `every parameter is found again by its kind and key`() {
        for parameter in [Governance.Parameter.claimBond, .messagePrice, .guestRoot, .marketFees(market: 7), .feeTier(owner: owner)] {
            #expect(Governance.Parameter(kind: parameter.kind, key: parameter.key) == parameter)
        }
        for (kind, key) in [(0, 0), (1, 1), (4, 1 << 32), (6, 0)] as [(UInt64, BigUInt)] {
            #expect(Governance.Parameter(kind: kind, key: key) == nil)
        }
        #expect(Governance.Parameter(kind: 5, key: 1 << 160) == nil)
    }

    @Test func `values are exact or refused`() throws {
        #expect(try Governance.Parameter.claimBond.value("1.5") == BigUInt(15) * BigUInt(10).power(17))
        #expect(try Governance.Parameter.messagePrice.value("0.000000000000000001") == 1)
        #expect(throws: (any Error).self) { try Governance.Parameter.messagePrice.value("0.0000000000000000001") }
        #expect(try Governance.Parameter.guestRoot.value("0x" + String(repeating: "0", count: 63) + "5") == 5)
        #expect(throws: (any Error).self) { try Governance.Parameter.guestRoot.value("0x05") }
        #expect(try Governance.Parameter.feeTier(owner: owner).value("10") == 10)
        #expect(throws: (any Error).self) { try Governance.Parameter.feeTier(owner: owner).value("11") }
        #expect(throws: (any Error).self) { try Governance.Parameter.marketFees(market: 1).value("5") }
    }

    @Test func `values are shown as they are typed`() {
        #expect(Governance.Parameter.claimBond.text(value: BigUInt(15) * BigUInt(10).power(17)) == "1.5 ETH")
        #expect(Governance.Parameter.marketFees(market: 1).text(value: 3 | 40 << 16) == "maker 3, taker 40 basis points")
        #expect(Governance.Parameter.guestRoot.text(value: 5) == "0x" + String(repeating: "0", count: 63) + "5")
    }

    @Test func `a market goes with its fees and an owner with his tier`() throws {
        #expect(try parse("claim-bond").parameter(ListingTests.listing) == .claimBond)
        #expect(try parse("fee-tier", "--owner", owner.hex).parameter(ListingTests.listing) == .feeTier(owner: owner))
        for wrong in [["market-fees"], ["fee-tier"], ["claim-bond", "--market", "1"], ["guest-root", "--owner", owner.hex], ["fees"]] {
            #expect(throws: (any Error).self) { try GovernanceTarget.parse(wrong) }
        }
    }

    @Test func `a proposal expires two weeks after it may be executed`() {
        let proposal = Governance.Proposal(parameter: .claimBond, value: 1, executableAt: 1_000)
        #expect(!proposal.isExpired(1_000 + 14 * 86_400))
        #expect(proposal.isExpired(1_001 + 14 * 86_400))
    }
}
