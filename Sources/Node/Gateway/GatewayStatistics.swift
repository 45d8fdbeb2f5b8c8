import Engine
import Synchronization

/// Counters of a gateway since it began, of all its threads together. Any thread reads them.
package final class GatewayStatistics: Sendable {
    /// TCP connections accepted; those of them that were closed at once, without an answer; WebSockets opened.
    package let accepted = Counter()
    package let turnedAway = Counter()
    package let opened = Counter()
    /// Requests that were answered with HTTP instead of a WebSocket, by status.
    package let refusals = CodeCounters([400, 404, 405, 408, 426, 429, 431, 503])
    /// WebSockets that ended, by the code of the close frame, whoever sent it first: 1005 if it had none, 1006 if there was no close frame.
    package let closes = CodeCounters([1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011])
    /// Messages that were refused, by ``RejectCode``.
    package let rejects = CodeCounters(RejectCode.allCases.map(\.rawValue))
    /// Times that a thread did the executor's work itself, and times that it woke the executor or found it awake.
    package let stepsInPlace = Counter()
    package let executorCalls = Counter()
    /// Times that a thread looked for input where it would have slept.
    package let busyPolls = Counter()
    /// Times that a thread did not look at its sockets for more than ``PauseLog/thresholdNs``, by what it did meanwhile; and the longest of all, in milliseconds.
    package let pauses = PauseCounters()
    package let longestPauseMs = Maximum()

    package init() {}
}

/// A number that only grows. Any thread.
package final class Counter: Sendable {
    private let count = Atomic<UInt64>(0)

    package var value: UInt64 { count.load(ordering: .relaxed) }

    package func add() { count.add(1, ordering: .relaxed) }
}

/// The largest of some numbers, 0 at first. Any thread.
package final class Maximum: Sendable {
    private let largest = Atomic<UInt64>(0)

    package var value: UInt64 { largest.load(ordering: .relaxed) }

    package func raise(to number: UInt64) {
        guard number > value else { return }
        largest.max(number, ordering: .relaxed)
    }
}

/// A counter for each part of a loop's round. Any thread.
package final class PauseCounters: Sendable {
    private let counters = LoopWatch.Part.allCases.map { (part: $0, counter: Counter()) }

    func add(_ part: LoopWatch.Part) { counters.first { $0.part == part }?.counter.add() }

    /// All parts by name.
    package var values: [(part: String, count: UInt64)] { counters.map { ($0.part.rawValue, $0.counter.value) } }
}

/// A counter for each of some codes, and one for all others. Any thread.
package final class CodeCounters: Sendable {
    private let codes: [UInt16]
    private let counters: [Counter]
    private let others = Counter()

    init(_ codes: [UInt16]) {
        self.codes = codes
        counters = codes.map { _ in Counter() }
    }

    package func add(_ code: UInt16) {
        if let index = codes.firstIndex(of: code) { counters[index].add() } else { others.add() }
    }

    /// Codes that were counted, ascending as they were given, and `nil` for the others.
    package var values: [(code: UInt16?, count: UInt64)] {
        zip(codes, counters).map { ($0, $1.value) } + [(nil, others.value)]
    }
}
