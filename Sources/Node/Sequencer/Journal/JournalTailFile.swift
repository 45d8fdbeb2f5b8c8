import Glibc
import Synchronization

/// Which ``JournalTail`` a `journal.sqlite` goes with: files may be mixed up by whoever restores copies.
struct TailIdentity: Equatable {
    /// Drawn when the file was made.
    var salt: UInt64
    /// Counts the starts since then.
    var run: UInt64
}

/// The file under a ``JournalTail``, mapped into memory: what was written survives the end of the process at any instant, and that of the machine
/// once it is synced.
///
/// | offset | field |
/// | --- | --- |
/// | 0 | "MxJTail1" |
/// | 8 | format, u64 |
/// | 16 | bytes for rows, u64: a power of two |
/// | 24 | salt, u64: drawn when the file was made |
/// | 32 | deployment, 60 bytes, padded to 64 |
/// | 96 | checksum over all before, u64 |
/// | 104 | which start of the machine wrote last, u64 |
/// | 128 | word: starts of the node since the file was made |
/// | 256 | word: the mark, number of the last row that may have been acknowledged |
/// | 384 | word: an eighth of the position before which everything is in `journal.sqlite` |
/// | 4096 | the rows |
///
/// A word has its value in the low 48 bits and a check in the others, so that one store changes it as a whole.
///
/// The file is full of zeroes when it gets its name, so that syncing a page never has to note where on the disk it is. One of no bytes is never made
/// here: it is how an operator says that whatever the tail held may be lost.
final class JournalTailFile: @unchecked Sendable {
    static let formatVersion: UInt64 = 1
    static let recordsOffset = 4096
    static let capacityRange = 1 << 16...1 << 30
    private static let checkedBytes = 96
    private static let valueBits: UInt64 = 48

    /// Places of the words.
    private enum Word: Int {
        case run = 128
        case mark = 256
        case moved = 384
    }

    let path: String
    /// Bytes for rows.
    let capacity: Int
    let salt: UInt64
    private let base: UnsafeMutableRawPointer

    var records: UnsafeMutableRawPointer { base + Self.recordsOffset }

    /// Maps `descriptor`, whose file has the right size, and closes it.
    private init(path: String, descriptor: Int32, capacity: Int) throws {
        defer { close(descriptor) }
        let mapping = mmap(nil, Self.recordsOffset + capacity, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, descriptor, 0)
        guard let mapping, mapping != MAP_FAILED else { throw SystemCallFailed("mmap", errno, subject: path) }
        base = mapping
        self.path = path
        self.capacity = capacity
        salt = mapping.load(fromByteOffset: 24, as: UInt64.self)
    }

    deinit { munmap(base, Self.recordsOffset + capacity) }

    // MARK: Opening

    /// Bytes of the file; nil if there is none.
    static func byteCount(path: String) throws(SystemCallFailed) -> Int? {
        var status = stat()
        if stat(path, &status) == 0 { return Int(status.st_size) }
        guard errno == ENOENT else { throw SystemCallFailed("stat", errno, subject: path) }
        return nil
    }

