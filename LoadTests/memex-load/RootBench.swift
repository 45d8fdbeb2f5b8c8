import ArgumentParser
import Engine
import Foundation
import Gateway
import Proof
import SeededRandom

/// `memex-load root`: what the sealer does to get a block's state root, alone.
struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "root",
        abstract: "Measure the state root: keccak by every way of dispatch, dirty cells to a new root, memory of tree and shadow.",
        discussion: """
            The arena is warmed first: every cell of it is written once and hashed, so all pages of shadow and tree are there, joined to huge \
            ones where the kernel can. A round then changes \
            cells at random places, each another one, and times their way into the shadow and to the new root.
            Example: taskset -c 1 memex-load root --workers 1 --json root.json
            """)

    @Option(help: "Cells that change in a round.")
    var cells = 20_000
    @Option(help: "MiB of arena over which they are scattered.")
    var arena = 1024
    @Option(help: "Rounds.")
    var rounds = 200
    @Option(help: "Threads that hash: 1 or 2.")
    var workers = 2
    @Option(help: "Lanes of the tree's keccak: 0, 4 or 8.")
    var lanes = WideKeccak.lanes
    @Option(help: "Seed of the places.")
    var seed: UInt64 = 1
    @Option(help: "Where to write the result.")
    var json: String?

    private static let mebibyteCells = (1 << 20) / Layout.cellBytes

    func validate() throws {
        guard (1...Layout.arenaBytes >> 20).contains(arena) else { throw ValidationError("--arena must be 1 to 32768 MiB.") }
        guard (1...arena * Self.mebibyteCells / 2).contains(cells) else {
            throw ValidationError("--cells must be at least 1 and at most half the arena's.")
        }
        guard rounds > 0, (1...2).contains(workers) else { throw ValidationError("--rounds must be above 0, --workers 1 or 2.") }
        guard [0, 4, 8].contains(lanes), lanes <= WideKeccak.lanes else {
            throw ValidationError("--lanes must be 0, 4 or 8, and this processor has \(WideKeccak.lanes).")
        }
    }

    func run() throws {
        var object: [String: Any] = ["cells": cells, "arenaMiB": arena, "rounds": rounds, "workers": workers, "lanes": lanes]
        let nanoseconds = PermutationBench.measure()
        let names = [0: "scalar", 4: "avx2", 8: "avx512"]
        for (lanes, value) in nanoseconds {
            let ratio = nanoseconds[0].value / value
            print("keccak \(names[lanes] ?? ""): \(Self.text(value)) ns a permutation, \(Self.text(ratio)) times scalar")
            object["\(names[lanes] ?? "")NanosecondsPerPermutation"] = value
            object["\(names[lanes] ?? "")TimesScalar"] = ratio
        }
        var bench = try ScatterBench(cells: cells, arenaCells: arena * Self.mebibyteCells, workers: workers, lanes: lanes, seed: seed)
        let result = bench.run(rounds: rounds)
        let wall = result.wallMs.sorted()
        let processor = result.processorMs.sorted()
        let median = wall[wall.count / 2]
        let p99 = wall[min(wall.count - 1, wall.count * 99 / 100)]
        print(
            "root: \(cells) cells over \(arena) MiB in \(Self.text(median)) ms median, \(Self.text(p99)) ms p99, \(Self.text(wall[0])) ms best of "
                + "\(rounds) rounds (calling thread's processor time \(Self.text(processor[processor.count / 2])) ms median, "
                + "\(Self.text(processor[0])) ms best), \(workers) workers, "
                + "root \(String(result.rootWord, radix: 16))")
        print(
            "memory: shadow \(result.shadowBytes >> 20) MiB, nodes \(result.nodeBytes >> 20) MiB, "
                + "\(Self.text(result.memoryRatio)) times the touched arena")
        object["rootMsMedian"] = median
        object["rootMsP99"] = p99
        object["rootMsBest"] = wall[0]
        object["rootProcessorMsMedian"] = processor[processor.count / 2]
        object["memoryTimesArena"] = result.memoryRatio
        object["root"] = String(result.rootWord, radix: 16)
        guard let json else { return }
        try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]).write(to: URL(fileURLWithPath: json))
    }

    private static func text(_ value: Double) -> String { String(format: "%.2f", value) }
}

