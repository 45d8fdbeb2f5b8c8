/// Looks back in an ``EventLog`` without holding its writer up: copies a stretch of records, then checks that it was not overwritten meanwhile, and each
/// record before it passes it on.
/// Used by one thread, for any number of cursors.
package final class EventHistory {
    /// A place in the log between two records.
    package struct Cursor: Equatable {
        /// Log offset of the next record.
        package fileprivate(set) var offset: Int
        /// Only what comes after this stream position is passed on; nil: everything, replies and refusals included.
        fileprivate let after: StreamPosition?
        fileprivate var place = StreamPlace()

        package static func == (left: Cursor, right: Cursor) -> Bool { left.offset == right.offset }
    }

    package enum Step: Equatable {
        /// There is more before the end that was asked for.
        case more
        /// The end is reached.
        case done
        /// What comes next cannot be told: the writer has overwritten it, or it is not as it was written.
        case gone
    }

    private let log: EventLog
    private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

    init(log: EventLog) { self.log = log }

    deinit { buffer.deallocate() }

    /// The oldest stream position after which everything is kept; the largest there is while nothing is. A moment's value.
    package var oldestPosition: StreamPosition { log.oldestPosition }

    /// The place from which everything after stream position `after` follows, or nil if some of it is no longer kept. O(log n); the first read may
    /// pass over about a segment and a block of records.
    package func cursor(after: StreamPosition) -> Cursor? {
        let oldest = log.oldestOffset
        guard let entry = log.index.withLock({ $0.last(through: after, from: oldest) }) else { return nil }
        return Cursor(offset: entry.offset, after: after)
    }

    /// The place of the record at `offset`, where one begins that was published, for everything from there on.
    package func cursor(at offset: Int) -> Cursor { Cursor(offset: offset, after: nil) }

    /// Passes up to about 64 KiB of the records before log offset `end` to `body`, each with its stream position (nil: a reply or a refusal). `end` is
    /// where a live reader is, or was. `body` returns whether to go on; the record for which it says no has been passed on.
    package func read(_ cursor: inout Cursor, until end: Int, _ body: (RingRecord, StreamPosition?) -> Bool) -> Step {
        guard cursor.offset < end else { return .done }
        let untilWrap = log.capacity - cursor.offset & (log.capacity - 1)
        let roomMax = min(end - cursor.offset, untilWrap)
        var count = min(roomMax, buffer.count)
        guard copy(cursor.offset, count) else { return .gone }
        var used = 0
        var goesOn = true
        while goesOn, used < count {
            let bytes = UnsafeRawPointer(buffer.baseAddress.unsafelyUnwrapped + used)
            let length = bytes.load(as: UInt32.self)
            if length != RingRecord.endMarker, Int(length) > count - used, Int(length) <= roomMax - used {
                guard used == 0 else { break }
                // One record larger than the buffer. The check needs whole words.
                count = (Int(length) + 7) & ~7
                grow(to: count)
                guard copy(cursor.offset, count) else { return .gone }
                continue
            }
            guard log.check.isIntact(bytes, at: cursor.offset + used, room: count - used) else {
                log.foundDamage(at: cursor.offset + used)
                return .gone
            }
            guard length != RingRecord.endMarker else {
                used = untilWrap
                break
            }
            goesOn = pass(RingRecord(at: bytes), &cursor, body)
            used += Int(length)
        }
        cursor.offset += used
        return cursor.offset < end ? .more : .done
    }

    private func pass(_ record: RingRecord, _ cursor: inout Cursor, _ body: (RingRecord, StreamPosition?) -> Bool) -> Bool {
        let position = cursor.place.position(of: record)
        guard let after = cursor.after else { return body(record, position) }
        guard let position, position > after else { return true }
        return body(record, position)
    }

    private func copy(_ offset: Int, _ count: Int) -> Bool {
        log.copy(from: offset, UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
    }

    private func grow(to byteCount: Int) {
        guard byteCount > buffer.count else { return }
        buffer.deallocate()
        buffer = .allocate(byteCount: byteCount, alignment: 16)
    }
}
