import CLibuv
import CLinux
import Glibc

/// The duty cycle: what happens between input and sleep.
extension GatewayLoop {
    /// How long others' input may be worked on before the sockets are looked at again.
    private static let sliceNs: UInt64 = 200_000
    /// How often a turn is taken amid much input, so that answers do not wait for everybody's signatures.
    private static let turnIntervalNs: UInt64 = 500_000
    /// How long an answer of the executor is awaited without sleeping: being woken takes as long.
    private static let spinNs: UInt64 = 50_000

    /// Called by libuv before it looks for events.
    func beforePoll() {
        beginRound()
        signal.awoke()
        serveReady()
        stepInPlace()
        turn()
        endWaitForStep()
        // Behind all that others wait for.
        serveStrangers()
        var isAwake = isMoreDue || !ready.isEmpty || !urgentOutput.isEmpty || isSendingMarketData || isAwaitingAnswer
        var endNs = lastTurnNs
        if !isAwake { isAwake = hasStrangersToServe || steps.isWaiting }
        if !isAwake { isAwake = pollBusily(&endNs) }
        endRound(at: endNs)
        if !isAwake { isAwake = !signal.mayFallAsleep { !fromExecutor.isEmpty } }
        if isAwake { uv_idle_start(idle) { _ in } } else { uv_idle_stop(idle) }
        hasSlept = !isAwake
    }

    /// Gives those who have used up their share another one, in turn.
    private func serveReady() {
        guard !ready.isEmpty else { return }
        let beganNs = MonotonicClock.nanoseconds()
        var count = ready.count
        while count > 0, let connection = ready.popFirst() {
            connection.resumeInput()
            commitToExecutor()
            count -= 1
            if MonotonicClock.nanoseconds() &- beganNs > Self.sliceNs { break }
        }
    }

    /// Takes what the executor answered, lets subscribers know, and sends what is to be sent.
    func turn() {
        isMoreDue = false
        isDraining = shared.isDrainRequested
        drainExecutor()
        stepReplays()
        askForBalances()
        signReceipts()
        stateEndedSessions()
        publishSealedBlocks()
        if outputBytes > outputBytesMax { shedOutput() }
        while let connection = urgentOutput.popFirst() { connection.flush() }
        let answeredNs = MonotonicClock.nanoseconds()
        publishMarketData()
        lastTurnNs = MonotonicClock.nanoseconds()
        watch.sentMarketData(lastTurnNs &- answeredNs)
        if isDraining, !signal.isDrained { signal.setDrained() }
        if shared.isStopRequested, !isStopping { beginStop() }
    }

    /// Right behind a turn: whether to look for input once more without sleeping, after all others who want the processor.
    private func pollBusily(_ endNs: inout UInt64) -> Bool {
        guard openCount > 0, polling.goesOn(at: lastTurnNs) else { return false }
        sched_yield()
        endNs = MonotonicClock.nanoseconds()
        polling.yielded(fromNs: lastTurnNs, toNs: endNs) { linux_displacement_count() }
        watch.letOthersGo(endNs &- lastTurnNs)
        shared.statistics.busyPolls.add()
        return true
    }

    /// Input was taken in: takes a turn if the last one was a while ago.
    func turnIfDue() {
        beginRound()
        let nowNs = MonotonicClock.nanoseconds()
        polling.tookInput(at: nowNs)
        if steps.isOverdue(at: nowNs) { endWaitForStep() }
        if hasSlept {
            // The turn before left nothing to do.
            hasSlept = false
            lastTurnNs = nowNs
        }
        guard nowNs &- lastTurnNs > Self.turnIntervalNs else { return }
        turn()
    }

    /// Whether the executor is about to answer.
    private var isAwaitingAnswer: Bool {
        !fromExecutor.isEmpty || awaitedCount > 0 && mayWaitActively && MonotonicClock.nanoseconds() &- lastCommandNs < Self.spinNs
    }

    func markUrgent(_ connection: Connection) {
        guard connection.waitsFor != .urgent else { return }
        connection.waitsFor = .urgent
        urgentOutput.append(connection)
    }

    func markMarket(_ connection: Connection) {
        guard connection.waitsFor == nil else { return }
        connection.waitsFor = .market
        marketOutput.append(connection)
    }

    /// Too much waits for all clients together: those with more than an equal share are dropped.
    private func shedOutput() {
        let share = outputBytesMax / max(1, openCount)
        for case let connection? in connections where connection.phase == .open && connection.waitingBytes > share {
            connection.isOverflowing = true
            markUrgent(connection)
        }
    }

    /// Deadlines of all connections.
    func tick() {
        let now = nowMs
        if let pause = watch.tick(at: now * 1_000_000, intervalNs: tickIntervalMs * 1_000_000) { note(pause, at: now * 1_000_000) }
        for case let connection? in connections { checkDeadlines(of: connection, now) }
    }

    private func checkDeadlines(of connection: Connection, _ now: UInt64) {
        let age = now &- connection.phaseBeganMs
        switch connection.phase {
        case .opening:
            guard age > limits.handshakeTimeoutMs else { break }
            if connection.tls == nil || connection.tls?.isHandshakeDone == true {
                connection.refuse(.timeout)
            } else {
                abandon(connection, flushing: false)
            }
        case .open:
            if connection.isLagging, now &- connection.laggingSinceMs > limits.outputLagMsMax {
                connection.isOverflowing = true
                return markUrgent(connection)
            }
            let silence = now &- connection.lastInputMs
            if silence > limits.idleTimeoutMs {
                connection.close(code: 1008, reason: "nothing came for too long, not even a pong")
            } else if silence > limits.pingIntervalMs, now &- connection.lastPingMs > limits.pingIntervalMs {
                connection.lastPingMs = now
                connection.ping()
            }
        case .closing, .draining:
            if age > limits.closeTimeoutMs { abandon(connection, flushing: false) }
        case .gone: break
        }
    }
}
