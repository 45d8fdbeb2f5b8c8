import Benchmarks
import Engine
import SeededRandom

/// Command batches of a run in the order in which they are due, before they are signed.
protocol CommandFlow {
    /// Calls `body` for each batch: whose it is (index of a key), and its commands. Stops when `body` returns false.
    func forEach(_ body: (_ account: Int, _ commands: [Command]) -> Bool)
}

/// What orders of a flow look like.
struct FlowShape {
    var market: UInt16 = 1
    /// Price code around which orders are placed.
    var middle: UInt32 = 0
    var lots: UInt64 = 1
    var accountCount = 2
    var commandsPerBatch = 1
    /// Client order ids begin behind this one; no two flows of an account share any.
    var clientOrderBase: UInt64 = 0
}

/// Drawn from a mix. Accounts with an even number buy and the others sell, so that nobody trades with itself.
///
/// Cancels name the oldest order of the account that was placed and not yet cancelled, by client order id; some were filled before. Modifications
/// take one lot off an order far from the market, which keeps its id (``anchors``).
struct GeneratedFlow: CommandFlow {
    let shape: FlowShape
    let mix: CommandMix
    let seed: UInt64
    /// Order id and price code of each account's order to be modified, and its lots; empty where the mix modifies none.
    var anchors: [Anchor] = []

    /// An order that rests far from the market.
    struct Anchor {
        let orderId: UInt64
        let priceCode: UInt32
        let lots: UInt64
    }

    /// Orders of an account that may rest; then it cancels instead of placing more.
    static let restingMax = 1000
    /// Prices lie up to so many codes behind the middle, and up to so many beyond it, where they meet the other side's.
    private static let depth: Int64 = 60
    private static let overlap: Int64 = 5

    func forEach(_ body: (Int, [Command]) -> Bool) {
        var random = SeededGenerator(seed: seed)
        var placed = [UInt64](repeating: 0, count: shape.accountCount)
        var cancelled = placed
        var modified = placed
        var account = 0
        while true {
            var commands: [Command] = []
            commands.reserveCapacity(shape.commandsPerBatch)
            while commands.count < shape.commandsPerBatch {
                var kind = mix.draw(using: &random)
                if kind == .place, placed[account] - cancelled[account] >= UInt64(Self.restingMax) { kind = .cancel }
                if kind == .cancel, placed[account] == cancelled[account] { kind = .place }
                switch kind {
                case .place:
                    placed[account] += 1
                    commands.append(order(account, placed[account], &random))
                case .cancel:
                    cancelled[account] += 1
                    commands.append(.cancelByClientId(market: shape.market, clientOrderId: shape.clientOrderBase + cancelled[account]))
                case .modify:
                    modified[account] += 1
                    let anchor = anchors[account]
                    commands.append(
                        .modify(
                            market: shape.market, orderId: anchor.orderId, priceCode: anchor.priceCode,
                            lots: anchor.lots - modified[account]))
                }
            }
            guard body(account, commands) else { return }
            account = (account + 1) % shape.accountCount
        }
    }

    private func order(_ account: Int, _ number: UInt64, _ random: inout SeededGenerator) -> Command {
        let behind = Int64.random(in: -Self.overlap...Self.depth, using: &random)
        return .place(
            market: shape.market, side: account % 2 == 0 ? .buy : .sell, timeInForce: .goodTilCancelled,
            priceCode: UInt32(clamping: Int64(shape.middle) + (account % 2 == 0 ? -behind : behind)), lots: shape.lots,
            clientOrderId: shape.clientOrderBase + number)
    }
}

/// Recorded flow, moved to the market's prices: a tick is one price code.
struct RecordedCommandFlow: CommandFlow {
    let shape: FlowShape
    let stream: OperationStream

    func forEach(_ body: (Int, [Command]) -> Bool) {
        var middleTick: Int64?
        var pending: [Command] = []
        var pendingAccount = 0
        var isWanted = true
        // An order at a middle tick is one at the middle price.
        stream.forEach(accountCount: shape.accountCount & ~1, burst: shape.commandsPerBatch) { order in
            guard isWanted else { return }
            if order.action != .cancel, middleTick == nil { middleTick = Int64(order.tick) }
            let id = shape.clientOrderBase + order.id
            if !pending.isEmpty, order.account != pendingAccount || pending.count == shape.commandsPerBatch {
                isWanted = body(pendingAccount, pending)
                pending.removeAll(keepingCapacity: true)
            }
            pendingAccount = order.account
            guard order.action != .cancel else {
                return pending.append(.cancelByClientId(market: shape.market, clientOrderId: id))
            }
            pending.append(
                .place(
                    market: shape.market, side: order.isBuy ? .buy : .sell,
                    timeInForce: order.action == .add ? .goodTilCancelled : .immediateOrCancel,
                    priceCode: UInt32(clamping: Int64(shape.middle) + Int64(order.tick) - (middleTick ?? 0)), lots: UInt64(order.lots),
                    clientOrderId: id))
        }
        if isWanted, !pending.isEmpty { _ = body(pendingAccount, pending) }
    }
}
