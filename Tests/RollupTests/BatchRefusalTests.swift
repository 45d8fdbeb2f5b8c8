import Engine
import Testing

@testable import Rollup

/// Each thing that can be wrong with a batch, by its name.
@Suite struct BatchRefusalTests {
    @Test func namedErrors() {
        let room = BatchCodecTests.Room()
        func outcome(_ bytes: [UInt8]) -> BatchError? { BatchFuzzTests.outcome(bytes, room) }
        #expect(outcome([]) == .empty)
        #expect(outcome([1]) == .unknownVersion(1))
        #expect(outcome([2]) == .unknownVersion(2))
        #expect(outcome([3]) == .malformedHead)
        #expect(outcome([3, 0x81, 0, 1, 0, 0, 0, 0]) == .malformedHead)
        #expect(outcome([3] + [UInt8](repeating: 0xFF, count: 9) + [2, 1, 0, 0, 0, 0]) == .malformedHead)
        // Counts: first block, blocks, messages, envelopes, commands, signers.
        #expect(outcome([3, 0, 1, 0, 0, 0, 0]) == .blocksOutOfRange(first: 0, count: 1))
        #expect(outcome([3, 1, 0, 0, 0, 0, 0]) == .blocksOutOfRange(first: 1, count: 0))
        #expect(outcome([3, 1, 0x81, 0xC0, 1, 0, 0, 0, 0]) == .countTooLarge(24_577))
        #expect(outcome([3, 1, 1, 0, 0, 0x81, 0x80, 6, 0]) == .countTooLarge(98_305))
        #expect(outcome([3, 1, 1, 0, 0, 0, 1]) == .countTooLarge(1))
        #expect(outcome([3, 1, 1, 0, 1, 1, 1] + [UInt8](repeating: 1, count: 83)) == .countTooLarge(1))
        #expect(outcome([3, 1, 1, 0, 0, 0, 0]) == .valuesTooShort)
        var values = HandWrittenBatch()
        values.block(envelopes: 0)
        #expect(outcome(values.bytes) == nil)
        #expect(outcome(values.bytes + [0]) == .wrongEnd)
        #expect(outcome(values.bytes.dropLast()) == .valuesTooShort)
        var last = values.bytes
        last[last.count - 1] ^= 1
        #expect(outcome(last) == .wrongEnd)
        #expect(outcome(values.bytes(messages: 1)) == .countMismatch(column: BatchContexts.Number.blockMessages))
        var more = HandWrittenBatch()
        more.block(messages: 1, envelopes: 0)
        #expect(outcome(more.bytes(messages: 0)) == .countMismatch(column: BatchContexts.Number.blockMessages))
        more = HandWrittenBatch()
        more.block(envelopes: 1)
        #expect(outcome(more.bytes) == .countMismatch(column: BatchContexts.Number.blockEnvelopes))
        more = HandWrittenBatch()
        more.values.append(100, tree: 0, bits: BatchContexts.lengthBits)
        more.block(envelopes: 0)
        #expect(outcome(more.bytes) == .malformedNumber(column: BatchContexts.Number.blockTime))
        more = HandWrittenBatch()
        more.block(timeMs: .max, envelopes: 0)
        more.block(timeMs: 1, envelopes: 0)
        #expect(outcome(more.bytes) == .timeOverflow)
    }

