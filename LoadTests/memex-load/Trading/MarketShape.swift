import Engine
import Gateway
import Sequencer

/// What a bot must know of a market to trade it: asked from the exchange.
struct MarketShape {
    let record: Market

    var id: UInt16 { UInt16(record.id) }

    /// All listed markets.
    static func all(_ client: GatewayClient) throws -> [MarketShape] {
        let reply = try client.query(.markets)
        let stride = MemoryLayout<Market>.stride
        return reply.withUnsafeBytes { bytes in
            guard bytes.count >= QueryReply.headerBytes else { return [] }
            return (0..<(bytes.count - QueryReply.headerBytes) / stride).map { index in
                MarketShape(record: bytes.loadUnaligned(fromByteOffset: QueryReply.headerBytes + index * stride, as: Market.self))
            }
        }
    }

    /// Quote atoms that `lots` cost at a price at which an order was accepted.
    func quoteAtoms(priceCode: UInt32, lots: UInt64) -> UInt64 {
        (Notional.atomsPerLot(priceCode: priceCode, notionalExponent: record.notionalExponent) ?? 0) * lots
    }
}
