/// Reads one column from its start to its end, never beyond.
struct BatchCursor {
    private var position: UnsafeRawPointer
    private let end: UnsafeRawPointer
    private let column: Int

    init(_ start: UnsafeRawPointer, count: Int, column: Int) {
        position = start
        end = start + count
        self.column = column
    }

    var unread: Int { end - position }

    mutating func byte() throws(BatchError) -> UInt8 {
        guard position < end else { throw .columnTooShort(column: column) }
        let byte = position.load(as: UInt8.self)
        position += 1
        return byte
    }

    /// The next `count` bytes.
    mutating func bytes(_ count: Int) throws(BatchError) -> UnsafeRawPointer {
        guard unread >= count else { throw .columnTooShort(column: column) }
        let start = position
        position += count
        return start
    }

    mutating func varint() throws(BatchError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try byte()
            // The tenth byte has one bit left; a last byte of 0 after others could have been left out.
            guard shift < 63 || byte <= 1, byte != 0 || shift == 0 else { throw .malformedVarint(column: column) }
            value |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 { return value }
            shift &+= 7
        }
    }

    /// A varint of at most 32 bits.
    mutating func varint32() throws(BatchError) -> UInt32 {
        let value = try varint()
        guard value <= UInt64(UInt32.max) else { throw .valueOutOfRange(column: column, value: value) }
        return UInt32(truncatingIfNeeded: value)
    }

    /// A zigzag difference from `last`, modulo 2^64.
    mutating func value(after last: UInt64) throws(BatchError) -> UInt64 { last &+ BatchFormat.unzigzag(try varint()) }

    /// A zigzag difference from `last`, modulo 2^32.
    mutating func value(after last: UInt32) throws(BatchError) -> UInt32 { last &+ BatchFormat.unzigzag(try varint32()) }
}
