import CLinux
import Engine
import Glibc
import Logging

/// The executor's duty cycle on a thread of its own: steps while there is work, sleeps otherwise, drains before it ends.
enum ExecutorThread {
    /// How long the input rings are drained after the node was told to stop.
    private static let drainMs: UInt64 = 500

    static func start(_ shared: SharedExecutor, logger: Logger) throws -> DedicatedThread {
        try DedicatedThread(name: "memex-executor") {
            linux_take_short_turns()
            run(shared, logger)
        }
    }

    /// Has the executor when it ends, and keeps it: nobody uses it any more.
    private static func run(_ sharedExecutor: SharedExecutor, _ logger: Logger) {
        let executor = sharedExecutor.executor
        let shared = executor.shared
        sharedExecutor.begin()
        defer { shared.setExecutorDone() }
        do {
            var stopAtMs: UInt64?
            var workedAtNs: UInt64 = 0
            var pauseLog = PauseLog()
            while true {
                let nowMs = sharedExecutor.nowMs()
                if shared.isStopping, stopAtMs == nil { stopAtMs = SystemClock.monotonicMs() + drainMs }
                // Clients that go on sending must not keep the node from stopping: what is left over was never acknowledged.
                if let stopAtMs, SystemClock.monotonicMs() >= stopAtMs { break }
                let beganNs = SystemClock.monotonicNs()
                if try executor.step(nowMs: nowMs) > 0 {
                    workedAtNs = SystemClock.monotonicNs()
                    note(tookNs: workedAtNs - beganNs, executor, &pauseLog, at: workedAtNs, logger)
                    continue
                }
                if shared.isStopping && executor.isDrained { break }
                if shared.failure != nil { return }
                if waitActively(executor, untilNs: workedAtNs + executor.configuration.spinUs * 1000) { continue }
                guard sharedExecutor.sleep(timeoutMs: executor.sleepMs(nowMs: nowMs)) else { return }
            }
            executor.endAllSessions()
            while try !executor.finish(nowMs: sharedExecutor.nowMs()) {
                if shared.failure != nil { return }
                shared.executorParker.park(timeoutMs: 100) { executor.canCloseBlock }
            }
        } catch {
            shared.fail(error)
        }
    }

    private static func note(tookNs: UInt64, _ executor: Executor, _ log: inout PauseLog, at nowNs: UInt64, _ logger: Logger) {
        executor.shared.statistics.executorLongestStepMs.raise(to: tookNs / 1_000_000)
        guard let unsaidCount = log.noteEnd(at: nowNs, tookNs: tookNs) else { return }
        logger.warning(
            "nothing was executed for long: a step of the executor waited for the disk with the data directory, for a gateway thread, or for a processor",
            metadata: [
                "milliseconds": "\(tookNs / 1_000_000)",
                "disk": "\(executor.journal.writes.isDiskSlow ? "slow for others, too" : "not known to be slow")",
                "unsaidBefore": "\(unsaidCount)",
            ])
    }

    /// Looks for work without sleeping: whoever brings some need not wake this thread, which takes tens of microseconds. False if none came.
    private static func waitActively(_ executor: Executor, untilNs endNs: UInt64) -> Bool {
        while SystemClock.monotonicNs() < endNs {
            if executor.hasWork { return true }
            sched_yield()
        }
        return false
    }
}

/// Passes a value to the one thread that will use it from then on.
struct Handover<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}
