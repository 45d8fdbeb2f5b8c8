import CMeasure
import Engine
import Proof

/// The engine as the executor drives it.
struct EngineSubject: Subject {
    private let host: HostedExchange
    private let owners: [Address]
    private var lookahead = Lookahead()
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
        Self.execute(&host.exchange, &lookahead, stream, range, owners, first)
    }

    /// Apart, so that the exchange is looked up once and not for every envelope.
    private static func execute(
        _ exchange: inout Exchange, _ lookahead: inout Lookahead, _ stream: EnvelopeStream, _ range: Range<Int>, _ owners: [Address],
        _ nonce: UInt64
    ) {
        stream.bytes.withUnsafeBytes { bytes in
            var nonce = nonce
            var start = range.lowerBound > 0 ? stream.ends[range.lowerBound - 1] : 0
            for index in range {
                announce(after: index, of: stream, bytes, owners, to: exchange, &lookahead)
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
        return Self.timedExecute(&host.exchange, &lookahead, stream, index, owners, nonce)
    }

    private static func timedExecute(
        _ exchange: inout Exchange, _ lookahead: inout Lookahead, _ stream: EnvelopeStream, _ index: Int, _ owners: [Address],
        _ nonce: UInt64
    ) -> UInt64 {
        stream.bytes.withUnsafeBytes { bytes in
            let owner = owners[Int(stream.accounts[index])]
            let payload = UnsafeRawBufferPointer(rebasing: bytes[(index > 0 ? stream.ends[index - 1] : 0)..<stream.ends[index]])
            let start = measure_ticks()
            announce(after: index, of: stream, bytes, owners, to: exchange, &lookahead)
            let code = exchange.execute(signer: owner, nonce: nonce, payload: payload)
            let ticks = measure_ticks() - start
            precondition(code == .none, "a command batch of the workload was refused: \(code)")
            return ticks
        }
    }

    /// Announces an envelope that waits behind this one, as the executor does with those in its ring.
    @inline(__always)
    private static func announce(
        after index: Int, of stream: EnvelopeStream, _ bytes: UnsafeRawBufferPointer, _ owners: [Address], to exchange: borrowing Exchange,
        _ lookahead: inout Lookahead
    ) {
        let waiting = index + Lookahead.batchesAhead
        guard exchange.gainsFromLookahead, waiting < stream.ends.count else { return }
        lookahead.announce(
            signer: owners[Int(stream.accounts[waiting])],
            payload: UnsafeRawBufferPointer(rebasing: bytes[stream.ends[waiting - 1]..<stream.ends[waiting]]), to: exchange)
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

    /// That of the index of client order ids, which hardly depends on how many there are. Slow.
    var residentIndexBytes: Int { host.residentIndexBytes() }

    var restingCount: Int { Int(host.exchange.header.openOrderCount) }
}
