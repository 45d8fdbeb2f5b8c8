import Engine
import SeededRandom

/// Generated flow for the batch codec: accounts that place, cancel and modify on several markets, at normally distributed distances from prices that wander.
///
/// Half of the accounts name what they cancel by client order id, the others by the engine's; modifications always do. The engine's ids are those of a
/// free list, as the engine has one.
struct MixedFlow {
    /// Shares of the commands, in percent; the rest modify.
    struct Mix {
        var place: Int
        var cancel: Int
    }

    private struct Live {
        var market: UInt16
        var clientOrderId: UInt64
        var orderId: UInt64
        var priceCode: UInt32
        var lots: UInt64
    }

    private let mix: Mix
    private var random: SeededGenerator
    private var middles: [UInt32]
    private var live: [[Live]]
    private var clientOrderIds: [UInt64]
    private var freeSlots: [UInt32] = []
    private var generations: [UInt32] = [0]

    init(mix: Mix, accountCount: Int, marketCount: Int = 4, seed: UInt64) {
        self.mix = mix
        random = SeededGenerator(seed: seed)
        middles = (0..<marketCount).map { BenchMarket.firstCode + 20_000 + 7_000 * UInt32($0) }
        live = Array(repeating: [], count: accountCount)
        clientOrderIds = Array(repeating: 0, count: accountCount)
    }

    /// The next envelope: an account, the payload of its commands on one market (cancels and modifications wherever its orders are).
    mutating func envelope(commands: Int) -> (account: Int, payload: [UInt8]) {
        let account = Int.random(in: 0..<live.count, using: &random)
        let market = Int.random(in: 0..<middles.count, using: &random)
        var payload: [UInt8] = []
        for _ in 0..<commands {
            let command = command(account, market)
            withUnsafeTemporaryAllocation(byteCount: Command.bytesMax, alignment: 8) { scratch in
                let count = command.encode(to: scratch.baseAddress!)
                payload.append(contentsOf: UnsafeRawBufferPointer(rebasing: scratch[..<count]))
            }
        }
        return (account, payload)
    }

    private mutating func command(_ account: Int, _ market: Int) -> Command {
        if Int.random(in: 0..<100, using: &random) == 0 {
            middles[market] = middles[market] &+ UInt32.random(in: 0...2, using: &random) &- 1
        }
        let dice = Int.random(in: 0..<100, using: &random)
        guard dice >= mix.place, let index = live[account].indices.randomElement(using: &random) else { return place(account, market) }
        guard dice >= mix.place + mix.cancel else {
            let order = live[account].remove(at: index)
            freeSlots.append(UInt32(truncatingIfNeeded: order.orderId))
            return account % 2 == 0
                ? .cancelByClientId(market: order.market, clientOrderId: order.clientOrderId)
                : .cancel(market: order.market, orderId: order.orderId)
        }
        let move = UInt32.random(in: 0...6, using: &random) &- 3
        live[account][index].priceCode &+= move
        live[account][index].lots = max(1, live[account][index].lots - 1)
        let order = live[account][index]
        return .modify(market: order.market, orderId: order.orderId, priceCode: order.priceCode, lots: order.lots)
    }

    private mutating func place(_ account: Int, _ market: Int) -> Command {
        let side: Side = account % 2 == 0 ? .buy : .sell
        let distance = Int32((50 * normal()).rounded()) + (side == .buy ? -28 : 28)
        let rests = Int.random(in: 0..<10, using: &random) < 8
        clientOrderIds[account] += 1
        let order = Live(
            market: UInt16(market + 1), clientOrderId: clientOrderIds[account], orderId: rests ? orderId() : 0,
            priceCode: middles[market] &+ UInt32(bitPattern: distance),
            lots: UInt64.random(in: 1...100, using: &random) * [1, 10, 100][Int.random(in: 0..<3, using: &random)])
        if rests { live[account].append(order) }
        return .place(
            market: order.market, side: side, timeInForce: rests ? .goodTilCancelled : .immediateOrCancel, priceCode: order.priceCode,
            lots: order.lots, clientOrderId: order.clientOrderId)
    }

    private mutating func orderId() -> UInt64 {
        let slot: UInt32
        if let free = freeSlots.popLast() {
            slot = free
        } else {
            slot = UInt32(generations.count)
            generations.append(0)
        }
        generations[Int(slot)] += 1
        return UInt64(generations[Int(slot)]) << 32 | UInt64(slot)
    }

    /// Close to a normal distribution, and the same on every machine.
    private mutating func normal() -> Double { (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &random) } }
}
