import CLibuv
import CLinux
import Glibc
import Logging
import Sequencer

/// The node's door for traders: WebSockets on one side, the executor's rings on the other, on threads of its own.
///
///     let gateway = try Gateway(configuration, ports: sequencer.ports, wakeExecutor: { … }, books: [:], block: 0, logger: logger)
///     // the executor calls gateway.wake() after it commits records, the sealer gateway.publish(_:)
///     gateway.drain()
///     // the executor ends
///     gateway.stop()
package final class Gateway: Sendable {
    /// The port it listens on.
    package let port: UInt16
    private let shared: GatewayShared
    /// Counted since the start.
    package var statistics: GatewayStatistics { shared.statistics }
    /// WebSockets that are open now.
    package var openCount: Int { shared.openCount }
    private let threads: [GatewayThread]
    /// Nil without TLS.
    private let tlsServer: TLSServer?
    private let logger: Logger

    /// What is left of a certificate when its end begins to be logged.
    private static let certificateWarningDays = 14

    /// Listens and starts the threads. If they are kept on cores, the calling thread leaves those to them, and so do all that it starts from then on, unless there are
    /// no others.
    ///
    /// - Parameters:
    ///   - ports: the connections to the executor, one for each thread that is to run.
    ///   - wakeExecutor: called on a gateway thread after records were committed to its port; must not block.
    ///   - stepExecutor: called on a gateway thread in place of `wakeExecutor` when little was committed: does it there and then, or returns false.
    ///   - books: the book of every listed market as of the first record that the ports read.
    ///   - block: number of the open or last block.
    package init(
        _ configuration: GatewayConfiguration, ports: [ExecutorPort], wakeExecutor: @escaping @Sendable () -> Void,
        stepExecutor: @escaping @Sendable (_ makeRoom: () -> Void) -> Bool = { _ in false },
        books: [UInt16: RecoveredBook], block: UInt64, logger: Logger
    ) throws(GatewayError) {
        try configuration.limits.check()
        let allowed = linux_allowed_cores()
        if let core = configuration.cores.first(where: { linux_has_core(allowed, $0) == 0 }) {
            throw .system(action: "keep a thread on core \(core)", reason: "this process has no such core")
        }
        try DescriptorLimit.raise(to: configuration.limits.descriptorsMax)
        do {
            tlsServer = if let files = configuration.tls { try TLSServer(files) } else { nil }
        } catch {
            throw .tls(error)
        }
        let shared = GatewayShared(configuration.limits)
        var port = configuration.port
        var loops: [GatewayLoop] = []
        for executorPort in ports {
            let loop = try GatewayLoop(
                configuration: configuration, tlsServer: tlsServer, shared: shared, port: executorPort, threadCount: ports.count,
                wakeExecutor: wakeExecutor,
                stepExecutor: stepExecutor, books: books, block: block, logger: logger)
            port = try loop.open(port: port, isShared: ports.count > 1, isFirst: loops.isEmpty)
            loops.append(loop)
        }
        self.port = port
        self.shared = shared
        var threads: [GatewayThread] = []
        for loop in loops { threads.append(try GatewayThread(loop)) }
        self.threads = threads
        self.logger = logger
        if !configuration.cores.isEmpty { _ = linux_stay_on_cores(configuration.cores.reduce(allowed) { linux_without_core($0, $1) }) }
        logger.info(
            "gateway listens",
            metadata: [
                "address": "\(configuration.tls == nil ? "ws" : "wss")://\(configuration.host):\(port)/", "threads": "\(threads.count)",
            ])
        warnOfCertificate()
    }

    /// Tells the gateway that the executor has committed records. Any thread, at any time; cheap while the gateway is awake.
    package func wake() {
        for thread in threads { thread.signal.wake() }
    }

    /// Tells subscribers of a sealed block. One thread: the sealer's.
    package func publish(_ block: SealedHead) {
        for thread in threads { thread.signal.publish(block) }
    }

    /// Reads certificate and key again, for connections made from now on; those that live go on undisturbed. If they cannot be used, says why and keeps those
    /// it has. Without effect where there is no TLS. Any thread.
    package func reloadCertificate() throws(GatewayError) {
        do { try tlsServer?.reload() } catch { throw .tls(error) }
        warnOfCertificate()
    }

    /// Seconds until the certificate is over, negative if it is; nil without TLS. Any thread.
    package var certificateSecondsLeft: Int? { tlsServer?.certificateSecondsLeft }

    private func warnOfCertificate() {
        guard let left = certificateSecondsLeft, left < Self.certificateWarningDays * 86_400 else { return }
        let what = left < 0 ? "has expired: clients that check it cannot connect" : "expires soon"
        logger.warning("the certificate \(what); replace it and send SIGHUP", metadata: ["days": "\(left / 86_400)"])
    }

    /// Refuses commands and queries as `busy` from now on, while answers to earlier ones still go out. When it returns, nothing more
    /// will be written to the rings to the executor, which can then be drained.
    package func drain() {
        shared.requestDrain()
        for thread in threads { thread.signal.poke() }
        while !threads.allSatisfy({ $0.signal.isDrained }) { usleep(500) }
    }

    /// Closes all connections with 1001 and waits for the threads to end: a second at most. Call it once.
    package func stop() {
        shared.requestStop()
        for thread in threads { thread.signal.poke() }
        for thread in threads { thread.join() }
    }
}

/// A loop's thread.
private final class GatewayThread: Sendable {
    let signal: LoopSignal
    /// Written once in `init`, read once in `join`.
    nonisolated(unsafe) private let thread: UnsafeMutablePointer<uv_thread_t>

    /// Runs the loop, which from here on belongs to the thread.
    init(_ loop: GatewayLoop) throws(GatewayError) {
        signal = loop.signal
        thread = .allocate(capacity: 1)
        let result = uv_thread_create(
            thread,
            { argument in
                guard let argument else { return }
                Unmanaged<GatewayLoop>.fromOpaque(argument).takeRetainedValue().run()
            }, Unmanaged.passRetained(loop).toOpaque())
        guard result == 0 else { throw GatewayError("start a thread of the gateway", result) }
    }

    deinit { thread.deallocate() }

    func join() { uv_thread_join(thread) }
}
