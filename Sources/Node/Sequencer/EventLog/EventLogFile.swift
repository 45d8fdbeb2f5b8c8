import CLinux
import Engine
import Glibc
import Synchronization

/// The file under an ``EventLog``, mapped into memory: what was written survives the end of the process, though not that of the machine.
///
/// | offset | field |
/// | --- | --- |
/// | 0 | "MxEvLog1" |
/// | 8 | format of the records, u64 |
/// | 16 | bytes for records, u64 |
/// | 24 | boot id of the machine, 40 bytes |
/// | 64 | deployment, 60 bytes, padded to 64 |
/// | 128 | stream position after which everything was written here, u64 |
/// | 136 | salt of the records' checks, u64 |
/// | 144 | checksum over all before, u64 |
/// | 256 | position behind the last record that is whole, u64 |
/// | 384 | position up to which the writer may be writing, u64 |
/// | 4096 | for each segment of the records the position of the first that begins in it, u64 each |
/// | then, at a multiple of 4096 | the records |
struct EventLogFile: ~Copyable {
    /// Segments that the records are divided into, at most; each has at least 64 bytes.
    private static let segmentsMax = 4096
    private static let saltOffset = 136
    private static let checkedBytes = 144

    let descriptor: Int32
    let capacity: Int
    let segmentCount: Int
    /// Where the records begin in the file.
    let recordsOffset: Int
    private let mapping: UnsafeMutableRawPointer
    private let mappedBytes: Int
    private let identity: [UInt8]

    var records: UnsafeMutableRawPointer { mapping + recordsOffset }
    /// Positions where a record begins, by segment modulo `segmentCount`; may be out of date.
    var boundaries: UnsafeMutablePointer<Int> { (mapping + 4096).assumingMemoryBound(to: Int.self) }
    var published: UnsafeMutablePointer<Atomic<Int>> { (mapping + 256).assumingMemoryBound(to: Atomic<Int>.self) }
    var announced: UnsafeMutablePointer<Atomic<Int>> { (mapping + 384).assumingMemoryBound(to: Atomic<Int>.self) }
    var startPosition: StreamPosition { StreamPosition(rawValue: mapping.load(fromByteOffset: 128, as: UInt64.self)) }

    /// What the checks of the records are made with (``RecordCheck``).
    var salt: UInt64 { mapping.load(fromByteOffset: Self.saltOffset, as: UInt64.self) }

    /// Opens or creates `path`; nil: memory without a name. The blocks on disk are taken at once, so that a full disk shows here and nowhere later.
    init(path: String?, capacity: Int, deployment: DeploymentIdentity) throws(SystemCallFailed) {
        precondition(capacity >= 4096 && capacity & (capacity - 1) == 0, "capacity \(capacity) is not a power of two from 4096")
        let segmentCount = min(Self.segmentsMax, capacity / 64)
        let recordsOffset = 4096 + (segmentCount * 8 + 4095) & ~4095
        // Everything that can fail comes before the first property: a release build of Swift 6.3 destroys those of a non-copyable value that were never set.
        let opened = try Self.map(path: path, byteCount: recordsOffset + capacity)
        descriptor = opened.descriptor
        mapping = opened.mapping
        mappedBytes = recordsOffset + capacity
        self.capacity = capacity
        self.segmentCount = segmentCount
        self.recordsOffset = recordsOffset
        identity = Self.identity(capacity: capacity, deployment: deployment)
    }

