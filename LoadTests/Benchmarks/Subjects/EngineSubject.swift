import CMeasure
import Engine
import Proof

/// The engine as the executor drives it.
struct EngineSubject: Subject {
    private let host: HostedExchange
    private let owners: [Address]
    private var nonce = BenchMarket.startMs
    private var blockNumber: UInt64 = 0

    init(accountCount: Int) throws {
        host = try HostedExchange()
        owners = (0..<accountCount).map { BenchMarket.owner($0) }
        beginBlock(timeMs: BenchMarket.startMs)
        for message in BenchMarket.inbox(accountCount: accountCount) { host.exchange.consume(message) }
        host.exchange.clearEvents()
    }

    mutating func beginBlock(timeMs: UInt64) {
        blockNumber += 1
        host.exchange.drainDirtyCells { _, _ in }
        host.exchange.beginBlock(number: blockNumber, timeMs: timeMs)
    }

    mutating func execute(_ stream: EnvelopeStream, _ range: Range<Int>) {
        let first = nonce
        nonce += UInt64(range.count)
        Self.execute(&host.exchange, stream, range, owners, first)
    }

    /// Apart, so that the exchange is looked up once and not for every envelope.
    private static func execute(
        _ exchange: inout Exchange, _ stream: EnvelopeStream, _ range: Range<Int>, _ owners: [Address], _ nonce: UInt64
    ) {
        stream.bytes.withUnsafeBytes { bytes in
            var nonce = nonce
            var start = range.lowerBound > 0 ? stream.ends[range.lowerBound - 1] : 0
            for index in range {
                let end = stream.ends[index]
                nonce += 1
                let code = exchange.execute(
                    signer: owners[Int(stream.accounts[index])], nonce: nonce, payload: UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                )
                precondition(code == .none, "a command batch of the workload was refused: \(code)")
                start = end
            }
        }
    }

    mutating func timedExecute(_ stream: EnvelopeStream, _ index: Int) -> UInt64 {
        nonce += 1
        return Self.timedExecute(&host.exchange, stream, index, owners[Int(stream.accounts[index])], nonce)
    }

    private static func timedExecute(
        _ exchange: inout Exchange, _ stream: EnvelopeStream, _ index: Int, _ owner: Address, _ nonce: UInt64
    ) -> UInt64 {
        stream.bytes.withUnsafeBytes { bytes in
            let payload = UnsafeRawBufferPointer(rebasing: bytes[(index > 0 ? stream.ends[index - 1] : 0)..<stream.ends[index]])
            let start = measure_ticks()
            let code = exchange.execute(signer: owner, nonce: nonce, payload: payload)
            let ticks = measure_ticks() - start
            precondition(code == .none, "a command batch of the workload was refused: \(code)")
            return ticks
        }
    }

    mutating func takeEvents(_ body: (UnsafeBufferPointer<Event>) -> Void) {
        body(host.exchange.events)
        host.exchange.clearEvents()
    }

    var balanceDigest: UInt64 {
        var digest = BalanceDigest()
        for account in 1...UInt32(owners.count + 1) {
            for token in [BenchMarket.quoteToken, BenchMarket.baseToken] {
                let balance = host.exchange.balance(account: account, token: token)
                digest.add(free: balance?.free ?? 0, locked: balance?.locked ?? 0)
            }
        }
        return digest.value
    }

    /// How many cells were written since the last block or drain; all are clean then.
    mutating func drainedCellCount() -> Int {
        var count = 0
        host.exchange.drainDirtyCells { _, _ in count += 1 }
        return count
    }

    /// Memory that the engine has from the kernel. Slow.
    var residentBytes: Int { host.residentBytes() }

    var restingCount: Int { Int(host.exchange.header.openOrderCount) }
}
