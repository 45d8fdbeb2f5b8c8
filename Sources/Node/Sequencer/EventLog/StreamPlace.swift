/// Tells the stream position of each record of an ``EventLog``, one after the other.
struct StreamPlace {
    /// Block of the last record; 0 while that cannot be told.
    private var block: UInt64 = 0

    /// The position of `record`, or nil if it is no part of the stream: a query's reply, a refusal, or events of a block whose opening was not seen.
    mutating func position(of record: RingRecord) -> StreamPosition? {
        switch record.kind {
        case RingRecord.ToGateway.blockOpened where record.body.count >= 8:
            block = record.body.load(as: UInt64.self)
            return StreamPosition(openingOf: block)
        case RingRecord.ToGateway.events where block != 0: return StreamPosition(openingOf: block)
        case RingRecord.ToGateway.result where record.body.count >= ResultLayout.events:
            let position = record.body.load(fromByteOffset: ResultLayout.position, as: UInt32.self)
            guard position != .max else { return nil }
            block = record.body.load(fromByteOffset: ResultLayout.block, as: UInt64.self)
            return StreamPosition(block: block, batch: position)
        default: return nil
        }
    }
}
