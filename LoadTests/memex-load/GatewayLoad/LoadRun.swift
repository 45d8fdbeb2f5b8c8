import CLinux
import Engine
import Foundation
import Gateway
import Histogram

/// One run: sends each batch when it is due, however the server fares, and matches answers to batches by their nonces.
///
/// One thread, which sleeps until the next batch is due or an answer comes.
final class LoadRun {
    private let workload: Workload
    private let connections: [ClientConnection]
    private let batchesPerSecond: Double
    private let showsProgress: Bool
    private var histogram = Histogram<UInt64>(highestTrackableValue: 120_000_000, numberOfSignificantValueDigits: .three)
    private var second = Histogram<UInt64>(highestTrackableValue: 120_000_000, numberOfSignificantValueDigits: .three)
    private var startNs: UInt64 = 0
    private var lastAckNs: UInt64 = 0
    private var sentBatches = 0
    private var ackedBatches = 0
    private var refusedBatches = 0
    private var placed = 0
    private var cancelled = 0
    private var filledLots: UInt64 = 0
    private var cancelsTooLate = 0
    private var rejects: [UInt16: Int] = [:]
    /// How long answers are awaited after the last batch.
    private static let drainNs: UInt64 = 5_000_000_000

    init(_ workload: Workload, connections: [ClientConnection], batchesPerSecond: Double, showsProgress: Bool) {
        self.workload = workload
        self.connections = connections
        self.batchesPerSecond = batchesPerSecond
        self.showsProgress = showsProgress
    }

    func run() throws -> LoadReport {
        let total = workload.plan.batchCount
        startNs = MonotonicClock.nanoseconds()
        var nextProgressNs = startNs + 1_000_000_000
        var deadlineNs = UInt64.max
        while ackedBatches + refusedBatches < total {
            let now = MonotonicClock.nanoseconds()
            guard now < deadlineNs else { break }
            while sentBatches < total, dueNs(sentBatches) <= now {
                let connection = connections[sentBatches % workload.accountCount % connections.count]
                workload.withMessage(sentBatches) { connection.enqueue($0) }
                sentBatches += 1
            }
            if sentBatches == total, deadlineNs == .max { deadlineNs = now + Self.drainNs }
            try exchange(waitNs: sentBatches < total ? dueNs(sentBatches) : now + 10_000_000)
            if now >= nextProgressNs {
                progress(now)
                nextProgressNs += 1_000_000_000
            }
        }
        return report()
    }

    /// When batch `index` is due, on the monotonic clock.
    private func dueNs(_ index: Int) -> UInt64 { startNs + UInt64(Double(index) * 1e9 / batchesPerSecond) }

    /// Sends what waits and reads what has come, sleeping until `waitNs` at the latest.
    private func exchange(waitNs: UInt64) throws {
        for connection in connections where connection.hasOutput { try connection.flush() }
        let now = MonotonicClock.nanoseconds()
        // Nanoseconds, so that the thread sleeps between batches and leaves the core to the server.
        let waitingNs = waitNs > now ? Int(waitNs - now) : 0
        var entries = connections.map {
            pollfd(fd: $0.fileDescriptor, events: Int16($0.hasOutput ? POLLIN | POLLOUT : POLLIN), revents: 0)
        }
        guard linux_poll_nanoseconds(&entries, UInt(entries.count), waitingNs) > 0 else { return }
        for (index, entry) in entries.enumerated() where entry.revents != 0 {
            try connections[index].pump(timeoutMs: 0)
            while connections[index].takeMessage({ self.received($0) }) {}
        }
    }

    private func received(_ bytes: UnsafeRawBufferPointer) {
        guard let message = try? ServerMessage(decoding: bytes) else { return }
        switch message {
        case .ack(let ack):
            ackedBatches += 1
            answered(nonce: ack.nonce)
            for result in ack.results {
                switch result.kind {
                case Event.Kind.placed:
                    placed += 1
                    filledLots += result.lots
                case Event.Kind.cancelled: cancelled += 1
                // An order that was filled before its cancel came.
                case Event.Kind.rejected where result.code == RejectCode.unknownOrder.rawValue: cancelsTooLate += 1
                default: rejects[result.code, default: 0] += 1
                }
            }
        case .reject(let reject):
            refusedBatches += 1
            rejects[reject.code, default: 0] += workload.plan.commandsPerBatch
        default: break
        }
    }

    private func answered(nonce: UInt64) {
        guard nonce >= workload.firstNonce, nonce - workload.firstNonce < UInt64(workload.plan.batchCount) else { return }
        lastAckNs = MonotonicClock.nanoseconds()
        let microseconds = (lastAckNs - min(lastAckNs, dueNs(Int(nonce - workload.firstNonce)))) / 1000
        histogram.record(max(1, min(microseconds, 120_000_000)))
        second.record(max(1, min(microseconds, 120_000_000)))
    }

    private func progress(_ now: UInt64) {
        guard showsProgress else { return }
        let size = workload.plan.commandsPerBatch
        let line = String(
            format: "memex-load: %5.1f s  sent %d  acked %d  refused %d  ack p50 %d us  p99 %d us\n", Double(now - startNs) / 1e9,
            sentBatches * size, ackedBatches * size, refusedBatches * size, second.valueAtPercentile(50), second.valueAtPercentile(99))
        FileHandle.standardError.write(Data(line.utf8))
        second.reset()
    }

    private func report() -> LoadReport {
        let size = workload.plan.commandsPerBatch
        let sendSeconds = Double(sentBatches) / batchesPerSecond
        let ackSeconds = max(sendSeconds, Double(max(lastAckNs, startNs) - startNs) / 1e9)
        return LoadReport(
            connections: connections.count, accounts: workload.accountCount, commandsPerBatch: size, seconds: sendSeconds,
            offeredPerSecond: Double(sentBatches * size) / sendSeconds, ackedPerSecond: Double(ackedBatches * size) / ackSeconds,
            sent: sentBatches * size, acked: ackedBatches * size, rejected: rejects.values.reduce(0, +),
            lost: (sentBatches - ackedBatches - refusedBatches) * size, placed: placed, cancelled: cancelled,
            cancelsTooLate: cancelsTooLate,
            filledLots: filledLots, rejects: rejects,
            p50: histogram.valueAtPercentile(50), p99: histogram.valueAtPercentile(99), p999: histogram.valueAtPercentile(99.9),
            max: histogram.max)
    }
}
