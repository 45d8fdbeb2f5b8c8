import Engine
import Foundation
import Proof
import Rollup
import SeededRandom
import Testing

@testable import Sequencer

/// Increments, chains of them, folding, and what is kept.
@Suite struct CheckpointTests {
    /// Whether a whole file beside the first was made, so that rows of the journal could go.
    static func isFolded(_ directory: String) throws -> Bool {
        try CheckpointList(directory: directory).names.filter { $0.previousBlock == nil }.count >= 2
    }

    private static func cell(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 64) }

    /// A state that checkpoints are made of by hand.
    private final class Rig {
        let state: SealedState
        let directory: String
        var block: UInt64 = 0
        var previous: CheckpointHead.Previous?

        init(_ directory: String) throws {
            self.directory = directory
            state = SealedState(try StateTree())
        }

        func set(_ cell: UInt32, _ byte: UInt8) {
            CheckpointTests.cell(byte).withUnsafeBytes { bytes in
                withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 1) { cells in
                    cells[0] = cell
                    state.apply(cells: UnsafeBufferPointer(cells), bytes.baseAddress!)
                }
            }
        }

        func begin() throws {
            block += 1
            let header = BlockHeader(
                number: block, parentHash: .zero, stateRoot: state.tree.root(), commandsRoot: .zero, inboxCursor: 0, timeMs: block,
                l1Origin: 0)
            let head = CheckpointHead(header: header, sequence: block * 10, previous: previous)
            try state.beginCheckpoint(head, directory: directory, deployment: .test)
            previous = head.asPrevious
        }

        @discardableResult func finish() throws -> CheckpointName {
            while true {
                if let writer = try state.writeSome(pagesMax: 1) {
                    try writer.publish()
                    return writer.head.name
                }
            }
        }

        func checkpoint() throws -> CheckpointName {
            try begin()
            return try finish()
        }
    }

    private func load(_ names: [CheckpointName], _ directory: String) throws -> StateTree {
        let tree = try StateTree()
        try CheckpointChain(names, directory: directory, deployment: .test).load(into: HostedExchange(), tree)
        return tree
    }

    @Test func anIncrementHoldsOnlyWhatChanged() throws {
        let directory = try TestDirectory()
        let rig = try Rig(directory.path)
        for page in 0..<UInt32(50) { rig.set(page * 64 + 3, UInt8(page + 1)) }
        let whole = try rig.checkpoint()
        rig.set(7 * 64, 9)
        rig.set(7 * 64 + 1, 9)
        rig.set(90 * 64, 9)
        let increment = try rig.checkpoint()
        #expect(whole == CheckpointName(block: 1))
        #expect(increment == CheckpointName(block: 2, previousBlock: 1))
        #expect(try CheckpointReader(whole, directory: directory.path, deployment: .test).count == 50)
        let reader = try CheckpointReader(increment, directory: directory.path, deployment: .test)
        #expect((0..<reader.count).map { reader.page(at: $0) } == [7, 90])
        #expect(try load([whole, increment], directory.path).root() == rig.state.tree.root())
        #expect(try CheckpointList(directory: directory.path).newestChain == [whole, increment])
    }

    /// Pages that blocks change while a checkpoint is underway are in it as they were.
    @Test func aCheckpointUnderwayIsOfItsBlock() throws {
        let directory = try TestDirectory()
        let rig = try Rig(directory.path)
        var random = SeededGenerator(seed: 5)
        for page in 0..<UInt32(100) { rig.set(page * 64, 1) }
        let whole = try rig.checkpoint()
        for page in 0..<UInt32(60) { rig.set(page * 64, 2) }
        let root = rig.state.tree.root()
        try rig.begin()
        for _ in 0..<30 {
            rig.set(UInt32.random(in: 0..<100, using: &random) * 64 + UInt32.random(in: 0..<64, using: &random), 3)
            #expect(try rig.state.writeSome(pagesMax: 1) == nil)
        }
        let increment = try rig.finish()
        #expect(try load([whole, increment], directory.path).root() == root)
        // What changed meanwhile belongs to the next.
        let next = try rig.checkpoint()
        #expect(try load([whole, increment, next], directory.path).root() == rig.state.tree.root())
    }

    @Test func foldingGivesTheSameStateWithoutZeroPages() throws {
        let directory = try TestDirectory()
        let rig = try Rig(directory.path)
        for page in 0..<UInt32(40) { rig.set(page * 64, 1) }
        var chain = [try rig.checkpoint()]
        for round in 0..<UInt32(4) {
            for page in 0..<UInt32(10) { rig.set((round * 7 + page) * 64, UInt8(page)) }
            chain.append(try rig.checkpoint())
        }
        let root = rig.state.tree.root()
        let whole = try CheckpointChain(chain, directory: directory.path, deployment: .test)
            .fold(directory: directory.path, deployment: .test) { false }
        #expect(whole == CheckpointName(block: 5))
        #expect(try load([whole], directory.path).root() == root)
        let reader = try CheckpointReader(whole, directory: directory.path, deployment: .test)
        #expect(reader.head.sequence == 50)
        #expect(!(0..<reader.count).contains { reader[$0].bytes.allSatisfy { $0 == 0 } })
        // Either of the two ways will do, so the file before stays until the next folding.
        var list = try CheckpointList(directory: directory.path)
        #expect(list.obsolete(afterFolding: chain).isEmpty)
        #expect(list.newestChain == [whole])
        list.remove(whole)
        #expect(list.newestChain == chain)
        let next = CheckpointName(block: 6, previousBlock: 5)
        #expect(Set(list.obsolete(afterFolding: [whole, next])) == Set(chain))
    }

    @Test func aCancelledFoldingLeavesNothing() throws {
        let directory = try TestDirectory()
        let rig = try Rig(directory.path)
        rig.set(0, 1)
        let chain = [try rig.checkpoint()]
        #expect(throws: CancellationError.self) {
            try CheckpointChain(chain, directory: directory.path, deployment: .test)
                .fold(directory: directory.path, deployment: .test) { true }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [chain[0].fileName])
    }

    @Test func anIncrementOnAnotherStateIsRefused() throws {
        let directory = try TestDirectory()
        let rig = try Rig(directory.path)
        rig.set(0, 1)
        let whole = try rig.checkpoint()
        rig.previous?.stateRoot = .numbered(4)
        let increment = try rig.checkpoint()
        let refusal = #expect(throws: CheckpointUnusable.self) {
            try CheckpointChain([whole, increment], directory: directory.path, deployment: .test)
        }
        #expect(refusal?.name == increment)
    }

    @Test func namesAreReadBack() {
        for name in [CheckpointName(block: 12), CheckpointName(block: .max, previousBlock: 3)] {
            #expect(CheckpointName(fileName: name.fileName) == name)
        }
        for file in [
            "checkpoint-", "checkpoint-1.tmp", "increment-1", "increment-3-after-3", "increment-3-after-4", "x", "",
            "checkpoint-1.unusable",
        ] {
            #expect(CheckpointName(fileName: file) == nil)
        }
    }

    /// A whole file of another version is no damage: the node that wrote it has to be run.
    @Test func anotherFormatIsRefusedWithBothVersions() throws {
        let directory = try TestDirectory()
        let rig = try Rig(directory.path)
        rig.set(0, 1)
        let name = try rig.checkpoint()
        let path = directory.file(name.fileName)
        var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        bytes[4] = 1
        var checksum = RunningChecksum(seed: CheckpointFormat.checksumSeed)
        bytes.withUnsafeBytes { checksum.update(UnsafeRawBufferPointer(rebasing: $0.dropLast(8))) }
        withUnsafeBytes(of: checksum.value) { bytes.replaceSubrange(bytes.count - 8..<bytes.count, with: $0) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        #expect(throws: StoreRefused.unknownFormat(path: path, found: 1, supported: Int64(CheckpointFormat.version))) {
            try load([name], directory.path)
        }
    }
}
