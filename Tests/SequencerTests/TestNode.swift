import Engine
import Foundation
import Logging
import Synchronization
import Testing

@testable import Sequencer

/// A running sequencer with the test at the other end of its rings.
final class TestNode {
    let sequencer: Sequencer
    private var port: ExecutorPort { sequencer.ports[0] }
    private let answers: Parker

    /// Block of the last result.
    private(set) var lastBlock: UInt64 = 0

    init(_ configuration: SequencerConfiguration, blockSealed: (@Sendable (SealedHead) -> Void)? = nil) throws {
        sequencer = try Sequencer(configuration, logger: TestMarket.quiet)
        let answers = try Parker()
        self.answers = answers
        sequencer.shared.connect(wakeGateway: { answers.wake() }, blockSealed: blockSealed, failed: { _ in answers.wake() })
        try sequencer.start()
    }

    /// Pushes listings and deposits, and waits until they are applied.
    func pushInbox() {
        guard sequencer.inbox.nextIndex == 0 else { return }
        #expect(sequencer.inbox.push(TestMarket.inbox, first: 0, l1Block: 1))
        var isApplied = false
        while !isApplied {
            guard port.fromExecutor.read({ isApplied = $0.kind == RingRecord.ToGateway.events }) else {
                answers.park(timeoutMs: 10_000) { !port.fromExecutor.isEmpty }
                continue
            }
        }
    }

    /// Sends an envelope and waits for its result.
    func execute(_ envelope: [UInt8]) throws -> TestResult {
        let isWritten = port.toExecutor.tryWrite(kind: RingRecord.ToExecutor.commands, session: 1, tag: 1, bodyBytes: envelope.count) {
            body in
            envelope.withUnsafeBytes { body.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        }
        try #require(isWritten)
        port.toExecutor.commit()
        sequencer.wakeExecutor()
        return try awaitResult()
    }

    /// The result of the next batch.
    func awaitResult() throws -> TestResult {
        while true {
            var result: TestResult?
            let hasRead = port.fromExecutor.read { if $0.kind == RingRecord.ToGateway.result { result = TestResult($0) } }
            if let result {
                lastBlock = result.block
                return result
            }
            if let failure = sequencer.shared.failure { throw failure }
            if !hasRead { answers.park(timeoutMs: 10_000) { !port.fromExecutor.isEmpty } }
        }
    }

    func stop() throws {
        sequencer.shared.setGatewayGone()
        try sequencer.stop()
    }
}

/// Collects what is logged.
final class LogCapture: Sendable {
    private let collected = Mutex<[String]>([])

    var lines: [String] { collected.withLock { $0 } }

    var logger: Logger { Logger(label: "test", factory: { _ in Handler(capture: self) }) }

    private struct Handler: LogHandler {
        let capture: LogCapture
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let details = event.metadata?.map { "\($0.key)=\($0.value)" }.joined(separator: " ") ?? ""
            capture.collected.withLock { $0.append("\(event.level) \(event.message) \(details)") }
        }
    }
}
