/// Who hears market data: a connection, or a test.
protocol MarketListener: AnyObject {
    /// A small number that no other listener has as long as this one listens.
    var slot: Int { get }
    /// Whether so much waits for it already that it is to be sent no market data. When that ends it says so (``MarketFeeds/resumed(_:_:)``).
    var isLagging: Bool { get }
    /// Bytes that wait for it.
    var waitingBytes: Int { get }
    /// Sends bytes that are whole WebSocket frames.
    func sendMarketData(frames: UnsafeRawBufferPointer)
}
