import Engine
import Sequencer

extension ServerMessage {
    /// Reads from the front; every read is checked against the end.
    struct Reader {
        let bytes: UnsafeRawBufferPointer
        var offset = 0

        var remaining: Int { bytes.count - offset }
        var isAtEnd: Bool { remaining == 0 }
        var malformed: MalformedServerMessage { MalformedServerMessage(type: bytes.first ?? 0, byteCount: bytes.count) }

        mutating func next<Integer: FixedWidthInteger & BitwiseCopyable>() throws(MalformedServerMessage) -> Integer {
            Integer(littleEndian: try nextRaw())
        }

        mutating func nextRaw<Value: BitwiseCopyable>() throws(MalformedServerMessage) -> Value {
            guard remaining >= MemoryLayout<Value>.size else { throw malformed }
            defer { offset += MemoryLayout<Value>.size }
            return bytes.loadUnaligned(fromByteOffset: offset, as: Value.self)
        }

        mutating func position() throws(MalformedServerMessage) -> StreamPosition { StreamPosition(rawValue: try next()) }

        /// A position and the block number behind it, which says the same once more.
        mutating func positionAndBlock() throws(MalformedServerMessage) -> StreamPosition {
            let position = try position()
            guard try next() == position.block else { throw malformed }
            return position
        }

        mutating func skip(_ byteCount: Int) throws(MalformedServerMessage) {
            guard remaining >= byteCount else { throw malformed }
            offset += byteCount
        }

        mutating func text(byteCount: Int) throws(MalformedServerMessage) -> String {
            guard remaining >= byteCount else { throw malformed }
            defer { offset += byteCount }
            return String(decoding: bytes[offset..<offset + byteCount], as: UTF8.self)
        }

        mutating func rest() -> [UInt8] {
            defer { offset = bytes.count }
            return Array(bytes[offset...])
        }
    }
}
