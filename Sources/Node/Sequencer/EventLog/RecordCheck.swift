/// Tells a record of an ``EventLog`` from all else that may lie in its place: bytes that rotted, a page that never reached the disk, what was written there in
/// an earlier round of the memory or in an earlier log of the same file.
///
/// A check is 32 bits, over all bytes of a record, its position and the file's salt; the marker at the end of the memory has one, too, behind its four bytes.
/// The writer sets it before it publishes the record. Live readers need not look at it; whoever looks back, or into a file, does.
struct RecordCheck {
    /// Of the file, drawn anew whenever the log is begun anew.
    let salt: UInt64

    private static let markerCheck = 4

    /// Sets the check of the record that begins at `position` and lies at `bytes`.
    func seal(record bytes: UnsafeMutableRawPointer, at position: Int) {
        bytes.storeBytes(of: ofRecord(bytes, at: position), toByteOffset: RingRecord.Offset.check, as: UInt32.self)
    }

    /// Sets the check of the marker at `position`, which lies at `bytes`.
    func seal(marker bytes: UnsafeMutableRawPointer, at position: Int) {
        bytes.storeBytes(of: ofMarker(at: position), toByteOffset: Self.markerCheck, as: UInt32.self)
    }

    /// Whether `room` bytes from `bytes` on, a multiple of 8, begin with the record or marker that was written at `position`, as it was written.
    func isIntact(_ bytes: UnsafeRawPointer, at position: Int, room: Int) -> Bool {
        guard room >= 8 else { return false }
        if bytes.load(as: UInt32.self) == RingRecord.endMarker {
            return bytes.load(fromByteOffset: Self.markerCheck, as: UInt32.self) == ofMarker(at: position)
        }
        return RingRecord.isWhole(at: bytes, room: room)
            && bytes.load(fromByteOffset: RingRecord.Offset.check, as: UInt32.self) == ofRecord(bytes, at: position)
    }

    private func ofMarker(at position: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: Checksum.mixed(salt ^ UInt64(position), UInt64(RingRecord.endMarker)))
    }

    private func ofRecord(_ bytes: UnsafeRawPointer, at position: Int) -> UInt32 {
        let first = bytes.load(as: UInt64.self)
        let session = UInt64(bytes.load(fromByteOffset: RingRecord.Offset.session, as: UInt32.self))
        let rest = UnsafeRawBufferPointer(
            start: bytes + RingRecord.Offset.tag, count: Int(UInt32(truncatingIfNeeded: first)) - RingRecord.Offset.tag)
        return UInt32(
            truncatingIfNeeded: Checksum.ofWords(rest, seed: Checksum.mixed(Checksum.mixed(salt ^ UInt64(position), first), session)))
    }
}
