import CMeasure

/// One workload through the engine's whole transition and through the naive exchange, in turns.
///
/// Part 0 of the stream fills the book and warms up; then follow the rounds, timed without looking at single commands; in the last part every
/// command batch is timed alone. Events are summed up between chunks, outside the measured time, so all that is timed is also checked.
package struct TransitionBenchmark {
    /// Commands between two looks at the clock.
    private static let chunkCommands = 1_024

    private let name: String
    private let stream: EnvelopeStream
    private let parts: [Range<Int>]
    private let published: TradeDigest?

    /// `warmUp`: commands before the first round.
    package init(name: String, stream: EnvelopeStream, warmUp: Int, rounds: Int, published: TradeDigest? = nil) {
        self.name = name
        self.stream = stream
        self.published = published
        parts = stream.parts(first: warmUp, count: rounds + 1)
    }

    package func run(ticks: Clock.Ticks) throws -> WorkloadResult {
        var engine = Runner(try EngineSubject(accountCount: stream.accountCount))
        var naive = Runner(NaiveSubject(accountCount: stream.accountCount, orderNames: stream.orderNames))
        let rounds = parts[1..<(parts.count - 1)]
        let counts = rounds.map { stream.commandCount(in: $0) }
        var result = WorkloadResult(name: name, commandCount: counts.first ?? 0, accountCount: stream.accountCount)
        var engineTimes: [Duration] = []
        var naiveTimes: [Duration] = []

        _ = engine.run(stream, parts[0])
        _ = naive.run(stream, parts[0])
        try compare(engine, naive, part: 0)
        engine.allocations = 0
        for (index, part) in rounds.enumerated() {
            engineTimes.append(engine.run(stream, part))
            naiveTimes.append(naive.run(stream, part))
            try compare(engine, naive, part: index + 1)
        }
        result.allocations = engine.allocations
        result.setRates(engine: engineTimes, naive: naiveTimes, commandCounts: counts)
        result.setLatencies(engine.latencies(stream, parts[parts.count - 1], ticks))
        _ = naive.run(stream, parts[parts.count - 1])
        try compare(engine, naive, part: parts.count - 1)

        result.fills = engine.digest.fills
        result.rejects = engine.digest.rejects
        result.kinds = engine.digest.kinds
        result.resting = engine.subject.restingCount
        result.digest = engine.digest.value ^ engine.subject.balanceDigest
        result.trades = engine.digest.trades
        if let published {
            guard published == engine.digest.trades else {
                throw BenchmarkError.notAsPublished(workload: name, trades: engine.digest.trades, published: published)
            }
            result.matchesPublished = true
        }
        return result
    }

    private func compare(_ engine: Runner<EngineSubject>, _ naive: Runner<NaiveSubject>, part: Int) throws {
        guard engine.digest.value == naive.digest.value, engine.subject.balanceDigest == naive.subject.balanceDigest,
            engine.subject.restingCount == naive.subject.restingCount
        else { throw BenchmarkError.differs(workload: name, part: part) }
    }

    /// A subject with what it has done so far.
    private struct Runner<Tested: Subject> {
        var subject: Tested
        var digest = EventDigest()
        var allocations: UInt64 = 0

        init(_ subject: Tested) { self.subject = subject }

        /// Executes the envelopes; returns the time it took, without that for looking at the events.
        mutating func run(_ stream: EnvelopeStream, _ range: Range<Int>) -> Duration {
            var total = Duration()
            var start = range.lowerBound
            while start < range.upperBound {
                let chunk = start..<chunkEnd(stream, start, range.upperBound)
                let before = (wall: Clock.wall(), thread: Clock.thread(), allocations: measure_allocation_count())
                openBlockIfDue(stream, chunk)
                subject.execute(stream, chunk)
                allocations += measure_allocation_count() - before.allocations
                total.threadNs += Clock.thread() - before.thread
                total.wallNs += Clock.wall() - before.wall
                takeEvents(stream)
                start = chunk.upperBound
            }
            return total
        }

        /// Nanoseconds a command of each envelope.
        mutating func latencies(_ stream: EnvelopeStream, _ range: Range<Int>, _ ticks: Clock.Ticks) -> [Double] {
            var nanoseconds: [Double] = []
            nanoseconds.reserveCapacity(range.count)
            var start = range.lowerBound
            while start < range.upperBound {
                let chunk = start..<chunkEnd(stream, start, range.upperBound)
                openBlockIfDue(stream, chunk)
                for index in chunk {
                    let taken = subject.timedExecute(stream, index)
                    nanoseconds.append(ticks.nanoseconds(taken) / Double(stream.commandCount(in: index..<index + 1)))
                }
                takeEvents(stream)
                start = chunk.upperBound
            }
            return nanoseconds
        }

        /// End of a chunk, which no block begins in.
        private func chunkEnd(_ stream: EnvelopeStream, _ start: Int, _ limit: Int) -> Int {
            let perEnvelope = max(1, stream.commandCount / max(1, stream.envelopeCount))
            var end = start + 1
            while end < min(limit, start + max(1, chunkCommands / perEnvelope)), stream.blockTimeMs(before: end) == nil { end += 1 }
            return end
        }

        private mutating func openBlockIfDue(_ stream: EnvelopeStream, _ chunk: Range<Int>) {
            guard let timeMs = stream.blockTimeMs(before: chunk.lowerBound) else { return }
            subject.beginBlock(timeMs: timeMs)
        }

        private mutating func takeEvents(_ stream: EnvelopeStream) {
            subject.takeEvents { digest.add($0, of: stream) }
        }
    }
}
