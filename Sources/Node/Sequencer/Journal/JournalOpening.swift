import Glibc

/// What happens before anything reads a journal: rows that only the tail has are brought to the archive, after it was found out that the two belong
/// together and nothing that was acknowledged is missing. A kill at any instant of it leaves files with which it happens again.
struct JournalOpening {
    let archive: JournalArchive
    let durability: Durability
    let deployment: DeploymentIdentity

    private var path: String { Journal.tailPath(archive: archive.path) }

    /// The tail, of which the archive has everything. One that is made now has `capacity` bytes; one that has less room than groups of `needed` bytes take is
    /// made anew.
    func tail(capacity: Int, needed: Int) throws -> JournalTail {
        let byteCount = try JournalTailFile.byteCount(path: path)
        let known = try archive.tail()
        if byteCount == nil, known != nil { throw StoreRefused.missingTail(path: path, archive: archive.path) }
        // One without bytes is an operator's word that it is to be done without.
        guard let byteCount, byteCount > 0 else {
            if byteCount == nil { try checkFormerMark() }
            return try begin(makeTail(capacity))
        }
        let file = try JournalTailFile(existing: path, byteCount: byteCount, deployment: deployment)
        let tail = try JournalTail(file, lastRow: archive.lastRow, isSynced: durability == .fsync)
        try check(file, known)
        try bringOver(tail)
        let isUsable = file.capacity >= JournalTail.capacity(groupBytes: needed) && !file.isWornOut
        return try begin(isUsable ? tail : makeTail(capacity))
    }

    private func makeTail(_ capacity: Int) throws -> JournalTail {
        // As long as the archive knows of none, any is taken.
        try archive.setTail(nil)
        let file = try JournalTailFile(creating: path, capacity: capacity, deployment: deployment, mark: archive.lastRow)
        unlink(formerMarkPath)
        return try JournalTail(file, lastRow: archive.lastRow, isSynced: durability == .fsync)
    }

    /// Counts the start: in the tail first, so that one which is behind the archive is an older copy.
    private func begin(_ tail: JournalTail) throws -> JournalTail {
        let file = tail.file
        guard let run = file.run else { throw StoreRefused.damagedWord(path) }
        file.setRun(run + 1)
        tail.begin(run: run + 1)
        file.setBoot()
        try file.syncHeader()
        try archive.setTail(TailIdentity(salt: file.salt, run: run + 1))
        return tail
    }

    private func check(_ file: JournalTailFile, _ known: TailIdentity?) throws {
        guard let run = file.run, let mark = file.mark else { throw StoreRefused.damagedWord(path) }
        if let known {
            guard known.salt == file.salt else { throw StoreRefused.otherTail(path: path, archive: archive.path) }
            guard run >= known.run else { throw StoreRefused.olderTail(path: path, archive: archive.path) }
        }
        // After the machine's end the page of the mark may be older than other files; else a row was marked before it was moved.
        if file.isOfThisBoot, mark < archive.lastRow { throw StoreRefused.olderTail(path: path, archive: archive.path) }
    }

    /// Appends to the archive what only the tail has.
    private func bringOver(_ tail: JournalTail) throws {
        let archived = archive.lastRow
        var last = archived
        var isJoined = true
        let end = try tail.survey { row in
            if row.number <= archived {
                if let stored = try archive.storedChecksum(ofRow: row.number), stored != row.checksum {
                    throw StoreRefused.corruptedTail(path: path, reason: "its row \(row.number) is not the one that \(archive.path) has")
                }
            } else if row.number == last + 1 {
                last = row.number
            } else {
                isJoined = false
            }
        }
        guard let mark = tail.file.mark else { throw StoreRefused.damagedWord(path) }
        guard isJoined, last >= mark else {
            throw StoreRefused.rowsLost(path: archive.path, last: last, marked: max(mark, last + 1), tailPath: path)
        }
        // A row that is whole counts although the process ended before it could mark it; the mark is never behind the archive.
        tail.file.setMark(last)
        if last > archived {
            try archive.append { add in
                _ = try tail.survey { row in if row.number > archived { try add(row) } }
            }
        }
        try tail.adopt(lastRow: last, end: end)
    }

    // MARK: Before there were tails

    private var formerMarkPath: String { archive.path.replacing(/\.sqlite$/, with: "") + ".mark" }

    /// Up to format 3 of the archive its last row was noted in a file of 16 bytes: magic, then the row in the low 48 bits of a word, a check in the others.
    private func checkFormerMark() throws {
        let descriptor = open(formerMarkPath, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var words: (magic: UInt64, row: UInt64) = (0, 0)
        guard read(descriptor, &words, 16) == 16 else { return }
        let magic: UInt64 = 0x3230_3030_4B4D_784D
        let row = words.row & (1 << 48 - 1)
        guard words.magic == magic, words.row == row | Checksum.mixed(magic, row) << 48, row > UInt64(archive.lastRow) else { return }
        throw StoreRefused.rowsLost(path: archive.path, last: archive.lastRow, marked: Int64(row), tailPath: path)
    }
}
