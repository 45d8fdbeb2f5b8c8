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
        let padding = byteCount - RingRecord.headerBytes - bodyBytes
        let first = UInt64(byteCount) | UInt64(kind) << 32 | UInt64(flags) << 40 | UInt64(padding) << 48
        record.storeBytes(of: first, toByteOffset: RingRecord.Offset.length, as: UInt64.self)
        record.storeBytes(of: UInt64(session) | UInt64(bodyBytes) << 32, toByteOffset: RingRecord.Offset.session, as: UInt64.self)
        record.storeBytes(of: tag, toByteOffset: RingRecord.Offset.tag, as: UInt64.self)
        if padding != 0 { record.storeBytes(of: 0, toByteOffset: byteCount - 8, as: UInt64.self) }
        fill(record + RingRecord.headerBytes)
        return start..<start + byteCount
    }

    /// Whether the marker of the unused end lies at `position`, rather than a record.
    func isMarker(at position: Int) -> Bool { (base + position & mask).load(as: UInt32.self) == RingRecord.endMarker }

    /// Passes the record at or, after a marker, behind position `head` to `body`; there must be one. Returns where it ends.
    func read(at head: Int, _ body: (RingRecord) -> Void) -> Int {
        var start = head
        if isMarker(at: start) { start += capacity - start & mask }
        let record = RingRecord(at: base + start & mask)
        body(record)
        return start + RingRecord.byteCount(bodyBytes: record.body.count)
    }
}

extension RingRecord {
    /// A view of the record at `bytes`, aligned to 8, which ``isWhole(at:room:)``.
    init(at bytes: UnsafeRawPointer) {
        let first = bytes.load(fromByteOffset: Offset.length, as: UInt64.self)
        kind = UInt8(truncatingIfNeeded: first >> 32)
        flags = UInt8(truncatingIfNeeded: first >> 40)
        session = bytes.load(fromByteOffset: Offset.session, as: UInt32.self)
        tag = bytes.load(fromByteOffset: Offset.tag, as: UInt64.self)
        body = UnsafeRawBufferPointer(start: bytes + Self.headerBytes, count: Self.bodyBytes(first))
    }

    /// Whether `room` bytes from `bytes` on begin with a record that can have been written: lengths that agree, zeroes where they belong.
    static func isWhole(at bytes: UnsafeRawPointer, room: Int) -> Bool {
        guard room >= headerBytes else { return false }
        let first = bytes.load(fromByteOffset: Offset.length, as: UInt64.self)
        let length = Int(UInt32(truncatingIfNeeded: first))
        return first >> 51 == 0 && length <= room && bodyBytes(first) >= 0 && length == byteCount(bodyBytes: bodyBytes(first))
    }

    /// By a record's first eight bytes.
    private static func bodyBytes(_ first: UInt64) -> Int {
        Int(UInt32(truncatingIfNeeded: first)) - headerBytes - Int(UInt8(truncatingIfNeeded: first >> 48))
    }
}
