import Engine
import Foundation
import Gateway
import Settlement

/// Recorded order flow, sent as it was recorded: buys by one trader, sells by another, so that nobody trades with itself.
///
/// A line is `add,ID,SIDE,PRICE,LOTS`, `cancel,ID` or `take,SIDE,PRICE,LOTS` (SIDE of the taker); `Deploy/local/replay.py` makes such lines of
/// the files in ../shared/data.
struct Replay {
    enum Line {
        case add(id: UInt64, side: Side, priceCode: UInt32, lots: UInt64)
        case cancel(id: UInt64)
        case take(side: Side, priceCode: UInt32, lots: UInt64)
    }

    let buyer: BotSession
    let seller: BotSession
    let market: UInt16
    let lines: [Line]

    static func read(_ path: String) throws -> [Line] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { line in
            let fields = line.split(separator: ",").map(String.init)
            switch (fields.first, fields.count) {
            case ("add", 5):
                guard let id = UInt64(fields[1]), let side = side(fields[2]), let lots = UInt64(fields[4]) else { break }
                return .add(id: id, side: side, priceCode: try PriceCode.parse(fields[3]), lots: lots)
            case ("cancel", 2):
                guard let id = UInt64(fields[1]) else { break }
                return .cancel(id: id)
            case ("take", 4):
                guard let side = side(fields[1]), let lots = UInt64(fields[3]) else { break }
                return .take(side: side, priceCode: try PriceCode.parse(fields[2]), lots: lots)
            default: break
            }
            throw ReplayError.badLine(String(line))
        }
    }

    /// Sends the lines in order, up to 20 neighbouring ones of one trader under one signature, until they end or `deadline` passes.
    func run(until deadline: UInt64) throws {
        var sides: [UInt64: Side] = [:]
        var pending: [Command] = []
        var pendingSide = Side.buy
        for line in lines {
            let (side, command): (Side, Command)
            switch line {
            case .add(let id, let orderSide, let priceCode, let lots):
                sides[id] = orderSide
                (side, command) = (orderSide, place(orderSide, .goodTilCancelled, priceCode, lots, id))
            case .take(let takerSide, let priceCode, let lots):
                (side, command) = (takerSide, place(takerSide, .immediateOrCancel, priceCode, lots, 0))
            case .cancel(let id):
                guard let orderSide = sides.removeValue(forKey: id) else { continue }
                (side, command) = (orderSide, .cancelByClientId(market: market, clientOrderId: id))
            }
            if !pending.isEmpty && (side != pendingSide || pending.count == 20) {
                try send(pending, side: pendingSide, until: deadline)
                pending = []
            }
            pendingSide = side
            pending.append(command)
            if MonotonicClock.nanoseconds() > deadline { return }
        }
        if !pending.isEmpty { try send(pending, side: pendingSide, until: deadline) }
    }

    /// The next batch leaves when this one was answered: the two traders' orders must not overtake each other.
    private func send(_ commands: [Command], side: Side, until deadline: UInt64) throws {
        let session = side == .buy ? buyer : seller
        try session.send(commands)
        try session.listen(until: deadline, untilAnswered: true)
    }

    private func place(_ side: Side, _ timeInForce: TimeInForce, _ priceCode: UInt32, _ lots: UInt64, _ id: UInt64) -> Command {
        .place(market: market, side: side, timeInForce: timeInForce, priceCode: priceCode, lots: lots, clientOrderId: id)
    }

    private static func side(_ text: String) -> Side? { text == "buy" ? .buy : text == "sell" ? .sell : nil }
}

enum ReplayError: Error, CustomStringConvertible {
    case badLine(String)

    var description: String {
        switch self {
        case .badLine(let line):
            "replay: cannot read the line `\(line)`; expected add,ID,SIDE,PRICE,LOTS or cancel,ID or take,SIDE,PRICE,LOTS"
        }
    }
}
