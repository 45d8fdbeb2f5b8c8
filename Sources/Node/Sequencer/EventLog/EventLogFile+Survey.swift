import Synchronization

/// What the last process left in the file.
extension EventLogFile {
    struct Survey {
        /// Behind the last record that can be used.
        var end = 0
        /// Where a record begins that is not as it was written, so that nothing from there on can be used.
        var cutAt: Int?
        /// Of the last batch or opening before `end`; the key is 0 for an opening.
        var last: (position: StreamPosition, envelopeKey: UInt64)?
        var index = EventLogIndex()
    }

    /// Walks all records that are kept, up to the first that is not as it was written. What the last process had not finished (a result, or the opening of a
    /// block, that goes over several records) is left out. Throws if this is no log that can be continued, or if it has nothing whole: what is written next may
    /// then be older than what is left.
    ///
    /// - Parameter each: gets the first record of every admitted batch, oldest first, with its log offset.
    func survey(_ each: (RingRecord, Int) -> Void) throws(Flaw) -> Survey {
        if let flaw { throw flaw }
        let end = published.pointee.load(ordering: .acquiring)
        let announced = announced.pointee.load(ordering: .acquiring)
        let oldest = max(0, announced - capacity)
        guard end >= 0, end & 7 == 0, announced >= end, announced - end < capacity, let start = firstBoundary(from: oldest, to: end) else {
            throw .damaged("it does not say where its records are")
        }
        let check = RecordCheck(salt: salt)
        var survey = Survey(index: start == 0 ? EventLogIndex(start: startPosition) : EventLogIndex())
        var walk = Walk(isAligned: start == 0)
        var offset = start
        while offset < end {
            let untilWrap = capacity - offset & (capacity - 1)
            let bytes = UnsafeRawPointer(records + offset & (capacity - 1))
            let isMarker = bytes.load(as: UInt32.self) == RingRecord.endMarker
            // A marker is published together with the record behind it.
            guard check.isIntact(bytes, at: offset, room: min(untilWrap, end - offset)), !isMarker || offset + untilWrap < end else {
                survey.cutAt = offset
                break
            }
            guard !isMarker else {
                offset += untilWrap
                continue
            }
            let record = RingRecord(at: bytes)
            guard walk.take(record, at: offset, each) else { throw .damaged("its records do not follow each other") }
            if record.kind == RingRecord.ToGateway.blockOpened, record.body.count >= 8 {
                survey.index.note(
                    block: record.body.load(as: UInt64.self), offset: offset, oldest: oldest, spacing: capacity / segmentCount)
            }
            offset += RingRecord.byteCount(bodyBytes: record.body.count)
        }
        guard walk.last != nil || end == 0 else { throw .damaged("nothing in it is whole") }
        survey.end = walk.unfinished?.offset ?? offset
        survey.last = walk.last
        return survey
    }

    /// Where the oldest record begins that lies between two positions; nil if that is not known.
    private func firstBoundary(from oldest: Int, to end: Int) -> Int? {
        guard oldest > 0, end > 0 else { return 0 }
        return (0..<segmentCount).map { boundaries[$0] }.filter { $0 & 7 == 0 && $0 >= oldest && $0 < end }.min()
    }

    /// Forgets where records began that were not published: others will lie there, and maybe none will begin there.
    func forgetBoundaries(from end: Int) {
        for segment in 0..<segmentCount where boundaries[segment] >= end { boundaries[segment] = -1 }
    }

    /// What was seen so far of a walk along the records.
    private struct Walk {
        /// False while what comes may be the rest of something whose beginning is overwritten.
        var isAligned: Bool
        var place = StreamPlace()
        var last: (position: StreamPosition, envelopeKey: UInt64)?
        /// The opening or the result that goes on in the next record: where it begins and what it is.
        var unfinished: (offset: Int, position: StreamPosition, envelopeKey: UInt64)?

        /// Takes the next record; false if it cannot follow the one before.
        mutating func take(_ record: RingRecord, at offset: Int, _ each: (RingRecord, Int) -> Void) -> Bool {
            guard (RingRecord.ToGateway.result...RingRecord.ToGateway.blockOpened).contains(record.kind) else { return false }
            let isResult = record.kind == RingRecord.ToGateway.result
            if isResult, record.body.count < ResultLayout.events { return false }
            let isEnd = record.flags & RingRecord.Flags.continues == 0
            guard isAligned else {
                isAligned = isEnd
                return true
            }
            guard let position = place.position(of: record) else { return unfinished == nil }
            if let unfinished {
                guard unfinished.position == position else { return false }
            } else {
                guard position > last?.position ?? StreamPosition(rawValue: 0) else { return false }
                let key = isResult ? record.body.load(fromByteOffset: ResultLayout.envelopeKey, as: UInt64.self) : 0
                if isResult { each(record, offset) }
                unfinished = (offset, position, key)
            }
            if isEnd, let whole = unfinished {
                last = (whole.position, whole.envelopeKey)
                unfinished = nil
            }
            return true
        }
    }
}
