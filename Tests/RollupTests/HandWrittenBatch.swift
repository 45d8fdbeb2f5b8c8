import Engine

@testable import Rollup

/// A batch put together value by value, also such that no encoder writes.
struct HandWrittenBatch {
    var values = RangeEncoder()
    var signerCount: UInt64 = 0
    var commandCount: UInt64 = 0
    private var blockCount: UInt64 = 0
    private var envelopeCount: UInt64 = 0
    private var messageCount: UInt64 = 0

    private typealias Column = BatchContexts.Number

    mutating func block(timeMs: UInt64 = 5, messages: UInt64 = 0, envelopes: UInt64) {
        values.append(timeMs, to: Column.blockTime)
        values.append(messages, to: Column.blockMessages)
        values.append(envelopes, to: Column.blockEnvelopes)
        values.append(0, to: Column.blockOrigin)
        blockCount += 1
        messageCount += messages
    }

    /// What comes before the commands of an envelope; its signer is a new one unless named.
    mutating func envelope(commands: UInt64, signer: UInt64? = nil) {
        values.append(signer == nil, context: BatchContexts.isNewSigner)
        if let signer { values.append(signer, to: Column.signer) } else { signerCount += 1 }
        values.append(0, to: Column.nonce)
        values.append(commands, to: Column.commands)
        envelopeCount += 1
        commandCount += commands
    }

    /// The same trigger order again and again, as ``Command`` lays it out: market 1, buys, price 1, lots 1, no client order id, trigger price 1.
    mutating func triggerOrders(count: Int, flags: PlaceFlags) {
        let rest = Int(flags.rawValue >> 1)
        for index in 0..<count {
            let isFirst = index == 0
            values.append(
                8, tree: BatchContexts.type + (isFirst ? 0 : 8) << BatchContexts.typeBits, bits: BatchContexts.typeBits)
            values.append(!isFirst, context: BatchContexts.isSameMarket)
            if isFirst { values.append(1, to: Column.market) }
            values.append(false, context: BatchContexts.side)
            values.append(
                rest, tree: BatchContexts.orderFlags + (isFirst ? 0 : rest) << BatchContexts.orderFlagsBits,
                bits: BatchContexts.orderFlagsBits)
            values.append(1, after: isFirst ? 0 : 1 as UInt32, to: Column.price)
            values.append(0, tree: BatchContexts.lotsZeros, bits: 5)
            values.append(1, to: Column.lots)
            values.append(false, context: BatchContexts.hasClientOrderId)
            values.append(false, context: BatchContexts.expires)
            values.append(1, after: 1 as UInt32, to: Column.triggerPrice)
        }
    }

    var bytes: [UInt8] { bytes(messages: messageCount) }

    func bytes(messages: UInt64) -> [UInt8] {
        var bytes = [BatchFormat.version]
        for count in [1, blockCount, messages, envelopeCount, commandCount, signerCount] { BatchEncoder.append(varint: count, to: &bytes) }
        bytes += [UInt8](repeating: 7, count: 20 * Int(signerCount)) + [UInt8](repeating: 1, count: 64 * Int(envelopeCount))
        return bytes + values.finished()
    }
}
