import Engine

/// Sees what is executed again from the journal, in order, on the thread that recovers.
protocol ReplayObserver: AnyObject {
    /// Everything up to the end of `block` is in the checkpoint (0: genesis) and not executed again.
    func begins(after block: UInt64)

    /// A row comes next, with `bytesBehind` bytes of the journal behind it.
    func beginsRow(bytesBehind: Int)

    /// A block was opened: `producer.exchange.events` is what its inbox messages, timers and auctions caused.
    func opened(_ opening: BlockOpening, _ producer: BlockProducer) throws

    /// A batch was admitted: `producer` has its events, sequence and position.
    func admitted(_ envelope: UnsafeRawBufferPointer, _ producer: BlockProducer) throws
}
