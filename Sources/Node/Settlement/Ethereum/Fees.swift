import BigInt

/// What a transaction offers for gas (EIP-1559), in wei a unit, and for the gas of its blob if it carries one (EIP-4844).
package struct Fees: Equatable, Sendable {
    /// The most that goes to the block's producer.
    package var tip: BigUInt
    /// The most that is paid in all, base fee included.
    package var cap: BigUInt
    /// The most that is paid for a unit of blob gas; nil: no blob.
    package var blobCap: BigUInt?

    package init(tip: BigUInt, cap: BigUInt, blobCap: BigUInt? = nil) {
        self.tip = min(tip, cap)
        self.cap = cap
        self.blobCap = blobCap
    }
}

/// What we are willing to pay for gas, and how long we wait before we pay more.
package struct FeePolicy: Equatable, Sendable {
    /// Times the base fee that the cap allows for, on top of the tip; for blob gas as well.
    package var baseFeeMultiple: BigUInt = 2
    /// No transaction's cap goes above this many wei a unit of gas, nor of blob gas.
    package var maxFeePerGasCeiling: BigUInt = 2_000_000_000_000
    /// A transaction not included for this long is sent again with higher fees.
    package var bumpAfterSeconds: Double = 30
    /// One with a blob waits so many times longer, since each step doubles what it offers.
    package var blobPatience: Double = 4
    /// Give up waiting after this long.
    package var giveUpAfterSeconds: Double = 600
    /// Pause between two looks for a receipt.
    package var pollSeconds: Double = 0.5

    package init() {}

    /// How long a transaction that offers `fees` waits before it offers more.
    func patienceSeconds(_ fees: Fees) -> Double { bumpAfterSeconds * (fees.blobCap == nil ? 1 : blobPatience) }

    /// What a new transaction offers while L1 asks for `baseFee` and producers usually get `tip`; with a blob if `blobBaseFee` is given.
    package func suggestion(baseFee: BigUInt, tip: BigUInt, blobBaseFee: BigUInt? = nil) -> Fees {
        Fees(
            tip: tip, cap: min(baseFee * baseFeeMultiple + tip, maxFeePerGasCeiling),
            blobCap: blobBaseFee.map { min(max(1, $0 * baseFeeMultiple), maxFeePerGasCeiling) })
    }

    /// The least with which a transaction may take the place of one that offers `fees`, and at least `wanted`; nil if the ceiling does not allow it.
    ///
    /// Both fees rise by an eighth: geth, reth and Erigon ask for a tenth, Nethermind and others for an eighth. With a blob all three must double
    /// (geth's `blobpool`, PriceBump 100; reth and Nethermind ask for the same).
    package func replacement(of fees: Fees, wanted: Fees) -> Fees? {
        let raised = fees.blobCap == nil ? Self.eighthMore : Self.twice
        let cap = max(raised(fees.cap), min(wanted.cap, maxFeePerGasCeiling))
        let blobCap = fees.blobCap.map { max(raised($0), min(wanted.blobCap ?? 0, maxFeePerGasCeiling)) }
        guard cap <= maxFeePerGasCeiling, blobCap ?? 0 <= maxFeePerGasCeiling else { return nil }
        return Fees(tip: max(raised(fees.tip), wanted.tip), cap: cap, blobCap: blobCap)
    }

    private static func eighthMore(_ value: BigUInt) -> BigUInt { value + value / 8 + 1 }
    private static func twice(_ value: BigUInt) -> BigUInt { max(1, value * 2) }
}
