import Engine
import Foundation
import Proof
import Rollup

extension Checkpoint {
    struct Loaded {
        let header: BlockHeader
        let sequence: UInt64
    }

    /// Loads the file at `path` into a fresh exchange and a fresh tree. Nothing is loaded unless the checksum is right; throws ``CheckpointUnusable`` or
    /// ``SystemCallFailed``, after which exchange and tree must not be used.
    static func load(path: String, deployment: DeploymentIdentity, into hosted: HostedExchange, _ tree: StateTree) throws -> Loaded {
        let file = try MappedFile(path: path)
        let bytes = file.bytes
        guard bytes.count >= headerBytes + 8 else { throw CheckpointUnusable.tooShort(bytes: bytes.count) }
        guard bytes.prefix(4).elementsEqual(magic) else { throw CheckpointUnusable.notACheckpoint }
        let version = bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
        guard version == formatVersion else { throw CheckpointUnusable.unknownFormat(version) }
        let pageCount = bytes.loadUnaligned(fromByteOffset: 208, as: UInt64.self)
        guard pageCount <= UInt64(Layout.arenaBytes / pageBytes) else { throw CheckpointUnusable.malformedPage(position: 0) }
        let expected = headerBytes + Int(pageCount) * recordBytes + 8
        guard bytes.count == expected else { throw CheckpointUnusable.wrongLength(expected: expected, actual: bytes.count) }
        let stored = bytes.loadUnaligned(fromByteOffset: expected - 8, as: UInt64.self)
        var checksum = RunningChecksum(seed: checksumSeed)
        checksum.update(UnsafeRawBufferPointer(rebasing: bytes[..<(expected - 8)]))
        guard checksum.value == stored else { throw CheckpointUnusable.wrongChecksum(stored: stored, computed: checksum.value) }
        let found = Array(bytes[8..<68])
        guard found == deployment.bytes else { throw CheckpointUnusable.otherDeployment(DeploymentIdentity.describe(found)) }

        guard let base = bytes.baseAddress else { throw CheckpointUnusable.tooShort(bytes: 0) }
        let header = BlockHeader(loadingFrom: base + 72)
        var next: UInt64 = 0
        for position in 0..<Int(pageCount) {
            let record = base + headerBytes + position * recordBytes
            let page = record.loadUnaligned(as: UInt64.self)
            guard page >= next, page < UInt64(Layout.arenaBytes / pageBytes) else {
                throw CheckpointUnusable.malformedPage(position: position)
            }
            next = page + 1
            tree.load(page: UInt32(page), record + 8)
            (hosted.arenaBytes + Int(page) * pageBytes).copyMemory(from: record + 8, byteCount: pageBytes)
        }
        let root = tree.root()
        tree.joinPages()
        guard root == header.stateRoot else { throw CheckpointUnusable.wrongRoot(stored: header.stateRoot, computed: root) }
        return Loaded(header: header, sequence: bytes.loadUnaligned(fromByteOffset: 200, as: UInt64.self))
    }
}

/// A whole file, mapped for reading.
private struct MappedFile: ~Copyable {
    let bytes: UnsafeRawBufferPointer

    init(path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemCallFailed("open", errno, subject: path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SystemCallFailed("fstat", errno, subject: path) }
        guard status.st_size > 0 else { throw CheckpointUnusable.tooShort(bytes: 0) }
        let base = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let base, base != MAP_FAILED else { throw SystemCallFailed("mmap", errno, subject: path) }
        bytes = UnsafeRawBufferPointer(start: base, count: Int(status.st_size))
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
}
