import BigInt
import Engine

/// What the timelock of the rollup contract can change: the table is in Sources/Contracts/Timelock.vy.
package enum Governance {
    /// What is changed, and of which market or owner.
    package enum Parameter: Equatable, Sendable {
        /// In wei.
        case claimBond
        /// In wei.
        case messagePrice
        /// Root of the guest program's memory.
        case guestRoot
        /// Maker's fee in basis points | taker's << 16.
        case marketFees(market: UInt32)
        /// Below the owner's tier.
        case feeTier(owner: Address)

        /// As the contract numbers it.
        package var kind: UInt64 {
            switch self {
            case .claimBond: 1
            case .messagePrice: 2
            case .guestRoot: 3
            case .marketFees: 4
            case .feeTier: 5
            }
        }

        package var key: BigUInt {
            switch self {
            case .claimBond, .messagePrice, .guestRoot: 0
            case .marketFees(let market): BigUInt(market)
            case .feeTier(let owner): BigUInt(bigEndianBytes: owner.bytes)
            }
        }

        /// Nil if there is no such kind, or no such key of it.
        package init?(kind: UInt64, key: BigUInt) {
            switch (kind, key) {
            case (1, 0): self = .claimBond
            case (2, 0): self = .messagePrice
            case (3, 0): self = .guestRoot
            case (4, _):
                guard let market = UInt32(exactly: key) else { return nil }
                self = .marketFees(market: market)
            case (5, _):
                guard key >> 160 == 0, let word = Hash256(key) else { return nil }
                self = .feeTier(owner: Address(bytes: Array(word.bytes.suffix(20)))!)
            default: return nil
            }
        }
    }

    /// Seconds in which a proposal may be executed, from when it may be.
    package static let executionPeriod: UInt64 = 14 * 86_400

    /// A proposal that stands; it may have expired.
    package struct Proposal: Equatable, Sendable {
        package var parameter: Parameter
        package var value: BigUInt
        /// Seconds since 1970.
        package var executableAt: UInt64

        package init(parameter: Parameter, value: BigUInt, executableAt: UInt64) {
            self.parameter = parameter
            self.value = value
            self.executableAt = executableAt
        }
    }
}

extension RollupContract {
    /// Signature of the event that a proposal or its withdrawal leaves, checked against the compiled contract in tests.
    static let proposedEvent = "Proposed(uint256,uint256,uint256,uint256)"

    /// All proposals that stand, also those that have expired, in the order in which they were first made. `since`: the L1 block of the deployment.
    package func proposals(since block: UInt64) async throws(EthereumError) -> [Governance.Proposal] {
        let head = try await client.latestBlock().number
        let logs = try await client.logs(of: address, events: [ABI.topic(Self.proposedEvent)], blocks: block...max(block, head))
        var parameters: [Governance.Parameter] = []
        for log in logs where log.topics.count == 3 {
            guard let kind = UInt64(exactly: log.topics[1].number),
                let parameter = Governance.Parameter(kind: kind, key: log.topics[2].number),
                !parameters.contains(parameter)
            else { continue }
            parameters.append(parameter)
        }
        var standing: [Governance.Proposal] = []
        for parameter in parameters {
            if let proposal = try await proposal(parameter) { standing.append(proposal) }
        }
        return standing
    }
}

extension RollupCall {
    /// Governor only. In place of any earlier proposal for the same parameter.
    package static func propose(_ parameter: Governance.Parameter, value: BigUInt) -> RollupCall {
        RollupCall(Signature.propose, [.uint(parameter.kind), .uint(parameter.key), .uint(value)])
    }

    /// Governor only.
    package static func cancel(_ parameter: Governance.Parameter) -> RollupCall {
        RollupCall(Signature.cancel, [.uint(parameter.kind), .uint(parameter.key)])
    }

    /// Anyone, when the delay has passed.
    package static func execute(_ parameter: Governance.Parameter) -> RollupCall {
        RollupCall(Signature.execute, [.uint(parameter.kind), .uint(parameter.key)])
    }
}