    /// Opens the file of `deployment`, which has `byteCount` bytes. Throws ``StoreRefused`` if it is not what this version wrote.
    convenience init(existing path: String, byteCount: Int, deployment: DeploymentIdentity) throws {
        let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemCallFailed("open", errno, subject: path) }
        var head = [UInt8](repeating: 0, count: Self.checkedBytes + 8)
        let count = head.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        let refusal = head.withUnsafeBytes { Self.refusal(path: path, head: $0, readBytes: count, byteCount: byteCount, deployment) }
        if let refusal {
            close(descriptor)
            throw refusal
        }
        try self.init(path: path, descriptor: descriptor, capacity: byteCount - Self.recordsOffset)
    }

    private static func refusal(
        path: String, head: UnsafeRawBufferPointer, readBytes: Int, byteCount: Int, _ deployment: DeploymentIdentity
    ) -> StoreRefused? {
        guard readBytes == head.count, head[..<8].elementsEqual("MxJTail1".utf8) else {
            return .corruptedTail(path: path, reason: "it does not begin as a journal's tail does")
        }
        let format = head.load(fromByteOffset: 8, as: UInt64.self)
        guard format == formatVersion else {
            return .unknownFormat(path: path, found: Int64(bitPattern: format), supported: Int64(formatVersion))
        }
        guard head.load(fromByteOffset: checkedBytes, as: UInt64.self) == Checksum.of(.init(rebasing: head[..<checkedBytes]), seed: 0)
        else {
            return .corruptedTail(path: path, reason: "the checksum of its header does not match")
        }
        let found = Array(head[32..<92])
        guard found == deployment.bytes else {
            return .otherDeployment(
                path: path, found: DeploymentIdentity.describe(found), wanted: DeploymentIdentity.describe(deployment.bytes))
        }
        let capacity = Int(head.load(fromByteOffset: 16, as: UInt64.self))
        guard capacityRange.contains(capacity), capacity & (capacity - 1) == 0, byteCount == recordsOffset + capacity else {
            return .corruptedTail(path: path, reason: "it has \(byteCount) bytes, and \(recordsOffset + capacity) by its header")
        }
        return nil
    }

    /// Makes an empty file in the place of whatever is there, with `mark` as its mark. At any instant there is a whole file by that name, or what was
    /// there before. Throws ``SystemCallFailed`` if the disk has no room for all of it.
    convenience init(creating path: String, capacity: Int, deployment: DeploymentIdentity, mark: Int64) throws {
        precondition(
            Self.capacityRange.contains(capacity) && capacity & (capacity - 1) == 0,
            "a tail of \(capacity) bytes is no power of two in its range")
        let unnamed = path + ".new"
        let descriptor = Glibc.open(unnamed, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemCallFailed("open", errno, subject: unnamed) }
        do throws(SystemCallFailed) {
            try Self.fill(descriptor, byteCount: Self.recordsOffset + capacity, path: unnamed)
        } catch {
            close(descriptor)
            unlink(unnamed)
            throw error
        }
        try self.init(path: path, descriptor: descriptor, capacity: capacity, deployment: deployment, mark: mark)
        try syncHeader()
        guard rename(unnamed, path) == 0 else { throw SystemCallFailed("rename", errno, subject: unnamed) }
        try Self.syncFolder(of: path)
    }

    /// Maps a file full of zeroes and gives it a header.
    private convenience init(path: String, descriptor: Int32, capacity: Int, deployment: DeploymentIdentity, mark: Int64) throws {
        var head = Array("MxJTail1".utf8)
        let salt = UInt64.random(in: 1...(.max))
        for value in [Self.formatVersion, UInt64(capacity), salt] { withUnsafeBytes(of: value) { head.append(contentsOf: $0) } }
        head += deployment.bytes + [0, 0, 0, 0]
        let checksum = head.withUnsafeBytes { Checksum.of($0, seed: 0) }
        withUnsafeBytes(of: checksum) { head.append(contentsOf: $0) }
        guard pwrite(descriptor, head, head.count, 0) == head.count else {
            let code = errno
            close(descriptor)
            throw SystemCallFailed("write", code, subject: path)
        }
        try self.init(path: path, descriptor: descriptor, capacity: capacity)
        set(.run, to: 0)
        set(.mark, to: UInt64(mark))
        set(.moved, to: 0)
    }

    private static func fill(_ descriptor: Int32, byteCount: Int, path: String) throws(SystemCallFailed) {
        let zeroes = [UInt8](repeating: 0, count: 1 << 16)
        var done = 0
        while done < byteCount {
            let count = pwrite(descriptor, zeroes, min(zeroes.count, byteCount - done), done)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SystemCallFailed("write", errno, subject: path) }
            done += count
        }
        guard fsync(descriptor) == 0 else { throw SystemCallFailed("fsync", errno, subject: path) }
    }

    private static func syncFolder(of path: String) throws(SystemCallFailed) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemCallFailed("open", errno, subject: folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemCallFailed("fsync", errno, subject: folder) }
    }

    // MARK: Words

    /// Starts of the node since the file was made; nil if the word is damaged, as for all of them.
    var run: UInt64? { value(.run) }
    /// Number of the last row that may have been acknowledged.
    var mark: Int64? { value(.mark).map { Int64($0) } }
    /// Position before which everything is in `journal.sqlite`; a multiple of 8.
    var moved: Int? { value(.moved).map { Int($0) * 8 } }

    func setRun(_ run: UInt64) { set(.run, to: run) }
    func setMark(_ row: Int64) { set(.mark, to: UInt64(row)) }
    func setMoved(_ position: Int) { set(.moved, to: UInt64(position) / 8) }

    /// Whether positions have grown so far, after years of full load, that a new file should begin at 0 again.
    var isWornOut: Bool { moved.map { $0 > 1 << 50 } ?? false }

    /// Whether the machine was not started anew since the file was last written: then no page of it, or of another file, was lost.
    var isOfThisBoot: Bool { base.load(fromByteOffset: 104, as: UInt64.self) == Self.boot }

    func setBoot() { base.storeBytes(of: Self.boot, toByteOffset: 104, as: UInt64.self) }

    private static var boot: UInt64 { EventLogFile.bootId.withUnsafeBytes { Checksum.of($0, seed: 0) } }

    private func value(_ word: Word) -> UInt64? {
        let stored = pointer(word).pointee.load(ordering: .acquiring)
        let value = stored & (1 << Self.valueBits - 1)
        return stored == checked(value, word) ? value : nil
    }

    private func set(_ word: Word, to value: UInt64) {
        precondition(value < 1 << Self.valueBits)
        // One store: a kill finds the old value or the new one.
        pointer(word).pointee.store(checked(value, word), ordering: .releasing)
    }

    private func checked(_ value: UInt64, _ word: Word) -> UInt64 {
        value | Checksum.mixed(salt &+ UInt64(word.rawValue), value) << Self.valueBits
    }

    private func pointer(_ word: Word) -> UnsafeMutablePointer<Atomic<UInt64>> {
        (base + word.rawValue).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    // MARK: Power loss

    /// Waits until the disk has bytes of the rows.
    func sync(_ bytes: Range<Int>) throws(SystemCallFailed) {
        let start = (Self.recordsOffset + bytes.lowerBound) & ~4095
        try sync(from: start, byteCount: Self.recordsOffset + bytes.upperBound - start)
    }

    /// Waits until the disk has the header.
    func syncHeader() throws(SystemCallFailed) { try sync(from: 0, byteCount: Self.recordsOffset) }

    private func sync(from start: Int, byteCount: Int) throws(SystemCallFailed) {
        while msync(base + start, byteCount, MS_SYNC) != 0 {
            guard errno == EINTR else { throw SystemCallFailed("msync", errno, subject: path) }
        }
    }
}
