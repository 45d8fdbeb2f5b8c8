import Synchronization

/// Whether the disk keeps a thread waiting that writes to it often, seen by others. One thread writes.
final class WriteWatch: Sendable {
    /// Since when it has been writing, in milliseconds of uptime; 0 when it is not.
    private let writingSinceMs = Atomic<UInt64>(0)

    /// How long the mover's writing may take if the disk does not hold it up: some thousand rows, and now and then all of the archive's log.
    static let writingMsMax: UInt64 = 20

    /// Whether it is long about it: then who writes to mapped files on the same disk may have to wait as well. Cheap where it is not. Any thread.
    var isDiskSlow: Bool {
        let sinceMs = writingSinceMs.load(ordering: .relaxed)
        return sinceMs != 0 && SystemClock.monotonicMs() > sinceMs + Self.writingMsMax
    }

    /// Everything that waits for the disk is done within `body`. `ended` is told how long that took, in milliseconds. The thread that writes.
    func whileWriting<Result>(_ body: () throws -> Result, ended: (UInt64) -> Void = { _ in }) rethrows -> Result {
        let beganMs = SystemClock.monotonicMs()
        writingSinceMs.store(beganMs, ordering: .relaxed)
        defer {
            writingSinceMs.store(0, ordering: .relaxed)
            ended(SystemClock.monotonicMs() - beganMs)
        }
        return try body()
    }
}
