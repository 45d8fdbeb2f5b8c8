import Engine
import Foundation
import Gateway
import Sequencer
import Signing

/// Every batch of a run, signed before the run begins: batch i has nonce `firstNonce + i` and belongs to account `i % accounts`.
struct Workload {
    struct Plan {
        var market: UInt16
        var lots: UInt64
        /// Price code around which orders are placed.
        var middle: UInt32
        var commandsPerBatch: Int
        var batchCount: Int
    }

    /// Orders of an account that may rest at a time: an order is cancelled this many orders later.
    private static let restingMax: UInt64 = 50
    /// Orders are placed within so many price codes of the middle.
    private static let spread: Int64 = 20

    let plan: Plan
    let firstNonce: UInt64
    let accountCount: Int
    /// Messages, one behind the other; batch i is at `offsets[i] ..< offsets[i + 1]`.
    private let bytes: [UInt8]
    private let offsets: [Int]

    init(_ plan: Plan, keys: [PrivateKey], domain: SigningDomain, firstNonce: UInt64) {
        self.plan = plan
        self.firstNonce = firstNonce
        accountCount = keys.count
        var bytes: [UInt8] = []
        var offsets = [0]
        var random = SystemRandomNumberGenerator()
        var placed = [UInt64](repeating: 0, count: keys.count)
        for index in 0..<plan.batchCount {
            let account = index % keys.count
            var commands: [Command] = []
            while commands.count < plan.commandsPerBatch {
                let isCancelDue = placed[account] > Self.restingMax && (index / keys.count + commands.count) % 2 == 1
                if isCancelDue {
                    commands.append(
                        .cancelByClientId(market: plan.market, clientOrderId: firstNonce << 20 | (placed[account] - Self.restingMax)))
                } else {
                    placed[account] += 1
                    let offset = Int64.random(in: -Self.spread...Self.spread, using: &random)
                    commands.append(
                        .place(
                            market: plan.market, side: account % 2 == 0 ? .buy : .sell, timeInForce: .goodTilCancelled,
                            priceCode: UInt32(clamping: Int64(plan.middle) + offset), lots: plan.lots,
                            clientOrderId: firstNonce << 20 | placed[account]))
                }
            }
            bytes += CommandsMessage.encode(commands, nonce: firstNonce + UInt64(index), key: keys[account], domain: domain)
            offsets.append(bytes.count)
        }
        self.bytes = bytes
        self.offsets = offsets
    }

    func withMessage(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[offsets[index]..<offsets[index + 1]])) }
    }

    /// The price around which a market trades: the middle of its book, else its last price, else a price at which a lot costs 50000 atoms.
    static func middle(of market: UInt16, _ client: GatewayClient) throws -> UInt32 {
        let reply = try client.query(.markets)
        let record = try reply.withUnsafeBytes { bytes throws -> MarketAndBook in
            let count = Int(bytes.loadUnaligned(fromByteOffset: QueryReply.count, as: UInt32.self))
            for index in 0..<count {
                let offset = QueryReply.headerBytes + index * MemoryLayout<MarketAndBook>.size
                guard offset + MemoryLayout<MarketAndBook>.size <= bytes.count else { break }
                let record = bytes.loadUnaligned(fromByteOffset: offset, as: MarketAndBook.self)
                if record.market.id == UInt32(market) { return record }
            }
            throw UnknownMarket(market: market)
        }
        let book = record.book
        if book.bestBid != PriceCode.none, book.bestAsk != PriceCode.none { return (book.bestBid + book.bestAsk) / 2 }
        if book.lastPrice != PriceCode.none { return book.lastPrice }
        let exponent = UInt32(clamping: max(0, min(35, -record.market.notionalExponent)))
        return PriceCode.code(mantissa: 50_000, exponent: exponent)
    }
}

struct UnknownMarket: Error, CustomStringConvertible {
    let market: UInt16
    var description: String { "the exchange has no market \(market)" }
}
