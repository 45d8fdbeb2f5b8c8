import ArgumentParser
import BigInt
import Engine
import Settlement
import Signing

/// `memex governance`
struct GovernanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "governance",
        abstract: "Propose changes of the few parameters that may change, and put them in force.",
        discussion: """
            The governor named at deployment proposes; after the delay, which is longer than the slowest way out, anybody executes. A proposal \
            expires 14 days later. Nothing else can change, and nothing at all after a halt.
            """,
        subcommands: [List.self, Propose.self, Cancel.self, Execute.self])

    /// `memex governance list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what is in force and what is proposed.",
            discussion: """
                EXAMPLE
                  memex governance list --json
                """)

        @OptionGroup(title: "SHARED OPTIONS") var options: Options

        func run() async throws {
            let deployment = try options.deploymentFile()
            let contract = try await options.contract()
            let listing = try await Listing(from: contract)
            let parameters = try await contract.parameters()
            let proposals = try await contract.proposals(since: deployment.deployedAtBlock)
            let now = try await contract.client.latestBlock().timestamp
            try options.output.show(
                [
                    "governor": .text(parameters.governor.hex), "delaySeconds": .integer(parameters.governanceDelay),
                    "claimBondWei": .text(String(parameters.claimBond)), "messagePriceWei": .text(String(parameters.messagePrice)),
                    "guestRoot": .text(parameters.guestRoot.hex),
                    "proposals": .list(
                        proposals.map {
                            [
                                "kind": .integer($0.parameter.kind), "key": .text(String($0.parameter.key)),
                                "value": .text(String($0.value)),
                                "executableAt": .integer($0.executableAt), "expired": .flag($0.isExpired(now)),
                            ]
                        }),
                ], Self.text(parameters, proposals, listing, now: now))
        }

        private static func text(_ parameters: RollupParameters, _ proposals: [Governance.Proposal], _ listing: Listing, now: UInt64)
            -> String
        {
            var text = TextTable.fields([
                ("governor", parameters.governor.isZero ? "nobody: nothing ever changes" : parameters.governor.description),
                ("delay", Moment.span(parameters.governanceDelay)),
                ("claim bond", Governance.Parameter.claimBond.text(value: parameters.claimBond)),
                ("message price", Governance.Parameter.messagePrice.text(value: parameters.messagePrice)),
                ("guest root", parameters.guestRoot.hex),
            ])
            guard !proposals.isEmpty else { return text + "\nnothing is proposed" }
            var table = TextTable("proposed", "value", "may be executed")
            for proposal in proposals {
                table.add(
                    proposal.parameter.text(listing), proposal.parameter.text(value: proposal.value),
                    proposal.isExpired(now)
                        ? "expired" : proposal.executableAt <= now ? "now" : Moment.distance(to: proposal.executableAt, from: now))
            }
            text += "\n\n" + table.text
            return text
        }
    }

    /// `memex governance propose`
    struct Propose: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Propose a change, in place of an earlier proposal for the same. Governor only.",
            discussion: """
                EXAMPLES
                  memex governance propose message-price --value 0.0002
                  memex governance propose market-fees --market WIF/USDX --maker 1 --taker 4
                  memex governance propose fee-tier --owner 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --value 0 --call-only
                """)

        @OptionGroup var target: GovernanceTarget
        @Option(help: ArgumentHelp("ETH, 0x and 64 hexadecimal digits, or a tier.", valueName: "value")) var value: String?
        @Option(help: ArgumentHelp("Maker's fee in basis points (market-fees).", valueName: "bps")) var maker: UInt16?
        @Option(help: ArgumentHelp("Taker's fee in basis points (market-fees).", valueName: "bps")) var taker: UInt16?
        @OptionGroup var sending: ContractSending
        @OptionGroup(title: "SHARED OPTIONS") var options: Options

        func run() async throws {
            let contract = try await options.contract()
            let parameter = try target.parameter(try await Listing(from: contract))
            try await sending.send(.propose(parameter, value: try number(parameter)), contract, options)
        }

        private func number(_ parameter: Governance.Parameter) throws -> BigUInt {
            if case .marketFees = parameter {
                guard let maker, let taker, value == nil else { throw ValidationError("market-fees takes --maker and --taker") }
                return BigUInt(maker) | BigUInt(taker) << 16
            }
            guard let value, maker == nil, taker == nil else { throw ValidationError("\(target.name.rawValue) takes --value") }
            return try parameter.value(value)
        }
    }

    /// `memex governance cancel`
    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Withdraw a proposal. Governor only.",
            discussion: """
                EXAMPLE
                  memex governance cancel market-fees --market WIF/USDX
                """)

        @OptionGroup var target: GovernanceTarget
        @OptionGroup var sending: ContractSending
        @OptionGroup(title: "SHARED OPTIONS") var options: Options

        func run() async throws {
            let contract = try await options.contract()
            try await sending.send(.cancel(try target.parameter(try await Listing(from: contract))), contract, options)
        }
    }

    /// `memex governance execute`
    struct Execute: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a proposal in force whose delay has passed. Anyone may.",
            discussion: """
                EXAMPLE
                  memex governance execute claim-bond
                """)

        @OptionGroup var target: GovernanceTarget
        @OptionGroup var sending: ContractSending
        @OptionGroup(title: "SHARED OPTIONS") var options: Options

        func run() async throws {
            let contract = try await options.contract()
            try await sending.send(.execute(try target.parameter(try await Listing(from: contract))), contract, options)
        }
    }
}

extension Governance.Proposal {
    /// Whether it can no longer be executed at L1 time `now`, in seconds since 1970.
    func isExpired(_ now: UInt64) -> Bool { now > executableAt + Governance.executionPeriod }
}
