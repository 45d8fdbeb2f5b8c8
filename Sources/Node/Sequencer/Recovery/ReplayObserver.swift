import Engine

/// Sees what is executed again from the journal, in order, on the thread that recovers.
protocol ReplayObserver: AnyObject {
    /// Everything up to the end of `block` is in the checkpoint (0: genesis) and not executed again.
    func begins(after block: UInt64)

    /// Of rows that have more of the journal behind them it keeps nothing.
    var bytesKept: Int { get }

    /// A row comes next, with `bytesKept` bytes of the journal behind it at most, or more.
    func beginsRow(isKept: Bool)

    /// A block was opened: `producer.exchange.events` is what its inbox messages, timers and auctions caused.
    func opened(_ opening: BlockOpening, _ producer: BlockProducer) throws

    /// A batch was admitted: `producer` has its events, sequence and position.
    func admitted(_ envelope: UnsafeRawBufferPointer, _ producer: BlockProducer) throws
}
