import CMeasure
import Engine

/// The naive exchange, driven as the engine is.
struct NaiveSubject: Subject {
    private let exchange = NaiveExchange()
    private let owners: [Address]
    private var nonce = BenchMarket.startMs

    /// `orderNames`: the ids that the engine gives to orders that come to rest, in their order.
    init(accountCount: Int, orderNames: [UInt64] = []) {
        for (index, name) in orderNames.enumerated() { exchange.numbers[name] = UInt64(index + 1) }
        owners = (0..<accountCount).map { BenchMarket.owner($0) }
        exchange.blockTimeMs = BenchMarket.startMs
        exchange.market = NaiveExchange.Market(
            base: BenchMarket.baseToken, quote: BenchMarket.quoteToken, makerBasisPoints: BenchMarket.makerBasisPoints,
            takerBasisPoints: BenchMarket.takerBasisPoints, feeAccount: exchange.openAccount(BenchMarket.feeOwner))
        for owner in owners {
            exchange.deposit(owner, token: BenchMarket.quoteToken, atoms: BenchMarket.depositAtoms)
            exchange.deposit(owner, token: BenchMarket.baseToken, atoms: BenchMarket.depositAtoms)
        }
    }

    mutating func beginBlock(timeMs: UInt64) { exchange.beginBlock(timeMs: timeMs) }

    mutating func execute(_ stream: EnvelopeStream, _ range: Range<Int>) {
        stream.bytes.withUnsafeBytes { bytes in
            for index in range { execute(stream, index, bytes) }
        }
    }

    mutating func timedExecute(_ stream: EnvelopeStream, _ index: Int) -> UInt64 {
        stream.bytes.withUnsafeBytes { bytes in
            let start = measure_ticks()
            execute(stream, index, bytes)
            return measure_ticks() - start
        }
    }

    private mutating func execute(_ stream: EnvelopeStream, _ index: Int, _ bytes: UnsafeRawBufferPointer) {
        nonce += 1
        let start = index > 0 ? stream.ends[index - 1] : 0
        let code = exchange.execute(
            signer: owners[Int(stream.accounts[index])], nonce: nonce,
            payload: UnsafeRawBufferPointer(rebasing: bytes[start..<stream.ends[index]]))
        precondition(code == .none, "a command batch of the workload was refused: \(code)")
    }

    mutating func takeEvents(_ body: (UnsafeBufferPointer<Event>) -> Void) {
        exchange.events.withUnsafeBufferPointer(body)
        exchange.events.removeAll(keepingCapacity: true)
    }

    var balanceDigest: UInt64 {
        var digest = BalanceDigest()
        for account in 1...UInt32(owners.count + 1) {
            for token in [BenchMarket.quoteToken, BenchMarket.baseToken] {
                let balance = exchange.balances[NaiveExchange.BalanceKey(account: account, token: token)]
                digest.add(free: balance?.free ?? 0, locked: balance?.locked ?? 0)
            }
        }
        return digest.value
    }

    var restingCount: Int { exchange.book.orderCount + exchange.triggers.orderCount }
}
