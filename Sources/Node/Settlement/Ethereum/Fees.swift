import BigInt

/// What a transaction offers for gas (EIP-1559), in wei a unit.
package struct Fees: Equatable, Sendable {
    /// The most that goes to the block's producer.
    package var tip: BigUInt
    /// The most that is paid in all, base fee included.
    package var cap: BigUInt

    package init(tip: BigUInt, cap: BigUInt) {
        self.tip = min(tip, cap)
        self.cap = cap
    }
}

/// What we are willing to pay for gas, and how long we wait before we pay more.
package struct FeePolicy: Equatable, Sendable {
    /// Times the base fee that the cap allows for, on top of the tip.
    package var baseFeeMultiple: BigUInt = 2
    /// No transaction's cap goes above this many wei a unit of gas.
    package var maxFeePerGasCeiling: BigUInt = 2_000_000_000_000
    /// A transaction not included for this long is sent again with higher fees.
    package var bumpAfterSeconds: Double = 30
    /// Give up waiting after this long.
    package var giveUpAfterSeconds: Double = 600
    /// Pause between two looks for a receipt.
    package var pollSeconds: Double = 0.5

    package init() {}

    /// What a new transaction offers while L1 asks for `baseFee` and producers usually get `tip`.
    package func suggestion(baseFee: BigUInt, tip: BigUInt) -> Fees {
        Fees(tip: tip, cap: min(baseFee * baseFeeMultiple + tip, maxFeePerGasCeiling))
    }

    /// The least with which a transaction may take the place of one that offers `fees`, and at least `wanted`; nil if the ceiling does not allow it.
    ///
    /// Both fees rise by an eighth: geth, reth and Erigon ask for a tenth, Nethermind and others for an eighth.
    package func replacement(of fees: Fees, wanted: Fees) -> Fees? {
        let cap = max(Self.eighthMore(fees.cap), min(wanted.cap, maxFeePerGasCeiling))
        guard cap <= maxFeePerGasCeiling else { return nil }
        return Fees(tip: max(Self.eighthMore(fees.tip), wanted.tip), cap: cap)
    }

    private static func eighthMore(_ value: BigUInt) -> BigUInt { value + value / 8 + 1 }
}
