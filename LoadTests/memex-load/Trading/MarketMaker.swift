import Engine
import Synchronization

/// A price that wanders, shared by the bots of one market.
final class Pulse: Sendable {
    let market: UInt16
    let lots: UInt64
    private let middle: Mutex<Int>

    /// A walk that starts at `priceCode`; bots trade around `lots` at a time.
    init(market: UInt16, priceCode: UInt32, lots: UInt64) {
        self.market = market
        self.lots = lots
        middle = Mutex(Int(priceCode))
    }

    /// Moves the price by at most one code and returns it.
    func step() -> Int {
        middle.withLock { code in
            code += Int.random(in: -1...1)
            return code
        }
    }

    var priceCode: Int { middle.withLock { $0 } }
}

/// Quotes three levels on both sides around the pulse and replaces them all at every turn, under one signature.
struct MarketMaker {
    let session: BotSession
    let pulse: Pulse

    func turn() throws {
        var commands: [Command] = session.resting.map {
            .cancelByClientId(market: pulse.market, clientOrderId: $0)
        }
        let middle = pulse.step()
        for level in 0..<3 {
            for side in [Side.buy, .sell] {
                let distance = 4 + level * 5
                let code = UInt32(clamping: side == .buy ? middle - distance : middle + distance)
                commands.append(
                    .place(
                        market: pulse.market, side: side, timeInForce: .postOnly, priceCode: code,
                        lots: UInt64.random(in: 1...pulse.lots), clientOrderId: session.newClientOrderId()))
            }
        }
        try session.send(commands)
    }
}

/// Takes what the makers offer, now on this side, now on that.
struct Taker {
    let session: BotSession
    let pulse: Pulse

    func turn() throws {
        let side: Side = Bool.random() ? .buy : .sell
        let reach = Int.random(in: 0...14)
        let code = UInt32(clamping: pulse.priceCode + (side == .buy ? reach : -reach))
        try session.send([
            .place(
                market: pulse.market, side: side, timeInForce: .immediateOrCancel, priceCode: code,
                lots: UInt64.random(in: 1...pulse.lots), clientOrderId: 0)
        ])
    }
}
