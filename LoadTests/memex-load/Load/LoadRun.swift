import CLinux
import Foundation
import Gateway

/// One run: sends each batch when it is due, however the server fares, and matches answers to batches by their nonces.
///
/// One thread, which sleeps until the next batch is due or an answer comes. Batches that came due meanwhile leave with one write a connection.
final class LoadRun {
    struct Options {
        var batchesPerSecond = 1000.0
        /// The thread sleeps at least so long between sends: what falls due meanwhile leaves together. Its delay counts as the exchange's.
        var sendIntervalNs: UInt64 = 200_000
        /// Does not sleep at all.
        var spins = false
        /// Core to stay on, -1 for any. Onlookers stay there, too.
        var core = -1
        var showsProgress = false
        /// After the last batch answers are awaited until none came for so long, and `drainNsMax` at most.
        var silenceNs: UInt64 = 3_000_000_000
        var drainNsMax: UInt64 = 60_000_000_000
        /// Keeps what every batch was answered.
        var keepsAnswers = false
    }

    private let workload: Workload
    private let options: Options
    private let connections: [LoadConnection]
    /// Follows the market's trades; not in ``connections``.
    private let marketData: LoadConnection?
    private let queue = ReadinessQueue()
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: ServerFrames.frameBytesMax + (64 << 10), alignment: 64)

    private(set) var counts = LoadCounts()
    /// By batch, if they are kept.
    private(set) var answers: [Int: Answer] = [:]

    enum Answer: Equatable {
        case acked(sequence: UInt64, position: UInt64)
        case refused(UInt16)
    }

    private var ackTimes = LatencyHistogram()
    private var ackTimesOfSecond = LatencyHistogram()
    private var sendDelays = LatencyHistogram()
    private var marketDataTimes = LatencyHistogram()
    private var matcher = PositionMatcher()
    private var isLayoutChecked = false
    private var failure: LoadFailure?
    private var schedule: Schedule
    private var lastAnswerNs: UInt64 = 0
    private var dueCount = 0
    private var isWatched: [Bool]
    private var cpuSeconds = 0.0

    init(_ workload: Workload, connections: [LoadConnection], marketData: LoadConnection?, options: Options) {
        self.workload = workload
        self.connections = connections
        self.marketData = marketData
        self.options = options
        schedule = Schedule(startNs: 0, perSecond: options.batchesPerSecond)
        isWatched = [Bool](repeating: false, count: connections.count)
    }

    deinit { buffer.deallocate() }

    func run() throws -> LoadReport {
        let cores = linux_allowed_cores()
        defer { _ = linux_stay_on_cores(cores) }
        if options.core >= 0 { _ = linux_stay_on_core(Int32(options.core)) }
        linux_wake_precisely()
        linux_take_short_turns()
        for (number, connection) in connections.enumerated() { queue.add(connection.socket.descriptor, number: number) }
        if let marketData { queue.add(marketData.socket.descriptor, number: connections.count) }
        let cpuBefore = CPUTime.ofThread()
        schedule = Schedule(startNs: MonotonicClock.nanoseconds(), perSecond: options.batchesPerSecond)
        try loop()
        cpuSeconds = CPUTime.ofThread() - cpuBefore
        for connection in connections { queue.remove(connection.socket.descriptor) }
        return report()
    }

    private func loop() throws {
        let total = workload.batchCount
        // Where the processor is not needed for sending, what waking takes is spent waiting actively: nothing leaves late, and no answer is read late.
        let isSlow = schedule.perSecond <= 2000
        let wakingNs: UInt64 = isSlow ? 200_000 : 0
        let answerNs: UInt64 = isSlow ? 500_000 : 0
        var sentNs: UInt64 = 0
        var nextProgressNs = schedule.startNs + 1_000_000_000
        var endNs = UInt64.max
        var sendNs = schedule.startNs
        while counts.ackedBatches + counts.refusedBatches < total {
            var now = MonotonicClock.nanoseconds()
            if now >= sendNs {
                sendDue(now)
                sentNs = now
                sendNs = max(schedule.dueNs(dueCount), now + (options.spins ? 0 : options.sendIntervalNs))
                now = MonotonicClock.nanoseconds()
            }
            if dueCount == total {
                if endNs == .max { endNs = now }
                guard now < max(endNs, lastAnswerNs) + options.silenceNs, now < endNs + options.drainNsMax else { break }
            }
            guard connections.contains(where: \.isOpen) else { break }
            let waitUntilNs = dueCount < total ? sendNs : now + 10_000_000
            let isAnswerDue = counts.ackedBatches + counts.refusedBatches < dueCount && now < sentNs + answerNs
            let waitNs = options.spins || isAnswerDue || waitUntilNs <= now + wakingNs ? 0 : Int(waitUntilNs - wakingNs - now)
            queue.wait(nanoseconds: waitNs) { number, isReadable, isWritable in
                if isReadable { receive(number) }
                if isWritable { send(number) }
            }
            if let failure { throw failure }
            if now >= nextProgressNs {
                progress(now)
                nextProgressNs += 1_000_000_000
            }
        }
    }

    private func sendDue(_ now: UInt64) {
        let before = dueCount
        dueCount = schedule.dueCount(atNs: now, of: workload.batchCount)
        if dueCount - before < connections.count {
            for batch in before..<dueCount { send(Int(workload.laneOfBatch[batch])) }
        } else {
            for number in connections.indices { send(number) }
        }
    }

    private func send(_ number: Int) {
        guard number < connections.count else {
            _ = marketData?.send(dueBefore: 0)
            return
        }
        let connection = connections[number]
        let sent = connection.send(dueBefore: dueCount)
        if !sent.isEmpty {
            let now = MonotonicClock.nanoseconds()
            for index in sent { sendDelays.record(now &- schedule.dueNs(Int(connection.lane.batches[index]))) }
        }
        if connection.isBlocked != isWatched[number], connection.isOpen {
            isWatched[number] = connection.isBlocked
            queue.watch(connection.socket.descriptor, number: number, forOutput: connection.isBlocked)
        }
        if !connection.isOpen { queue.remove(connection.socket.descriptor) }
    }

    private func receive(_ number: Int) {
        let connection = number < connections.count ? connections[number] : marketData!
        connection.receive(buffer) { received($0) }
        if connection.hasExtra { send(number) }
        if !connection.isOpen { queue.remove(connection.socket.descriptor) }
    }

    private func received(_ message: UnsafeRawBufferPointer) {
        guard let type = message.first else { return }
        switch type {
        case Wire.ToClient.ack:
            guard let ack = AckView(message), isLayoutChecked || check(ack, message) else { return fail(message) }
            counts.add(ack)
            answered(ack)
        case Wire.ToClient.reject:
            guard case .reject(let reject)? = try? ServerMessage(decoding: message) else { return fail(message) }
            guard let batch = batch(reject.nonce) else { return }
            lastAnswerNs = MonotonicClock.nanoseconds()
            counts.add(reject, commandCount: workload.commandCount(of: batch))
            if options.keepsAnswers { answers[batch] = .refused(reject.code) }
        case Wire.ToClient.trades:
            guard message.count >= ServerMessage.Trades.headerBytes else { return fail(message) }
            let now = MonotonicClock.nanoseconds()
            if let dueNs = matcher.told(message.loadUnaligned(fromByteOffset: 8, as: UInt64.self), timeNs: now) {
                marketDataTimes.record(now &- dueNs)
            }
        default: break
        }
    }

    private func batch(_ nonce: UInt64) -> Int? {
        guard nonce >= workload.firstNonce, nonce - workload.firstNonce < UInt64(workload.batchCount) else { return nil }
        return Int(nonce - workload.firstNonce)
    }

    private func answered(_ ack: AckView) {
        guard let batch = batch(ack.nonce) else { return }
        lastAnswerNs = MonotonicClock.nanoseconds()
        let due = schedule.dueNs(batch)
        ackTimes.record(lastAnswerNs &- min(lastAnswerNs, due))
        ackTimesOfSecond.record(lastAnswerNs &- min(lastAnswerNs, due))
        if options.keepsAnswers { answers[batch] = .acked(sequence: ack.sequence, position: ack.streamPosition) }
        if marketData != nil, let arrivedNs = matcher.acked(ack.streamPosition, dueNs: due) { marketDataTimes.record(arrivedNs &- due) }
    }

    private func check(_ ack: AckView, _ message: UnsafeRawBufferPointer) -> Bool {
        guard case .ack(let decoded)? = try? ServerMessage(decoding: message) else { return false }
        isLayoutChecked = ack.isFaithful(to: decoded)
        return isLayoutChecked
    }

    private func fail(_ message: UnsafeRawBufferPointer) {
        failure = LoadFailure("a message of type \(message[0]) with \(message.count) bytes is not laid out as memex-load expects")
    }

    private func progress(_ now: UInt64) {
        guard options.showsProgress else { return }
        let quantiles = ackTimesOfSecond.quantiles
        let sent = dueCount > 0 ? workload.commandEnds[dueCount - 1] : 0
        Progress.line(
            String(
                format: "%5.1f s  due %d  acked %d  refused %d  ack p50 %.0f us  p99 %.0f us", Double(now - schedule.startNs) / 1e9, sent,
                counts.acked,
                counts.rejected, quantiles.p50, quantiles.p99))
        ackTimesOfSecond.reset()
    }

    private func report() -> LoadReport {
        let sendSeconds = Double(workload.batchCount) / schedule.perSecond
        let ackSeconds = max(sendSeconds, Double(max(lastAnswerNs, schedule.startNs) - schedule.startNs) / 1e9)
        let answeredBatches = counts.ackedBatches + counts.refusedBatches
        // Lost batches have the run's mean size.
        let lostBatches = workload.batchCount - answeredBatches
        let lost = lostBatches == 0 ? 0 : max(1, workload.commandCount * lostBatches / max(1, workload.batchCount))
        var report = LoadReport(counts: counts)
        report.connections = connections.count
        report.seconds = sendSeconds
        report.offeredPerSecond = Double(workload.commandCount) / sendSeconds
        report.ackedPerSecond = Double(counts.acked) / ackSeconds
        report.messagesPerSecond = Double(workload.batchCount) / sendSeconds
        report.ackedMessagesPerSecond = Double(counts.ackedBatches) / ackSeconds
        report.sent = workload.commandCount
        report.lost = lost
        report.connectionsClosed = connections.filter { !$0.isOpen }.count
        report.ackMicroseconds = ackTimes
        report.sendDelayMicroseconds = sendDelays
        report.marketDataMicroseconds = marketDataTimes
        report.clientMicrosecondsPerMessage = cpuSeconds * 1e6 / Double(max(1, workload.batchCount))
        return report
    }
}
