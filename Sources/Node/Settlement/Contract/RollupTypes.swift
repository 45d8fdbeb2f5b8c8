import BigInt
import Engine

/// What was fixed when the rollup was deployed, and what the timelock has changed since. Times in seconds.
package struct RollupParameters: Equatable, Sendable {
    package var sequencer: Address
    package var lister: Address
    /// From a claim to its finality.
    package var challengeWindow: UInt64
    /// Age of the oldest unconsumed inbox message that allows a halt.
    package var inboxDeadline: UInt64
    /// Age of the last batch, or of the oldest unclaimed one, that allows a halt.
    package var batchDeadline: UInt64
    /// How far batch times may lie from L1 time.
    package var timeDrift: UInt64
    /// In wei.
    package var claimBond: BigUInt
    /// Of a message with forced commands, in wei.
    package var messagePrice: BigUInt
    /// Blueprint of the ERC-20 of tokens born on the exchange.
    package var tokenBlueprint: Address
    /// Since 1970.
    package var deployedAt: UInt64
    /// Who may propose changes; zero: nobody.
    package var governor: Address
    /// From a proposal until it can be in force.
    package var governanceDelay: UInt64
    /// Root of the guest program's memory.
    package var guestRoot: Hash256

    init(_ reader: inout ABIReader) throws(ABIError) {
        sequencer = try reader.address()
        lister = try reader.address()
        challengeWindow = try reader.integer()
        inboxDeadline = try reader.integer()
        batchDeadline = try reader.integer()
        timeDrift = try reader.integer()
        claimBond = try reader.uint()
        messagePrice = try reader.uint()
        tokenBlueprint = try reader.address()
        deployedAt = try reader.integer()
        governor = try reader.address()
        governanceDelay = try reader.integer()
        guestRoot = try reader.hash()
    }
}

/// A batch as L1 remembers it.
package struct PostedBatch: Equatable, Sendable {
    /// Chain over this batch and all before it.
    package var hash: Hash256
    /// Inbox messages consumed up to its end.
    package var inboxEnd: UInt64
    /// Seconds since 1970.
    package var postedAt: UInt64

    init(_ reader: inout ABIReader) throws(ABIError) {
        hash = try reader.hash()
        inboxEnd = try reader.integer()
        postedAt = try reader.integer()
    }
}

/// A claimed state as L1 remembers it.
package struct Claim: Equatable, Sendable {
    package var root: Hash256
    package var claimant: Address
    /// Seconds since 1970.
    package var claimedAt: UInt64
    /// Wei still bound.
    package var bond: BigUInt

    init(_ reader: inout ABIReader) throws(ABIError) {
        root = try reader.hash()
        claimant = try reader.address()
        claimedAt = try reader.integer()
        bond = try reader.uint()
    }
}

/// A token as the contract knows it.
package struct ListedToken: Equatable, Sendable {
    package var id: UInt32
    /// Zero for ETH.
    package var l1Address: Address
    /// L1 units in an atom.
    package var unit: BigUInt
    /// Decimals of an atom as shown to people.
    package var decimals: UInt32
    package var unitExponent: UInt32
    package var symbol: String

    init(id: UInt32, _ reader: inout ABIReader) throws(ABIError) {
        self.id = id
        l1Address = try reader.address()
        unit = try reader.uint()
        decimals = try reader.integer()
        unitExponent = try reader.integer()
        symbol = String(decoding: try reader.hash().bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}

/// A market as the contract lists it.
package struct ListedMarket: Equatable, Sendable {
    package var id: UInt32
    package var base: UInt32
    package var quote: UInt32
    package var lotExponent: UInt32
    package var makerFeeBasisPoints: UInt32
    package var takerFeeBasisPoints: UInt32
    package var feeAccount: Address

    init(id: UInt32, _ reader: inout ABIReader) throws(ABIError) {
        self.id = id
        base = try reader.integer()
        quote = try reader.integer()
        lotExponent = try reader.integer()
        makerFeeBasisPoints = try reader.integer()
        takerFeeBasisPoints = try reader.integer()
        feeAccount = try reader.address()
    }
}

/// How far the rollup is, all at one L1 block.
package struct RollupProgress: Equatable, Sendable {
    /// The L1 block of these figures.
    package var l1Block: UInt64
    /// Its time, in seconds since 1970.
    package var l1Time: UInt64
    package var inboxCount: UInt64
    /// Inbox messages that posted batches consumed.
    package var inboxConsumed: UInt64
    package var batchCount: UInt64
    package var claimCount: UInt64
    package var finalCount: UInt64
    /// Seconds since 1970; nil while the rollup runs.
    package var haltedAt: UInt64?

    package init(
        l1Block: UInt64, l1Time: UInt64, inboxCount: UInt64, inboxConsumed: UInt64, batchCount: UInt64, claimCount: UInt64,
        finalCount: UInt64, haltedAt: UInt64?
    ) {
        self.l1Block = l1Block
        self.l1Time = l1Time
        self.inboxCount = inboxCount
        self.inboxConsumed = inboxConsumed
        self.batchCount = batchCount
        self.claimCount = claimCount
        self.finalCount = finalCount
        self.haltedAt = haltedAt
    }
}