/// Nanoseconds of processor time that one 64-byte input takes, by width.
private enum PermutationBench {
    /// Widths that this processor has, scalar first. The widths take turns, and each one's best turn counts: whatever else the machine did
    /// meanwhile then slows all of them or none.
    static func measure() -> [(lanes: Int, value: Double)] {
        let count = 512
        let inputs = UnsafeMutableRawPointer.allocate(byteCount: count * 64, alignment: 64)
        let outputs = UnsafeMutablePointer<Hash256>.allocate(capacity: count)
        defer {
            inputs.deallocate()
            outputs.deallocate()
        }
        for word in 0..<count * 8 { inputs.storeBytes(of: UInt64(word) &* 0x9E37_79B9_7F4A_7C15, toByteOffset: 8 * word, as: UInt64.self) }
        var best = [0, 4, 8].filter { $0 <= WideKeccak.lanes }.map { (lanes: $0, value: Double.infinity) }
        for _ in 0..<60 {
            for index in best.indices {
                let start = ProcessorClock.threadNanoseconds()
                for _ in 0..<8 { WideKeccak.hash64Many(inputs, count: count, into: outputs, lanes: best[index].lanes) }
                let spent = Double(ProcessorClock.threadNanoseconds() - start) / Double(8 * count)
                best[index].value = min(best[index].value, spent)
            }
        }
        return best
    }
}

/// A warmed state tree and rounds of changes all over it.
private struct ScatterBench {
    struct Result {
        var wallMs: [Double] = []
        var processorMs: [Double] = []
        var shadowBytes = 0
        var nodeBytes = 0
        var memoryRatio = 0.0
        var rootWord: UInt64 = 0
    }

    private let tree: StateTree
    private let arenaCells: Int
    private let cells: Int
    private var random: SeededGenerator

    /// The cells are those from the beginning of the orders on: any place would do.
    private static let firstCell = UInt32(Layout.orders / Layout.cellBytes)

    init(cells: Int, arenaCells: Int, workers: Int, lanes: Int, seed: UInt64) throws {
        tree = try StateTree(workers: workers, lanes: lanes)
        self.cells = cells
        self.arenaCells = arenaCells
        random = SeededGenerator(seed: seed)
        var cell = SIMD8<UInt64>(repeating: 1)
        for index in 0..<UInt32(arenaCells) {
            cell[0] = UInt64(index) + 1
            withUnsafeBytes(of: cell) { tree.apply(cell: Self.firstCell + index, $0.baseAddress!) }
        }
        _ = tree.root()
        tree.joinPages()
    }

    mutating func run(rounds: Int) -> Result {
        var result = Result()
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: cells * Layout.cellBytes, alignment: 64)
        defer { bytes.deallocate() }
        for _ in 0..<rounds {
            var places: Set<UInt32> = []
            while places.count < cells { places.insert(UInt32.random(in: 0..<UInt32(arenaCells), using: &random)) }
            // The order of a set differs from process to process.
            var indices = places.sorted().map { Self.firstCell + $0 }
            indices.shuffle(using: &random)
            for word in 0..<cells * 8 { bytes.storeBytes(of: random.next(), toByteOffset: 8 * word, as: UInt64.self) }
            let processorStart = ProcessorClock.threadNanoseconds()
            let start = MonotonicClock.nanoseconds()
            indices.withUnsafeBufferPointer { tree.apply(cells: $0, bytes) }
            let root = tree.root()
            result.wallMs.append(Double(MonotonicClock.nanoseconds() - start) / 1e6)
            result.processorMs.append(Double(ProcessorClock.threadNanoseconds() - processorStart) / 1e6)
            result.rootWord = root.word0
        }
        (result.shadowBytes, result.nodeBytes) = tree.residentBytes()
        result.memoryRatio = Double(result.shadowBytes + result.nodeBytes) / Double(arenaCells * Layout.cellBytes)
        return result
    }
}

private enum ProcessorClock {
    /// Time that the calling thread spent running.
    static func threadNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
