/// How market data is portioned.
struct MarketFeedLimits: Sendable {
    /// Bytes of entries in one message, so that none comes near ``Wire/serverMessageBytesMax``.
    var entriesBytesMax = 64 << 10
    /// A subscriber for whom more than this waits gets no further part of a snapshot yet: one part more than this is what a snapshot takes for it.
    var waitingBytesMax = 128 << 10
    /// Bytes of snapshots made in one turn, so that acks do not wait for them.
    var snapshotBytesPerTurn = 1 << 20
}