    private static func map(
        path: String?, byteCount: Int
    ) throws(SystemCallFailed) -> (descriptor: Int32, mapping: UnsafeMutableRawPointer) {
        let subject = path ?? "events"
        let descriptor = path.map { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o600) } ?? linux_memory_file("events")
        guard descriptor >= 0 else { throw SystemCallFailed("open", errno, subject: subject) }
        var status = stat()
        var failure = fstat(descriptor, &status) == 0 ? 0 : errno
        if failure == 0, Int(status.st_size) != byteCount {
            // Of another capacity, or new: zeroes throughout, which is no log.
            failure = ftruncate(descriptor, 0) == 0 && ftruncate(descriptor, byteCount) == 0 ? 0 : errno
        }
        if failure == 0, path != nil { failure = posix_fallocate(descriptor, 0, byteCount) }
        let mapping = failure == 0 ? mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0) : MAP_FAILED
        guard let mapping, mapping != MAP_FAILED else {
            let code = failure == 0 ? errno : failure
            close(descriptor)
            throw SystemCallFailed(failure == 0 ? "mmap" : "allocate", code, subject: subject)
        }
        return (descriptor, mapping)
    }

    deinit {
        munmap(mapping, mappedBytes)
        close(descriptor)
    }

    /// Why the file cannot be continued, as far as its header tells; nil if it was written by this format, for this deployment, since the machine was started.
    var flaw: Flaw? {
        let header = UnsafeRawBufferPointer(start: mapping, count: Self.checkedBytes)
        func differs(_ range: Range<Int>) -> Bool { !header[range].elementsEqual(identity[range]) }
        if !header.contains(where: { $0 != 0 }) { return .empty }
        if differs(0..<8) { return .foreign }
        if differs(8..<16) { return .otherFormat(header.load(fromByteOffset: 8, as: UInt64.self)) }
        guard mapping.load(fromByteOffset: Self.checkedBytes, as: UInt64.self) == Checksum.of(header, seed: 0) else {
            return .damaged("its header has another checksum")
        }
        if differs(24..<64) { return .restarted }
        return differs(0..<128) ? .otherDeployment : nil
    }

    /// Makes the file an empty log for everything after `startPosition`. Whoever reads it must have been told before.
    func reset(startPosition: StreamPosition) {
        // While it is half done, it is no log.
        mapping.storeBytes(of: 0, as: UInt64.self)
        atomicMemoryFence(ordering: .releasing)
        published.initialize(to: Atomic(0))
        announced.initialize(to: Atomic(0))
        (mapping + 4096).initializeMemory(as: UInt8.self, repeating: 0, count: recordsOffset - 4096)
        mapping.storeBytes(of: startPosition.rawValue, toByteOffset: 128, as: UInt64.self)
        let salt = UInt64.random(in: 0...(.max))
        mapping.storeBytes(of: salt, toByteOffset: Self.saltOffset, as: UInt64.self)
        identity.withUnsafeBytes { (mapping + 8).copyMemory(from: $0.baseAddress.unsafelyUnwrapped + 8, byteCount: $0.count - 8) }
        let header = identity + [startPosition.rawValue, salt].flatMap { withUnsafeBytes(of: $0) { Array($0) } }
        mapping.storeBytes(of: header.withUnsafeBytes { Checksum.of($0, seed: 0) }, toByteOffset: Self.checkedBytes, as: UInt64.self)
        atomicMemoryFence(ordering: .releasing)
        identity.withUnsafeBytes { mapping.copyMemory(from: $0.baseAddress.unsafelyUnwrapped, byteCount: 8) }
    }

    /// Copies bytes of the records, in a way that may race with the writer: the kernel does it. They must not cross the end of the memory.
    func copy(from position: Int, _ room: UnsafeMutableRawBufferPointer) -> Bool {
        var done = 0
        let start = recordsOffset + position & (capacity - 1)
        while done < room.count {
            let count = pread(descriptor, room.baseAddress.map { $0 + done }, room.count - done, start + done)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    /// The first 128 bytes of the file.
    private static func identity(capacity: Int, deployment: DeploymentIdentity) -> [UInt8] {
        var bytes = Array("MxEvLog1".utf8)
        for value in [ResultLayout.formatVersion, UInt64(capacity)] { withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) } }
        for (part, byteCount) in [(bootId, 40), (deployment.bytes, 64)] {
            bytes += part.prefix(byteCount) + [UInt8](repeating: 0, count: byteCount - min(byteCount, part.count))
        }
        return bytes
    }

    /// What tells this start of the machine from all others: pages that were not written back are lost with it.
    static var bootId: [UInt8] {
        var bytes = (0..<36).map { _ in UInt8.random(in: 0...255) }
        let file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return bytes }
        defer { close(file) }
        // Where it cannot be read, no log is ever continued.
        _ = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
        return bytes
    }
}
