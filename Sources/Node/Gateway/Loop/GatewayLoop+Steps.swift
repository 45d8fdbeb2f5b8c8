/// Getting the executor to work on what is on the ring.
extension GatewayLoop {
    /// Makes what was put on the ring visible to the executor, which sees it at once if it is awake; else it is woken, or this thread steps in for it
    /// at the end of the round of input.
    func commitToExecutor() {
        guard toExecutor.hasUncommitted else { return }
        toExecutor.commit()
        if !steps.mayWait(ringBytes: toExecutor.usedBytes, at: MonotonicClock.nanoseconds()) { callExecutor() }
    }

    /// At the end of a round of input: does the executor's work if that sleeps.
    func stepInPlace() {
        guard steps.endWait() else { return }
        // Who is busy lets another core do it.
        guard ready.isEmpty else { return callExecutor() }
        let beganNs = MonotonicClock.nanoseconds()
        guard stepExecutor({ drainExecutor() }) else { return callExecutor() }
        let endedNs = MonotonicClock.nanoseconds()
        steps.stepped(fromNs: beganNs, toNs: endedNs)
        watch.steppedInPlace(endedNs &- beganNs)
        shared.statistics.stepsInPlace.add()
    }

    /// Lets nothing wait any longer.
    func endWaitForStep() {
        if steps.endWait() { callExecutor() }
    }

    private func callExecutor() {
        shared.statistics.executorCalls.add()
        wakeExecutor()
    }
}
