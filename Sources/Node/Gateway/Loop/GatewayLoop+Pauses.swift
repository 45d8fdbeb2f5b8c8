/// Telling the operator when this thread did not look at its sockets for long, and why. Costs two subtractions a round: the times are taken in any case.
extension GatewayLoop {
    /// libuv has looked at the sockets, at its own idea of the time: that of the last look, in milliseconds.
    func beginRound() { watch.begin(at: nowMs * 1_000_000) }

    /// Just before libuv looks again.
    func endRound(at nowNs: UInt64) {
        if let pause = watch.end(at: nowNs) { note(pause, at: nowNs) }
        shared.statistics.longestPauseMs.raise(to: watch.longestNs / 1_000_000)
    }

    func note(_ pause: LoopWatch.Pause, at nowNs: UInt64) {
        shared.statistics.pauses.add(pause.part)
        guard let unsaidCount = pauseLog.noteEnd(at: nowNs, tookNs: pause.ns) else { return }
        logger.warning(
            "a thread of the gateway did not look at its connections for long: \(pause.part.explanation)",
            metadata: ["milliseconds": "\(pause.ns / 1_000_000)", "unsaidBefore": "\(unsaidCount)"])
    }
}

extension LoopWatch.Part {
    fileprivate var explanation: String {
        switch self {
        case .work: "it had to work on input and answers, or other threads took its processor meanwhile"
        case .stepInPlace: "the executor's work, done there, waited for the disk with the data directory, or for the processor"
        case .marketData: "it sent market data, or other threads took its processor meanwhile"
        case .others: "it was not given a processor, or the process was stopped"
        }
    }
}
