import Engine
import Gateway
import Signing

/// One trader's connection for one market: sends signed batches, times their acks, and keeps count of what rests and what was traded there.
final class BotSession {
    let client: GatewayClient
    let key: PrivateKey
    let market: MarketShape
    private let nonces: NonceSource
    private let scoreboard: Scoreboard
    private var ledger = Ledger()
    /// Client order ids of own orders that rest.
    private(set) var resting: Set<UInt64> = []
    private var sentAt: [UInt64: UInt64] = [:]
    private var lastClientOrderId = WallClock.milliseconds() << 20

    init(
        url: String, trust: TLSContext.Trust, key: PrivateKey, nonces: NonceSource, market: UInt16, scoreboard: Scoreboard
    ) throws {
        client = try GatewayClient(url: url, trust: trust)
        self.key = key
        self.nonces = nonces
        self.scoreboard = scoreboard
        guard let record = try client.markets().map(\.market).first(where: { $0.id == UInt32(market) }) else {
            throw UnknownMarket(market: market)
        }
        self.market = MarketShape(record: record)
        try client.subscribe(.account, owner: key.address)
    }

    func newClientOrderId() -> UInt64 {
        lastClientOrderId += 1
        return lastClientOrderId
    }

    func send(_ commands: [Command]) throws {
        let start = MonotonicClock.nanoseconds()
        let nonce = try client.send(commands, key: key, nonce: nonces.next())
        sentAt[nonce] = start
    }

    /// Handles what comes until `deadline` (monotonic nanoseconds), or until no batch is in flight if `untilAnswered`.
    func listen(until deadline: UInt64, untilAnswered: Bool = false) throws {
        while !(untilAnswered && sentAt.isEmpty) {
            let now = MonotonicClock.nanoseconds()
            guard now < deadline else { return }
            let waitMs = max(1, (deadline - now) / 1_000_000)
            if let message = try client.receive(timeoutMs: Int(waitMs)) { handle(message) }
        }
    }

    /// Hands the ledger to the scoreboard; the last call of a session.
    func finish() {
        let (ledger, owner) = (ledger, key.address)
        scoreboard.update { $0.ledgers[owner, default: Ledger()].add(ledger) }
        client.close()
    }

    private func handle(_ message: ServerMessage) {
        switch message {
        case .ack(let ack): count(ack)
        case .reject(let reject):
            sentAt[reject.nonce] = nil
            scoreboard.update {
                $0.rejects += 1
                $0.rejectCodes[reject.code, default: 0] += 1
            }
        case .fill(let fill):
            // The account's feed has all its markets; each has a session that counts.
            guard fill.market == market.id else { return }
            ledger.record(fill, in: market)
            if fill.isMaker && fill.remaining == 0 { resting.remove(fill.clientOrderId) }
            if !fill.isMaker { scoreboard.update { $0.fills += 1 } }
        case .order(let order):
            guard order.market == market.id else { return }
            if order.restingLots > 0 { resting.insert(order.clientOrderId) } else { resting.remove(order.clientOrderId) }
        default: break
        }
    }

    private func count(_ ack: ServerMessage.Ack) {
        let latency = sentAt.removeValue(forKey: ack.nonce).map { MonotonicClock.nanoseconds() - $0 }
        scoreboard.update { totals in
            totals.batches += 1
            if let latency { totals.ackNanoseconds.record(latency) }
            for result in ack.results {
                switch result.kind {
                case Event.Kind.placed: totals.orders += 1
                case Event.Kind.cancelled: totals.cancels += 1
                case Event.Kind.rejected:
                    totals.rejects += 1
                    totals.rejectCodes[result.code, default: 0] += 1
                default: break
                }
            }
        }
    }
}
