/// The memory in which a ``ByteRing`` or ``EventLog`` keeps its records: where one lies and what it looks like. Who may touch it when, its owner knows.
///
/// Positions only grow, are multiples of 8 and index the memory modulo its capacity. A record never crosses the end of the memory; a marker fills the rest.
struct RecordMemory {
    let base: UnsafeMutableRawPointer
    let mask: Int

    /// `capacity` is a power of two from 64; `base` has as many bytes, aligned to 8.
    init(base: UnsafeMutableRawPointer, capacity: Int) {
        precondition(capacity >= 64 && capacity & (capacity - 1) == 0, "capacity \(capacity) is not a power of two from 64")
        self.base = base
        mask = capacity - 1
    }

    var capacity: Int { mask + 1 }
    /// Largest record, header included, that can ever be written: half the memory.
    var recordBytesMax: Int { capacity / 2 }

    /// Bytes that a record of `byteCount` takes from position `tail` on: its own, and those of a marker where it does not fit before the end.
    func bytesTaken(_ byteCount: Int, from tail: Int) -> Int {
        precondition(byteCount <= recordBytesMax, "a record of \(byteCount) bytes can never fit a ring of \(capacity)")
        let untilEnd = capacity - tail & mask
        return byteCount <= untilEnd ? byteCount : untilEnd + byteCount
    }

    /// Writes a record whose body `fill` completes: all its bytes, aligned to 8. Returns the position where it begins, which a marker may put
    /// behind `tail`, and where it ends.
    func write(
        at tail: Int, kind: UInt8, flags: UInt8, session: UInt32, tag: UInt64, bodyBytes: Int, _ fill: (UnsafeMutableRawPointer) -> Void
    ) -> Range<Int> {
        let byteCount = RingRecord.byteCount(bodyBytes: bodyBytes)
        let start = tail + bytesTaken(byteCount, from: tail) - byteCount
        if start != tail { (base + tail & mask).storeBytes(of: RingRecord.endMarker, as: UInt32.self) }
        let record = base + start & mask
        record.storeBytes(of: UInt32(byteCount), toByteOffset: RingRecord.Offset.length, as: UInt32.self)
        record.storeBytes(of: kind, toByteOffset: RingRecord.Offset.kind, as: UInt8.self)
        record.storeBytes(of: flags, toByteOffset: RingRecord.Offset.flags, as: UInt8.self)
        record.storeBytes(of: 0, toByteOffset: RingRecord.Offset.reserved, as: UInt16.self)
        record.storeBytes(of: session, toByteOffset: RingRecord.Offset.session, as: UInt32.self)
        record.storeBytes(of: UInt32(bodyBytes), toByteOffset: RingRecord.Offset.bodyBytes, as: UInt32.self)
        record.storeBytes(of: tag, toByteOffset: RingRecord.Offset.tag, as: UInt64.self)
        if bodyBytes & 7 != 0 { record.storeBytes(of: 0, toByteOffset: byteCount - 8, as: UInt64.self) }
        fill(record + RingRecord.headerBytes)
        return start..<start + byteCount
    }

    /// Passes the record at or, after a marker, behind position `head` to `body`; there must be one. Returns where it ends.
    func read(at head: Int, _ body: (RingRecord) -> Void) -> Int {
        var start = head
        if (base + start & mask).load(as: UInt32.self) == RingRecord.endMarker { start += capacity - start & mask }
        let record = RingRecord(at: base + start & mask)
        body(record)
        return start + RingRecord.byteCount(bodyBytes: record.body.count)
    }
}

extension RingRecord {
    /// A view of the record at `bytes`, aligned to 8.
    init(at bytes: UnsafeRawPointer) {
        kind = bytes.load(fromByteOffset: Offset.kind, as: UInt8.self)
        flags = bytes.load(fromByteOffset: Offset.flags, as: UInt8.self)
        session = bytes.load(fromByteOffset: Offset.session, as: UInt32.self)
        tag = bytes.load(fromByteOffset: Offset.tag, as: UInt64.self)
        body = UnsafeRawBufferPointer(
            start: bytes + Self.headerBytes, count: Int(bytes.load(fromByteOffset: Offset.bodyBytes, as: UInt32.self)))
    }

    /// Whether `room` bytes from `bytes` on begin with a record that can have been written: lengths that agree, zeroes where they belong.
    static func isWhole(at bytes: UnsafeRawPointer, room: Int) -> Bool {
        guard room >= headerBytes else { return false }
        let length = Int(bytes.load(fromByteOffset: Offset.length, as: UInt32.self))
        let bodyBytes = Int(bytes.load(fromByteOffset: Offset.bodyBytes, as: UInt32.self))
        return length <= room && length == byteCount(bodyBytes: bodyBytes)
            && bytes.load(fromByteOffset: Offset.reserved, as: UInt16.self) == 0
    }
}
