import Engine

/// The market that all transition workloads trade on, and its traders. Listed from L1 messages, as markets are.
enum BenchMarket {
    static let id: UInt16 = 1
    static let quoteToken: UInt32 = 1
    static let baseToken: UInt32 = 2
    static let makerBasisPoints: UInt64 = 1
    static let takerBasisPoints: UInt64 = 5
    /// Block time of the first block, and the nonce before the first.
    static let startMs: UInt64 = 1_790_000_000_000
    /// What each account has of each token: enough for any workload, and the sum stays below a token's limit.
    static let depositAtoms: UInt64 = 1 << 55
    /// Quote atoms that a lot costs at price code `firstCode + tick`: 10,000 + tick.
    static let firstCode = PriceCode.code(mantissa: 10_000, exponent: 21)

    static func priceCode(tick: Int32) -> UInt32 { firstCode + UInt32(tick) }

    static func owner(_ account: Int) -> Address { address(UInt64(account)) }
    static let feeOwner = address(1 << 32)

    private static func address(_ number: UInt64) -> Address {
        withUnsafeBytes(of: Hash256(integer: number)) { number in
            withUnsafeBytes(of: Keccak256.hash(number)) { Address(loadingFrom: $0.baseAddress!) }
        }
    }

    /// What makes the market and funds the accounts. Account i gets id i + 2; 1 is the fee account.
    static func inbox(accountCount: Int) -> [InboxMessage] {
        // Nine decimals of quote token and six of base token with 10^0 base atoms a lot: at exponent 21 a lot costs the mantissa.
        var shape = Hash256(integer: UInt64(baseToken) | UInt64(quoteToken) << 32)
        shape.word2 = (makerBasisPoints << 8 | takerBasisPoints << 24).byteSwapped
        var messages = [
            InboxMessage(kind: InboxMessage.Kind.tokenListed, a: Hash256(), b: UInt64(quoteToken), c: Hash256(integer: 9 | 9 << 8)),
            InboxMessage(
                kind: InboxMessage.Kind.tokenListed, a: Hash256(address: feeOwner), b: UInt64(baseToken), c: Hash256(integer: 6 | 12 << 8)),
            InboxMessage(kind: InboxMessage.Kind.marketListed, a: Hash256(address: feeOwner), b: UInt64(id), c: shape),
        ]
        // A token's total stays below 2^63.
        let depositAtoms = min(depositAtoms, (1 << 62) / UInt64(accountCount))
        for account in 0..<accountCount {
            for token in [quoteToken, baseToken] {
                messages.append(
                    InboxMessage(
                        kind: InboxMessage.Kind.deposit, a: Hash256(address: owner(account)), b: UInt64(token),
                        c: Hash256(integer: depositAtoms)))
            }
        }
        return messages
    }
}
