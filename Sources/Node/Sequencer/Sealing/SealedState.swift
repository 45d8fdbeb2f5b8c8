import Engine
import Proof
import Rollup

/// The state after the last sealed block, and the pages of it that checkpoints still need. One thread at a time may use it.
///
/// A checkpoint is written bit by bit between blocks: a page that is about to change is written before it does. So it takes time in proportion to
/// what changed since the last one, and no block waits for more than a slice of it.
///
/// Invariants: `changed` has every page that differs from what the last checkpoint begun has; while `writer` is there, it lacks exactly the pages in
/// `unwritten`, and none of them has changed since its block.
final class SealedState {
    let tree: StateTree
    private var changed = ChangedPages()
    private var unwritten = ChangedPages()
    private var writer: CheckpointWriter?
    /// Why the checkpoint underway was given up, until ``writeSome(pagesMax:)`` says so.
    private var failure: (any Error)?

    init(_ tree: StateTree) { self.tree = tree }

    /// Sets cells as `StateTree.apply(cells:_:)` does.
    func apply(cells: UnsafeBufferPointer<UInt32>, _ bytes: UnsafeRawPointer) {
        if writer != nil { rescue(cells) }
        changed.insert(cells: cells)
        tree.apply(cells: cells, bytes)
    }

    /// Sets one cell, during recovery, when no checkpoint is underway.
    func apply(cell: UInt32, _ bytes: UnsafeRawPointer) {
        precondition(writer == nil)
        changed.insert(cell >> 6)
        tree.apply(cell: cell, bytes)
    }

    // MARK: Checkpoints

    var isCheckpointUnderway: Bool { writer != nil || failure != nil }

    /// Begins a checkpoint of the state as it is now: the pages that changed since the last one begun, or all if `head` builds on none.
    func beginCheckpoint(_ head: CheckpointHead, directory: String, deployment: DeploymentIdentity) throws {
        precondition(!isCheckpointUnderway)
        if head.previous == nil { tree.forEachPage { page, _ in changed.insert(page) } }
        writer = try CheckpointWriter(head, directory: directory, deployment: deployment)
        swap(&changed, &unwritten)
    }

    /// Goes on with the checkpoint underway, by at most `pagesMax` pages. Returns the finished file, which has to be published, or nil if it is
    /// not finished. After a throw nothing is left of it, and the next checkpoint must build on none.
    func writeSome(pagesMax: Int) throws -> CheckpointWriter? {
        defer { failure = nil }
        if let failure { throw failure }
        guard let writer else { return nil }
        do {
            for _ in 0..<pagesMax {
                guard let page = unwritten.removeLast() else {
                    try writer.finish()
                    self.writer = nil
                    return writer
                }
                try tree.withPage(page) { try writer.append(page: page, $0) }
            }
        } catch {
            giveUp()
            throw error
        }
        return nil
    }

    /// Writes what the checkpoint underway needs of the pages that are about to change.
    private func rescue(_ cells: UnsafeBufferPointer<UInt32>) {
        guard let writer else { return }
        do {
            for cell in cells where unwritten.remove(cell >> 6) {
                try tree.withPage(cell >> 6) { try writer.append(page: cell >> 6, $0) }
            }
        } catch {
            giveUp()
            failure = error
        }
    }

    private func giveUp() {
        writer = nil
        unwritten.removeAll()
    }
}
