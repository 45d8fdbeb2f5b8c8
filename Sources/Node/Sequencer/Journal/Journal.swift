import Synchronization

/// The log of everything that was applied, one row a group: the last rows in `journal.tail`, all others in `journal.sqlite`.
///
/// Invariants: a row is in the tail before any of its commands is acknowledged; it leaves the tail once the archive has it; so archive and tail together
/// have every row from the oldest that is kept to the last, and overlap or meet. When a journal is opened, everything is brought to the archive.
///
/// Two threads may use it: the executor's appends, the mover's (``JournalMover``) has the archive.
package final class Journal: @unchecked Sendable {
    /// Used by the mover's thread, and before that starts by the one that recovers.
    let archive: JournalArchive
    let tail: JournalTail
    /// Wakes the mover's thread.
    let parker: Parker
    /// Tells whether the disk keeps the mover waiting.
    let writes = WriteWatch()
    /// Whether the mover sleeps until there is a row.
    private let isMoverIdle = Atomic<Bool>(false)
    /// Whether the executor found no room, and is to be woken when there is some.
    private let isRoomAwaited = Atomic<Bool>(false)

    /// Bytes of a tail, unless groups can be larger than it has room for.
    package static let tailBytes = 8 << 20

    /// Opens or creates the journal whose archive is at `path`. Throws ``StoreRefused``, ``SQLiteFailed`` or ``SystemCallFailed``.
    ///
    /// - Parameters:
    ///   - tailBytes: that a tail has at least if it is made now; a power of two.
    ///   - groupBytesMax: bytes of the largest group, for which there must be room.
    package init(
        path: String, durability: Durability, deployment: DeploymentIdentity, tailBytes: Int = Journal.tailBytes, groupBytesMax: Int = 0
    ) throws {
        archive = try JournalArchive(path: path, durability: durability, deployment: deployment)
        let opening = JournalOpening(archive: archive, durability: durability, deployment: deployment)
        tail = try opening.tail(capacity: max(tailBytes, JournalTail.capacity(groupBytes: groupBytesMax)), needed: groupBytesMax)
        parker = try Parker()
    }

    /// Path of the tail that goes with the archive at `archive`.
    static func tailPath(archive: String) -> String { archive.replacing(/\.sqlite$/, with: "") + ".tail" }

    // MARK: Executor's thread

    /// Whether a group of `groupBytes` can be appended now. If not, the mover wakes the executor once there is more room.
    func hasRoom(_ groupBytes: Int) -> Bool {
        if tail.hasRoom(groupBytes) { return true }
        // The mover makes its room visible and then looks here: one of both sees what the other did.
        isRoomAwaited.store(true, ordering: .sequentiallyConsistent)
        return tail.hasRoom(groupBytes)
    }

    /// Makes `group` the next row, which then survives what the durability says. `lastBlock`: number of the block that its last entry belongs to.
    /// There must be room. After a throw nothing of the group may be acknowledged.
    func append(_ group: borrowing JournalGroup, lastBlock: UInt64) throws {
        try group.bytes.withUnsafeBytes { try tail.append($0, lastBlock: lastBlock) }
        // The mover says that it is idle and then looks for rows: one of both sees what the other did.
        if isMoverIdle.load(ordering: .sequentiallyConsistent) || tail.isFillingUp { parker.wake() }
    }

    // MARK: Mover's thread

    /// Whether the archive has every row. A moment's value.
    var isMoved: Bool { tail.isEmpty }

    /// Whether rows should be moved at once. A moment's value.
    var isMoveUrgent: Bool { tail.isQuarterFull }

    /// Moves the oldest rows of the tail to the archive, as many as one transaction should have; returns how many. Calls `roomMade` if the executor waits for
    /// that. After a throw the tail still has them.
    func move(roomMade: () -> Void = {}) throws -> Int64 {
        guard !tail.isEmpty else { return 0 }
        let before = archive.lastRow
        var end: Int?
        try archive.append { add in end = try tail.oldestRows(add) }
        guard let end else { return 0 }
        try tail.release(to: end)
        if isRoomAwaited.exchange(false, ordering: .sequentiallyConsistent) { roomMade() }
        return archive.lastRow - before
    }

    /// Sleeps until there is a row, or `hasOther` says that there is something else to do.
    func waitForRows(unless hasOther: () -> Bool) {
        isMoverIdle.store(true, ordering: .sequentiallyConsistent)
        parker.park(timeoutMs: -1) { !tail.isEmpty || hasOther() }
        isMoverIdle.store(false, ordering: .sequentiallyConsistent)
    }
}
