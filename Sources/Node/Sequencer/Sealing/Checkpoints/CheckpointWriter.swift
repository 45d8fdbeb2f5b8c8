import Glibc

/// A checkpoint file under construction: it gets its name only when all of it is on the disk, so that a crash at any instant leaves either none of that
/// name or a whole one. What is not published vanishes with the value. One thread at a time may use it.
final class CheckpointWriter {
    let head: CheckpointHead
    private let directory: String
    private let temporary: String
    private var file: BufferedFile
    /// Pages so far.
    private(set) var pages: UInt64 = 0
    private var isPublished = false

    init(_ head: CheckpointHead, directory: String, deployment: DeploymentIdentity) throws {
        self.head = head
        self.directory = directory
        temporary = directory + "/" + head.name.fileName + CheckpointFormat.temporarySuffix
        file = try BufferedFile(creating: temporary)
        try head.bytes(deployment: deployment).withUnsafeBytes { try file.append($0) }
    }

    deinit {
        if !isPublished { unlink(temporary) }
    }

    /// Bytes of the file so far.
    var byteCount: Int { CheckpointFormat.pagesOffset + Int(pages) * CheckpointFormat.recordBytes }

    /// Adds a page of 4096 bytes, once.
    func append(page: UInt32, _ bytes: UnsafeRawBufferPointer) throws {
        precondition(bytes.count == CheckpointFormat.pageBytes)
        try withUnsafeBytes(of: UInt64(page)) { try file.append($0) }
        try file.append(bytes)
        pages += 1
    }

    /// Completes the file and hands all of it to the kernel. No page may follow.
    func finish() throws {
        try withUnsafeBytes(of: pages) { try file.append($0) }
        try withUnsafeBytes(of: file.checksum.value) { try file.append($0) }
        try file.flush()
    }

    /// Waits for the disk and gives the finished file its name.
    func publish() throws {
        try file.synchronize()
        let path = directory + "/" + head.name.fileName
        guard rename(temporary, path) == 0 else { throw SystemCallFailed("rename", errno, subject: temporary) }
        isPublished = true
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemCallFailed("open", errno, subject: directory) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemCallFailed("fsync", errno, subject: directory) }
    }
}

/// A file under construction, written in large pieces, with a running checksum.
private struct BufferedFile: ~Copyable {
    private let descriptor: Int32
    private let path: String
    private var buffer: [UInt8] = []
    private(set) var checksum = RunningChecksum(seed: CheckpointFormat.checksumSeed)

    private static let bufferBytes = 1 << 18

    init(creating path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemCallFailed("open", errno, subject: path) }
        buffer.reserveCapacity(Self.bufferBytes + CheckpointFormat.recordBytes)
    }

    deinit { close(descriptor) }

    /// Appends a multiple of 8 bytes.
    mutating func append(_ bytes: UnsafeRawBufferPointer) throws {
        checksum.update(bytes)
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    /// Hands everything to the kernel.
    mutating func flush() throws {
        var written = 0
        while written < buffer.count {
            let count = buffer.withUnsafeBytes { bytes in
                Glibc.write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count < 0 {
                guard errno == EINTR else { throw SystemCallFailed("write", errno, subject: path) }
            } else {
                written += count
            }
        }
        buffer.removeAll(keepingCapacity: true)
    }

    /// Brings what the kernel has to the disk.
    func synchronize() throws {
        guard fsync(descriptor) == 0 else { throw SystemCallFailed("fsync", errno, subject: path) }
    }
}
