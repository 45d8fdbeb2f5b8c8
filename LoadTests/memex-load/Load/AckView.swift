import Engine
import Gateway
import Sequencer

/// An ack as the load harness reads it: in place, without making anything. ``isFaithful(to:)`` compares it with the gateway's own decoder, so that a
/// layout which moved is noticed before anything is measured.
struct AckView {
    private let base: UnsafeRawPointer
    let commandCount: Int

    private static let headerBytes = 40
    private static let resultBytes = ServerMessage.CommandResult.byteCount

    /// Nil unless `bytes` hold an ack with all its results.
    @inline(__always)
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.headerBytes, bytes[0] == Wire.ToClient.ack, let base = bytes.baseAddress else { return nil }
        commandCount = Int(base.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        guard bytes.count >= Self.headerBytes + commandCount * Self.resultBytes else { return nil }
        self.base = base
    }

    var position: UInt32 { base.loadUnaligned(fromByteOffset: 4, as: UInt32.self) }
    var nonce: UInt64 { base.loadUnaligned(fromByteOffset: 8, as: UInt64.self) }
    var sequence: UInt64 { base.loadUnaligned(fromByteOffset: 16, as: UInt64.self) }
    var block: UInt64 { base.loadUnaligned(fromByteOffset: 24, as: UInt64.self) }

    /// Where the batch stands in the stream of everything that happened.
    var streamPosition: UInt64 { StreamPosition(block: block, batch: position).rawValue }

    @inline(__always)
    func kind(_ index: Int) -> UInt8 { base.load(fromByteOffset: Self.headerBytes + index * Self.resultBytes, as: UInt8.self) }
    @inline(__always)
    func code(_ index: Int) -> UInt16 {
        base.loadUnaligned(fromByteOffset: Self.headerBytes + index * Self.resultBytes + 2, as: UInt16.self)
    }
    @inline(__always)
    func lots(_ index: Int) -> UInt64 {
        base.loadUnaligned(fromByteOffset: Self.headerBytes + index * Self.resultBytes + 16, as: UInt64.self)
    }

    /// Whether the gateway's decoder reads the same.
    func isFaithful(to ack: ServerMessage.Ack) -> Bool {
        ack.nonce == nonce && ack.sequence == sequence && ack.block == block && ack.position == position
            && ack.results.count == commandCount
            && ack.results.enumerated().allSatisfy { kind($0) == $1.kind && code($0) == $1.code && lots($0) == $1.lots }
    }
}
