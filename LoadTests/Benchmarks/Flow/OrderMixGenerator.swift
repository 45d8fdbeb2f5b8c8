import Engine
import SeededRandom

/// Generates commands of every kind of order around a wandering middle price: limit, good-till-time, trigger, immediate-or-cancel, fill-or-kill and market
/// orders with every self-trade prevention, modifications and cancels.
///
/// Modifications name orders by the ids that the engine gives them, so the generator drives an engine of its own along.
struct OrderMixGenerator {
    private struct Live {
        var id: UInt64
        var clientOrderId: UInt64
        var side: Side
        var priceCode: UInt32
        var lots: UInt64
        var isTrigger: Bool
    }

    private static let liveTarget = 10_000
    private var random: SeededGenerator
    private var engine: EngineSubject
    private var middle: Int32 = 30_000
    private var live: [[Live]]
    private var place: [UInt64: (account: Int, index: Int)] = [:]
    private var stream: EnvelopeStream

    private init(seed: UInt64, accountCount: Int) throws {
        random = SeededGenerator(seed: seed)
        engine = try EngineSubject(accountCount: accountCount)
        live = Array(repeating: [], count: accountCount)
        stream = EnvelopeStream(accountCount: accountCount)
    }

    /// `count` singly signed commands after those that fill the book, whose number comes with them.
    static func stream(seed: UInt64, count: Int, accountCount: Int) throws -> (stream: EnvelopeStream, prefillCount: Int) {
        var generator = try OrderMixGenerator(seed: seed, accountCount: accountCount)
        while generator.place.count < liveTarget { generator.step(cancels: false) }
        let prefillCount = generator.stream.commandCount
        for _ in 0..<count { generator.step(cancels: true) }
        return (generator.stream, prefillCount)
    }

    private mutating func step(cancels: Bool) {
        if chance(1) { middle += Bool.random(using: &random) ? 1 : -1 }
        let account = Int.random(in: 0..<live.count, using: &random)
        let command = cancels ? anyCommand(account) : .place(order(account, .goodTilCancelled))
        let index = stream.envelopeCount
        stream.append(command, account: UInt16(account), operationId: 0, opensEnvelope: true)
        if let timeMs = stream.blockTimeMs(before: index) { engine.beginBlock(timeMs: timeMs) }
        engine.execute(stream, index..<index + 1)
        var happened: [Event] = []
        engine.takeEvents { happened = Array($0) }
        for event in happened { learn(event) }
    }

    private mutating func anyCommand(_ account: Int) -> Command {
        let dice = Int.random(in: 0..<100, using: &random)
        if dice < 46, place.count >= Self.liveTarget, let target = live[account].randomElement(using: &random) {
            guard dice < 14, !target.isTrigger else {
                return .cancelByClientId(market: BenchMarket.id, clientOrderId: target.clientOrderId)
            }
            // Half of the modifications shrink the order where it stands.
            if dice < 7, target.lots > 1 {
                return .modify(market: BenchMarket.id, orderId: target.id, priceCode: target.priceCode, lots: target.lots - 1)
            }
            return .modify(market: BenchMarket.id, orderId: target.id, priceCode: price(target.side, offset: 28), lots: target.lots + 1)
        }
        switch dice {
        case ..<80: return .place(order(account, chance(10) ? .postOnly : .goodTilCancelled))
        case ..<84: return .placeUntil(order(account, .goodTilCancelled), expiryMs: timeMs + UInt64.random(in: 1...100, using: &random))
        case ..<87:
            var order = order(account, .immediateOrCancel)
            order.flags.firesAbove = Bool.random(using: &random)
            let distance = Int32.random(in: 20...120, using: &random)
            return .placeTrigger(
                order, expiryMs: 0, triggerPriceCode: BenchMarket.priceCode(tick: middle + (order.flags.firesAbove ? distance : -distance)))
        case ..<91: return .place(order(account, .fillOrKill, offset: -50))
        case ..<94: return .place(order(account, .market, offset: -500))
        default: return .place(order(account, .immediateOrCancel, offset: -500))
        }
    }

    private mutating func order(_ account: Int, _ timeInForce: TimeInForce, offset: Double = 28) -> Command.Order {
        let side: Side = Bool.random(using: &random) ? .buy : .sell
        stream.idsByClientOrder[account].append(0)
        let flags = PlaceFlags(
            side: side, timeInForce: timeInForce, selfTradePrevention: SelfTradePrevention.allCases.randomElement(using: &random)!)
        return Command.Order(
            market: BenchMarket.id, flags: flags, priceCode: price(side, offset: offset), lots: UInt64.random(in: 1...100, using: &random),
            clientOrderId: UInt64(stream.idsByClientOrder[account].count - 1))
    }

    /// A price that is `offset` ticks on the passive side of the middle, on average.
    private mutating func price(_ side: Side, offset: Double) -> UInt32 {
        let distance = Int32((offset + Double.random(in: -90..<90, using: &random)).rounded())
        return BenchMarket.priceCode(tick: middle + (side == .buy ? -distance : distance))
    }

    private var timeMs: UInt64 { BenchMarket.startMs + UInt64(stream.commandCount / 65_536) * 10 }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    // MARK: What rests

    private mutating func learn(_ event: Event) {
        switch event.kind {
        case Event.Kind.placed, Event.Kind.triggerPlaced, Event.Kind.modified:
            guard event.orderId != 0 else { return }
            if let (account, index) = place[event.orderId] {
                live[account][index].lots = event.remaining
                return
            }
            stream.orderNames.append(event.orderId)
            let account = Int(event.account) - 2
            place[event.orderId] = (account, live[account].count)
            live[account].append(
                Live(
                    id: event.orderId, clientOrderId: event.clientOrderId, side: event.side == 0 ? .buy : .sell, priceCode: event.priceCode,
                    lots: event.remaining, isTrigger: event.kind == Event.Kind.triggerPlaced))
        case Event.Kind.fill: shrink(event.counterOrderId, to: event.remaining)
        case Event.Kind.reduced: shrink(event.orderId, to: event.remaining)
        case Event.Kind.cancelled, Event.Kind.triggered: shrink(event.orderId, to: 0)
        default: break
        }
    }

    private mutating func shrink(_ id: UInt64, to lots: UInt64) {
        guard let (account, index) = place[id] else { return }
        guard lots == 0 else {
            live[account][index].lots = lots
            return
        }
        place[id] = nil
        let last = live[account].removeLast()
        if last.id != id {
            live[account][index] = last
            place[last.id] = (account, index)
        }
    }
}
