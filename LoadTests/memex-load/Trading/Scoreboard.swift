import Engine
import Histogram
import Signing
import Synchronization

/// Counts over all bots; any thread may add.
final class Scoreboard: Sendable {
    struct Totals {
        /// Place commands that were accepted.
        var orders = 0
        var cancels = 0
        /// Trades, each counted once, on the taker's side.
        var fills = 0
        var rejects = 0
        var rejectCodes: [UInt16: Int] = [:]
        var batches = 0
        var ackNanoseconds = Histogram<UInt64>(highestTrackableValue: 60_000_000_000, numberOfSignificantValueDigits: .three)
        var ledgers: [Address: Ledger] = [:]
        var failures: [String] = []

        /// Send-to-ack latency in microseconds.
        func ackMicroseconds(percentile: Double) -> Double {
            batches == 0 ? 0 : Double(ackNanoseconds.valueAtPercentile(percentile)) / 1_000
        }
    }

    private let totals = Mutex(Totals())

    func update(_ body: (inout Totals) -> Void) { totals.withLock { body(&$0) } }

    var snapshot: Totals { totals.withLock { $0 } }
}
