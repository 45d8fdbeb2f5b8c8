import ArgumentParser
import BigInt
import Engine
import Settlement
import Signing

/// What may be changed, as people name it.
enum GovernanceName: String, CaseIterable, ExpressibleByArgument {
    case claimBond = "claim-bond"
    case messagePrice = "message-price"
    case guestRoot = "guest-root"
    case marketFees = "market-fees"
    case feeTier = "fee-tier"
}

/// A parameter of the timelock on the command line.
struct GovernanceTarget: ParsableArguments {
    @Argument(help: "What: \(GovernanceName.allCases.map(\.rawValue).joined(separator: ", ")).")
    var name: GovernanceName

    @Option(help: ArgumentHelp("Whose fees: a market's name or id (market-fees).", valueName: "market"))
    var market: String?

    @Option(help: "Whose tier (fee-tier).", transform: Address.typed)
    var owner: Address?

    func validate() throws {
        if (market != nil) != (name == .marketFees) { throw ValidationError("--market goes with market-fees") }
        if (owner != nil) != (name == .feeTier) { throw ValidationError("--owner goes with fee-tier") }
    }

    /// `listing` finds the market by name.
    func parameter(_ listing: Listing) throws -> Governance.Parameter {
        switch name {
        case .claimBond: .claimBond
        case .messagePrice: .messagePrice
        case .guestRoot: .guestRoot
        case .marketFees: .marketFees(market: UInt32(try listing.market(market ?? "").id))
        case .feeTier: .feeTier(owner: owner ?? .zero)
        }
    }
}

extension Governance.Parameter {
    /// As a person reads it.
    func text(_ listing: Listing) -> String {
        switch self {
        case .claimBond: "claim bond"
        case .messagePrice: "message price"
        case .guestRoot: "guest root"
        case .marketFees(let market): "fees of \(listing.name(UInt16(clamping: market)))"
        case .feeTier(let owner): "fee tier of \(owner)"
        }
    }

    /// A value of it, as a person reads it.
    func text(value: BigUInt) -> String {
        switch self {
        case .claimBond, .messagePrice: "\(Decimal(digits: value, scale: 18)) ETH"
        case .guestRoot: Hash256(value)?.hex ?? String(value)
        case .marketFees: "maker \(value & 0xFFFF), taker \(value >> 16) basis points"
        case .feeTier: String(value)
        }
    }

    /// A typed value of it: ETH, 64 hexadecimal digits, or a tier.
    func value(_ text: String) throws -> BigUInt {
        switch self {
        case .claimBond, .messagePrice:
            guard let wei = try Decimal(text).scaled(by: 18) else { throw ValidationError("\(text) ETH is no whole number of wei") }
            return wei
        case .guestRoot:
            guard let bytes = try? Hex.decode(text), let root = Hash256(bytes: bytes) else {
                throw ValidationError("\(text) is not 0x and 64 hexadecimal digits")
            }
            return root.number
        case .feeTier:
            guard let tier = UInt64(text), tier <= 10 else { throw ValidationError("a tier is 0 to 10") }
            return BigUInt(tier)
        case .marketFees: throw ValidationError("market-fees takes --maker and --taker, in basis points")
        }
    }
}
