import CLinux
import Logging
import Synchronization

/// Brings finished checkpoint files to the disk, folds increments into whole files by merging files, and removes what is no longer needed: on a thread
/// that yields to all others.
///
/// Invariant: at every instant the files on the disk give the newest published state, and once it was folded they give that in two ways that share
/// no file; the journal is only let go up to the block that was folded last.
final class CheckpointPublisher: Sendable {
    private let configuration: SequencerConfiguration
    private let shared: NodeShared
    private let logger: Logger
    private let parker: Parker
    private let state: Mutex<State>

    private struct State {
        var finished: Handover<CheckpointWriter>?
        /// From handing over until the file has its name, or has failed.
        var isPublishing = false
        var isEnding = false
        /// Files that give the newest state.
        var chain: [CheckpointName]
        var previous: CheckpointHead.Previous?
    }

    /// Goes on from the checkpoint that was loaded, if one was.
    init(_ loaded: LoadedCheckpoint?, shared: NodeShared, configuration: SequencerConfiguration, logger: Logger) throws {
        self.configuration = configuration
        self.shared = shared
        self.logger = logger
        parker = try Parker()
        state = Mutex(State(chain: loaded?.chain ?? [], previous: loaded?.head.asPrevious))
    }

    /// Starts the thread. Call ``end()`` and then join it.
    func start() throws -> DedicatedThread {
        try DedicatedThread(name: "memex-checks") { self.run() }
    }

    /// Whether another checkpoint may be begun. The last one is then published, or has failed.
    var isReady: Bool { state.withLock { !$0.isPublishing } }

    /// What the next checkpoint builds on; nil if it has to be whole.
    var previous: CheckpointHead.Previous? { state.withLock { $0.previous } }

    /// Takes a file that is finished. Only if ``isReady``.
    func publish(_ writer: CheckpointWriter) {
        let box = Handover(writer)
        state.withLock { state in
            precondition(!state.isPublishing)
            state.isPublishing = true
            state.finished = box
        }
        parker.wake()
    }

    /// The checkpoint that was begun last came to nothing: what changed up to it is not on the disk.
    func noteFailure(_ error: any Error) {
        state.withLock { $0.previous = nil }
        shared.statistics.checkpointsFailed.wrappingAdd(1, ordering: .relaxed)
        logger.error(
            "checkpoint failed; the node goes on, but a start takes longer and the journal grows",
            metadata: ["reason": "\(error)", "directory": "\(configuration.directory.checkpoints)"])
    }

    /// Lets the thread end once what was handed over is on the disk; gives up folding.
    func end() {
        state.withLock { $0.isEnding = true }
        parker.wake()
    }

    private var isEnding: Bool { state.withLock { $0.isEnding } }

    // MARK: Thread

    private func run() {
        linux_yield_to_all_others()
        while true {
            if let writer = state.withLock({ state in
                defer { state.finished = nil }
                return state.finished
            }) {
                finish(writer.value)
            } else if isEnding {
                return
            } else {
                foldIfDue()
                parker.park(timeoutMs: -1) { state.withLock { $0.finished != nil || $0.isEnding } }
            }
        }
    }

    private func finish(_ writer: CheckpointWriter) {
        do {
            let startedMs = SystemClock.monotonicMs()
            try writer.publish()
            state.withLock { state in
                state.chain = (writer.head.previous == nil ? [] : state.chain) + [writer.head.name]
                state.previous = writer.head.asPrevious
            }
            shared.statistics.checkpoints.add(1)
            logger.info(
                "checkpoint written",
                metadata: [
                    "file": "\(writer.head.name.fileName)", "pages": "\(writer.pages)", "bytes": "\(writer.byteCount)",
                    "syncMilliseconds": "\(SystemClock.monotonicMs() - startedMs)",
                ])
        } catch {
            noteFailure(error)
        }
        state.withLock { $0.isPublishing = false }
        shared.sealerParker.wake()
    }

    /// Makes one whole file of the newest chain if it is long, then lets go of what only older ones need.
    private func foldIfDue() {
        let chain = state.withLock { $0.chain }
        guard chain.count > configuration.incrementsMax else { return }
        let directory = configuration.directory.checkpoints
        do {
            let startedMs = SystemClock.monotonicMs()
            let whole = try CheckpointChain(chain, directory: directory, deployment: configuration.deployment)
                .fold(directory: directory, deployment: configuration.deployment) { isEnding }
            state.withLock { $0.chain = [whole] }
            for name in try CheckpointList(directory: directory).obsolete(afterFolding: chain) { unlink(directory + "/" + name.fileName) }
            try CheckpointList.removeFiles(endingIn: CheckpointFormat.unusableSuffix, directory: directory)
            shared.setPruneThroughBlock(whole.block)
            shared.statistics.checkpointsFolded.add(1)
            logger.info(
                "checkpoints folded",
                metadata: ["file": "\(whole.fileName)", "milliseconds": "\(SystemClock.monotonicMs() - startedMs)"])
        } catch is CancellationError {
            // The next start folds.
        } catch {
            // A file that was good may be so no longer; what it held is still in the tree.
            if error is CheckpointUnusable { state.withLock { $0.previous = nil } }
            shared.statistics.checkpointsFailed.wrappingAdd(1, ordering: .relaxed)
            logger.error(
                "checkpoints cannot be folded; the journal grows until they can",
                metadata: ["reason": "\(error)", "directory": "\(directory)"])
        }
    }
}
