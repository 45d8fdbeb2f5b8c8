import CLibuv
import Glibc
import Logging
import Sequencer

/// The node's door for traders: WebSockets on one side, the executor's rings on the other, on a thread of its own.
///
///     let gateway = try Gateway(configuration, toExecutor: …, fromExecutor: …, wakeExecutor: { … }, books: [:], block: 0, logger: logger)
///     // the executor calls gateway.wake() after it commits records, the sealer gateway.publish(_:)
///     gateway.drain()
///     // the executor ends
///     gateway.stop()
package final class Gateway: Sendable {
    /// The port it listens on.
    package let port: UInt16
    private let shared: GatewayShared
    /// Written once in `init`, read once in `stop`.
    nonisolated(unsafe) private let thread: UnsafeMutablePointer<uv_thread_t>

    /// Listens and starts the thread.
    ///
    /// - Parameters:
    ///   - toExecutor: ring of which this gateway is the only producer.
    ///   - fromExecutor: ring of which this gateway is the only consumer.
    ///   - wakeExecutor: called on the gateway's thread after records were committed to `toExecutor`; must not block.
    ///   - books: the levels of every listed market as of the first record in `fromExecutor`.
    ///   - block: number of the open or last block.
    package init(
        _ configuration: GatewayConfiguration, toExecutor: ByteRing, fromExecutor: ByteRing, wakeExecutor: @escaping @Sendable () -> Void,
        books: [UInt16: [BookLevel]], block: UInt64, logger: Logger
    ) throws(GatewayError) {
        shared = GatewayShared()
        thread = .allocate(capacity: 1)
        let loop = try GatewayLoop(
            configuration: configuration, shared: shared, toExecutor: toExecutor, fromExecutor: fromExecutor, wakeExecutor: wakeExecutor,
            books: books, block: block, logger: logger)
        port = try loop.open()
        shared.attach()
        let result = uv_thread_create(
            thread,
            { argument in
                guard let argument else { return }
                Unmanaged<GatewayLoop>.fromOpaque(argument).takeRetainedValue().run()
            }, Unmanaged.passRetained(loop).toOpaque())
        guard result == 0 else { throw GatewayError("start the gateway's thread", result) }
        logger.info(
            "gateway listens",
            metadata: ["address": "\(configuration.tls == nil ? "ws" : "wss")://\(configuration.host):\(port)/"])
    }

    deinit { thread.deallocate() }

    /// Tells the gateway that the executor has committed records. Any thread, at any time; cheap if a wake-up is pending already.
    package func wake() { shared.wake() }

    /// Tells subscribers of a sealed block. Any thread.
    package func publish(_ block: SealedHead) { shared.publish(block) }

    /// Refuses commands and queries as `busy` from now on, while answers to earlier ones still go out. When it returns, nothing more
    /// will be written to the ring to the executor, which can then be drained.
    package func drain() {
        shared.requestDrain()
        while !shared.isDrained { usleep(500) }
    }

    /// Closes all connections with 1001 and waits for the thread to end: a second at most. Call it once.
    package func stop() {
        shared.requestStop()
        uv_thread_join(thread)
    }
}
