import CLinux
import Engine
import Glibc

/// The executor's duty cycle on a thread of its own: steps while there is work, sleeps otherwise, drains before it ends.
enum ExecutorThread {
    /// How long the input rings are drained after the node was told to stop.
    private static let drainMs: UInt64 = 500

    static func start(_ shared: SharedExecutor) throws -> DedicatedThread {
        try DedicatedThread(name: "memex-executor") {
            linux_take_short_turns()
            run(shared)
        }
    }

    /// Has the executor when it ends, and keeps it: nobody uses it any more.
    private static func run(_ sharedExecutor: SharedExecutor) {
        let executor = sharedExecutor.executor
        let shared = executor.shared
        sharedExecutor.begin()
        defer { shared.setExecutorDone() }
        do {
            var stopAtMs: UInt64?
            var workedAtNs: UInt64 = 0
            while true {
                let nowMs = sharedExecutor.nowMs()
                if shared.isStopping, stopAtMs == nil { stopAtMs = SystemClock.monotonicMs() + drainMs }
                // Clients that go on sending must not keep the node from stopping: what is left over was never acknowledged.
                if let stopAtMs, SystemClock.monotonicMs() >= stopAtMs { break }
                if try executor.step(nowMs: nowMs) > 0 {
                    workedAtNs = SystemClock.monotonicNs()
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