    /// Values that a flag or zeros say otherwise, and values that no command has.
    @Test func otherCodingsAreRefused() {
        let room = BatchCodecTests.Room()
        typealias Number = BatchContexts.Number
        func outcome(_ type: UInt8, _ write: (inout RangeEncoder) -> Void) -> BatchError? {
            var batch = HandWrittenBatch()
            batch.block(timeMs: 5, envelopes: 1)
            batch.envelope(commands: 1)
            batch.values.append(Int(type), tree: BatchContexts.type, bits: BatchContexts.typeBits)
            write(&batch.values)
            return BatchFuzzTests.outcome(batch.bytes, room)
        }
        /// Market 3 unless said otherwise.
        func market(_ values: inout RangeEncoder, _ market: UInt64 = 3, isSame: Bool = false) {
            values.append(isSame, context: BatchContexts.isSameMarket)
            if !isSame { values.append(market, to: Number.market) }
        }
        func order(
            _ values: inout RangeEncoder, flags: Int = 0, zeros: Int = 0, mantissa: UInt64 = 7, clientOrderId: UInt64? = nil
        ) {
            market(&values)
            values.append(false, context: BatchContexts.side)
            values.append(flags, tree: BatchContexts.orderFlags, bits: BatchContexts.orderFlagsBits)
            values.append(9, to: Number.price)
            values.append(zeros, tree: BatchContexts.lotsZeros, bits: 5)
            values.append(mantissa, to: Number.lots + min(zeros, 3))
            values.append(clientOrderId != nil, context: BatchContexts.hasClientOrderId)
            if let clientOrderId { values.append(clientOrderId, after: 1, to: Number.clientOrderId) }
        }
        #expect(outcome(1) { order(&$0) } == nil)
        #expect(outcome(1) { order(&$0, clientOrderId: 8) } == nil)
        #expect(outcome(1) { order(&$0, clientOrderId: 0) } == .notCanonical(column: Number.clientOrderId))
        #expect(outcome(1) { order(&$0, zeros: 19, mantissa: 1) } == nil)
        #expect(
            outcome(1) { order(&$0, zeros: 19, mantissa: 2) } == .valueOutOfRange(column: Number.lots + 3, value: 2_000_000_000_000_000_000)
        )
        #expect(outcome(1) { order(&$0, zeros: 1, mantissa: 10) } == .notCanonical(column: Number.lots + 1))
        #expect(outcome(1) { order(&$0, zeros: 0, mantissa: 10) } == .notCanonical(column: Number.lots))
        #expect(outcome(1) { order(&$0, zeros: 1, mantissa: 0) } == .notCanonical(column: Number.lots + 1))
        #expect(outcome(1) { order(&$0, zeros: 0, mantissa: 0) } == nil)
        // Fires above: only a trigger order can. Times in force 5 to 7: none can.
        #expect(outcome(1) { order(&$0, flags: 0x20) } == .malformedCommand(type: 1))
        #expect(outcome(1) { order(&$0, flags: 5) } == .malformedCommand(type: 1))
        #expect(
            outcome(8) {
                order(&$0, flags: 0x20)
                $0.append(false, context: BatchContexts.expires)
                $0.append(1, to: Number.triggerPrice)
            } == nil)
        #expect(
            outcome(8) {
                order(&$0)
                $0.append(true, context: BatchContexts.expires)
                $0.append(0 as UInt64, after: 5, to: Number.time)
            } == .notCanonical(column: Number.time))
        #expect(
            outcome(7) {
                order(&$0)
                $0.append(0 as UInt64, after: 5, to: Number.time)
            } == .notCanonical(column: Number.time))
        func cancel(_ values: inout RangeEncoder) { values.append(2, to: Number.cancelledClientOrderId) }
        #expect(
            outcome(3) {
                market(&$0, isSame: true); cancel(&$0)
            } == nil)
        #expect(
            outcome(3) {
                market(&$0, 0); cancel(&$0)
            } == .notCanonical(column: Number.market))
        #expect(
            outcome(3) {
                market(&$0, 65_536); cancel(&$0)
            } == .valueOutOfRange(column: Number.market, value: 65_536))
        #expect(outcome(4) { $0.append(1 << 32, to: Number.token) } == .valueOutOfRange(column: Number.token, value: 1 << 32))
        #expect(outcome(10) { $0.append(3, tree: BatchContexts.sides, bits: 2) } == .malformedCommand(type: 10))
        #expect(
            outcome(17) {
                $0.append(1, to: Number.atoms)
                $0.append(19, bits: 8)
            } == .malformedCommand(type: 17))
        for type in UInt8(0)..<32 where Command.byteCount(type: type) == 0 {
            #expect(outcome(type) { _ in } == .malformedCommand(type: type))
        }
    }

    @Test func envelopesThatCannotBeAreRefused() {
        let room = BatchCodecTests.Room()
        func outcome(_ write: (inout HandWrittenBatch) -> Void) -> BatchError? {
            var batch = HandWrittenBatch()
            write(&batch)
            return BatchFuzzTests.outcome(batch.bytes, room)
        }
        /// One block with an envelope of this many sub-accounts opened, by a signer named so.
        func opening(_ batch: inout HandWrittenBatch, _ count: UInt64, signer: UInt64? = nil) {
            batch.block(envelopes: 1)
            batch.envelope(commands: count, signer: signer)
            for index in 0..<count {
                batch.values.append(
                    15, tree: BatchContexts.type + (index == 0 && signer == nil ? 0 : 15) << BatchContexts.typeBits,
                    bits: BatchContexts.typeBits)
            }
        }
        #expect(outcome { opening(&$0, 1) } == nil)
        #expect(outcome { opening(&$0, 512) } == nil)
        #expect(outcome { opening(&$0, 0) } == .commandCountOutOfRange(0))
        #expect(outcome { opening(&$0, 513) } == .commandCountOutOfRange(513))
        #expect(
            outcome {
                opening(&$0, 2); $0.commandCount = 1
            } == .countMismatch(column: BatchContexts.Number.commands))
        #expect(
            outcome {
                opening(&$0, 2); $0.commandCount = 3
            } == .countMismatch(column: BatchContexts.Number.commands))
        #expect(outcome { opening(&$0, 1, signer: 0) } == .unknownSigner(position: 0))
        #expect(
            outcome {
                opening(&$0, 1); opening(&$0, 1, signer: 1); $0.signerCount = 2
            } == .unknownSigner(position: 1))
        #expect(
            outcome {
                opening(&$0, 1); opening(&$0, 1, signer: 0); $0.signerCount = 2
            } == .unknownSigner(position: 1))
        #expect(
            outcome {
                opening(&$0, 1); opening(&$0, 1); $0.signerCount = 1
            } == .unknownSigner(position: 1))
    }

    /// 512 of the longest commands are more than a payload may have: refused before anything is written behind the scratch.
    @Test func payloadsThatAreTooLongAreRefused() {
        let room = BatchCodecTests.Room()
        func outcome(_ count: Int) -> BatchError? {
            var batch = HandWrittenBatch()
            batch.block(envelopes: 1)
            batch.envelope(commands: UInt64(count))
            batch.triggerOrders(count: count, flags: PlaceFlags(side: .buy, timeInForce: .market, firesAbove: true))
            return BatchFuzzTests.outcome(batch.bytes, room)
        }
        let most = Layout.payloadBytesMax / Command.bytesMax
        #expect(outcome(most) == nil)
        #expect(outcome(most + 1) == .payloadTooLong(bytes: (most + 1) * Command.bytesMax))
        #expect(outcome(512) == .payloadTooLong(bytes: (most + 1) * Command.bytesMax))
    }
}
