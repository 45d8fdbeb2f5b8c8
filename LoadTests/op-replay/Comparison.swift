import Glibc

/// The shipped book and a naive one over the same op file in one process, in turns: what LoadTests/bench prints of the book alone. Rounds are timed by
/// the thread's own clock, so that what other programs take does not count.
struct Comparison {
    private let file: OpFile
    private let rounds: Int

    init(_ file: OpFile, rounds: Int) {
        self.file = file
        self.rounds = rounds
    }

    /// Prints one line of JSON; false if the two did not trade the same.
    func run() throws(Complaint) -> Bool {
        var rates: [Double] = []
        var naiveRates: [Double] = []
        var ratios: [Double] = []
        var trades: (count: UInt64, hash: UInt64) = (0, 0)
        for _ in 0..<rounds {
            var replay = try Replay(file)
            replay.apply(file.operations[..<file.setupCount])
            let nanoseconds = Self.time(CLOCK_THREAD_CPUTIME_ID) { replay.apply(file.operations[file.setupCount...]) }
            var naive = NaiveReplay(file)
            naive.apply(file.operations[..<file.setupCount])
            let naiveNanoseconds = Self.time(CLOCK_THREAD_CPUTIME_ID) { naive.apply(file.operations[file.setupCount...]) }
            guard replay.trades.trades == naive.trades, replay.trades.hash == naive.hash else { return false }
            trades = (naive.trades, naive.hash)
            rates.append(Double(timedCount) / nanoseconds * 1e9)
            naiveRates.append(Double(timedCount) / naiveNanoseconds * 1e9)
            ratios.append(naiveNanoseconds / nanoseconds)
        }
        let (times, overhead) = try singleTimes()
        print(
            """
            {"commands": \(timedCount), "commandsPerSecond": \(Self.middle(rates)), "naiveCommandsPerSecond": \(Self.middle(naiveRates)), \
            "ratioToNaive": \(Self.middle(ratios)), "medianNs": \(times[times.count / 2]), "p99Ns": \(times[times.count * 99 / 100]), \
            "p999Ns": \(times[times.count * 999 / 1000]), "clockOverheadNs": \(overhead), "trades": \(trades.count), "tradeHash": "\(String(trades.hash, radix: 16))"}
            """)
        return true
    }

    private var timedCount: Int { max(1, file.operations.count - file.setupCount) }

    /// Nanoseconds of every single operation, sorted, less what the clock costs (the median of two readings in a row).
    private func singleTimes() throws(Complaint) -> (times: [Double], overhead: Double) {
        var gaps = (0..<100_000).map { _ in Self.time {} }
        gaps.sort()
        let overhead = gaps[gaps.count / 2]
        var replay = try Replay(file)
        replay.apply(file.operations[..<file.setupCount])
        var times = [Double](repeating: 0, count: timedCount)
        for position in file.setupCount..<file.operations.count {
            let nanoseconds = Self.time { replay.apply(file.operations[position..<position + 1]) }
            times[position - file.setupCount] = max(0, nanoseconds - overhead)
        }
        times.sort()
        return (times, overhead)
    }

    @inline(__always)
    private static func time(_ clock: clockid_t = CLOCK_MONOTONIC, _ body: () -> Void) -> Double {
        let start = RunOps.nanoseconds(clock)
        body()
        return Double(RunOps.nanoseconds(clock) - start)
    }

    private static func middle(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}

/// Operations on the naive book.
private struct NaiveReplay {
    private let book = NaiveBook()
    private let priceMin: Int32
    private(set) var trades: UInt64 = 0
    private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325

    init(_ file: OpFile) { priceMin = file.priceMin }

    @inline(never)
    mutating func apply(_ operations: Slice<UnsafeBufferPointer<Operation>>) {
        for operation in operations {
            guard operation.kind != Operation.Kind.cancel else {
                _ = book.remove(operation.id)
                continue
            }
            let side: NaiveSide = operation.side == 0 ? .buy : .sell
            let price = UInt32(bitPattern: operation.price &- priceMin)
            let left = book.fill(side, limit: price, lots: UInt64(operation.quantity)) { maker, lots, _ in
                trades += 1
                hash = (hash ^ (maker.number &* 0x9E37_79B9_7F4A_7C15 &+ operation.id &* 31 &+ lots)) &* 0x100_0000_01B3
            }
            if left > 0 && operation.kind == Operation.Kind.add {
                book.rest(NaiveOrder(number: operation.id, account: 0, side: side, price: price, lots: left))
            }
        }
    }
}
