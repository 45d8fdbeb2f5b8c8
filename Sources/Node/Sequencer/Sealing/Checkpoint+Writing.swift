import Engine
import Foundation
import Proof
import Rollup

extension Checkpoint {
    /// Writes the state of `tree` after `header` so that a crash at any instant leaves either no file of that name or a whole one.
    static func write(directory: String, tree: StateTree, header: BlockHeader, sequence: UInt64, deployment: DeploymentIdentity) throws {
        let path = directory + "/" + fileName(block: header.number)
        let temporary = path + ".tmp"
        var file = try BufferedFile(creating: temporary)
        var pageCount: UInt64 = 0
        tree.forEachPage { _, _ in pageCount += 1 }
        var head = magic
        withUnsafeBytes(of: formatVersion) { head.append(contentsOf: $0) }
        head += deployment.bytes + [0, 0, 0, 0] + header.bytes
        withUnsafeBytes(of: sequence) { head.append(contentsOf: $0) }
        withUnsafeBytes(of: pageCount) { head.append(contentsOf: $0) }
        precondition(head.count == headerBytes)
        try head.withUnsafeBytes { try file.append($0) }
        try tree.forEachPage { page, bytes in
            try withUnsafeBytes(of: UInt64(page)) { try file.append($0) }
            try file.append(bytes)
        }
        try withUnsafeBytes(of: file.checksum.value) { try file.append($0) }
        try file.finish()
        guard rename(temporary, path) == 0 else { throw SystemCallFailed("rename", errno, subject: temporary) }
        try synchronize(directory: directory)
    }

    /// Removes all but the newest `count` checkpoints, and what a crash left half written.
    static func removeOld(directory: String, keeping count: Int) throws {
        for (_, path) in try list(directory).dropFirst(count) { unlink(path) }
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) where name.hasSuffix(".tmp") {
            unlink(directory + "/" + name)
        }
    }

    private static func synchronize(directory: String) throws {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemCallFailed("open", errno, subject: directory) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemCallFailed("fsync", errno, subject: directory) }
    }
}

/// A file under construction, written in large pieces, with a running checksum.
struct BufferedFile: ~Copyable {
    private let descriptor: Int32
    private let path: String
    private var buffer: [UInt8] = []
    private(set) var checksum = RunningChecksum(seed: Checkpoint.checksumSeed)

    private static let bufferBytes = 1 << 20

    init(creating path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemCallFailed("open", errno, subject: path) }
        buffer.reserveCapacity(Self.bufferBytes + Checkpoint.recordBytes)
    }

    deinit { close(descriptor) }

    /// Appends a multiple of 8 bytes.
    mutating func append(_ bytes: UnsafeRawBufferPointer) throws {
        checksum.update(bytes)
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    /// Brings everything to the disk.
    mutating func finish() throws {
        try flush()
        guard fsync(descriptor) == 0 else { throw SystemCallFailed("fsync", errno, subject: path) }
    }

    private mutating func flush() throws {
        var written = 0
        while written < buffer.count {
            let count = buffer.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
            if count < 0 {
                guard errno == EINTR else { throw SystemCallFailed("write", errno, subject: path) }
            } else {
                written += count
            }
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
