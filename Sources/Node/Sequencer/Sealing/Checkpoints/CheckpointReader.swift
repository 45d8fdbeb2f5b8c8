import Engine
import Glibc
import Rollup

/// A checkpoint file whose checksum is right, mapped for reading.
final class CheckpointReader {
    let name: CheckpointName
    let head: CheckpointHead
    /// For each page, ascending by page: its number in the high half, the position of its record in the low half.
    private let index: [UInt64]
    private let file: MappedFile

    /// Maps and checks the file. Throws ``CheckpointUnusable``; ``StoreRefused`` if it is whole but of another format or deployment;
    /// ``SystemCallFailed`` if it cannot be read.
    init(_ name: CheckpointName, directory: String, deployment: DeploymentIdentity) throws {
        func unusable(_ reason: CheckpointUnusable.Reason) -> CheckpointUnusable { CheckpointUnusable(name: name, reason: reason) }
        let path = directory + "/" + name.fileName
        file = try MappedFile(path: path)
        self.name = name
        let bytes = file.bytes
        guard let base = bytes.baseAddress, bytes.count >= CheckpointFormat.pagesOffset + CheckpointFormat.trailerBytes,
            bytes.count % 8 == 0
        else { throw unusable(.tooShort(bytes: bytes.count)) }
        guard bytes.prefix(4).elementsEqual(CheckpointFormat.magic) else { throw unusable(.notACheckpoint) }
        let stored = bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self)
        var checksum = RunningChecksum(seed: CheckpointFormat.checksumSeed)
        checksum.update(UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - 8)]))
        guard checksum.value == stored else { throw unusable(.wrongChecksum(stored: stored, computed: checksum.value)) }

        // From here on the bytes are those that were written.
        let version = bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
        guard version == CheckpointFormat.version else {
            throw StoreRefused.unknownFormat(path: path, found: Int64(version), supported: Int64(CheckpointFormat.version))
        }
        let found = Array(bytes[8..<68])
        guard found == deployment.bytes else {
            throw StoreRefused.otherDeployment(
                path: path, found: DeploymentIdentity.describe(found), wanted: DeploymentIdentity.describe(deployment.bytes))
        }
        let pages = bytes.loadUnaligned(fromByteOffset: bytes.count - 16, as: UInt64.self)
        let room = bytes.count - CheckpointFormat.pagesOffset - CheckpointFormat.trailerBytes
        guard room % CheckpointFormat.recordBytes == 0, pages == UInt64(room / CheckpointFormat.recordBytes) else {
            throw unusable(.wrongLength(bytes: bytes.count, pages: pages))
        }
        head = CheckpointHead(loadingFrom: base)
        guard head.name == name else { throw unusable(.wrongName(head.name)) }
        var index = (0..<UInt64(pages)).map { position in
            let offset = CheckpointFormat.pagesOffset + Int(position) * CheckpointFormat.recordBytes
            return bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) << 32 | position
        }
        if !zip(index, index.dropFirst()).allSatisfy({ $0 < $1 }) { index.sort() }
        var last: UInt32?
        for key in index {
            let page = UInt32(key >> 32)
            guard page < CheckpointFormat.pageCount, page != last else { throw unusable(.malformedPage(page)) }
            last = page
        }
        self.index = index
    }

    /// Pages in the file.
    var count: Int { index.count }

    /// Number and bytes of the page at `position` in ascending order.
    subscript(position: Int) -> (page: UInt32, bytes: UnsafeRawBufferPointer) {
        let record = Int(UInt32(truncatingIfNeeded: index[position]))
        let start = CheckpointFormat.pagesOffset + record * CheckpointFormat.recordBytes + 8
        return (UInt32(index[position] >> 32), UnsafeRawBufferPointer(rebasing: file.bytes[start..<start + CheckpointFormat.pageBytes]))
    }

    /// Number of the page at `position` in ascending order.
    func page(at position: Int) -> UInt32 { UInt32(index[position] >> 32) }
}

/// A whole file, mapped for reading; an empty one has no bytes.
private struct MappedFile: ~Copyable {
    let bytes: UnsafeRawBufferPointer

    init(path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemCallFailed("open", errno, subject: path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SystemCallFailed("fstat", errno, subject: path) }
        guard status.st_size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let base = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let base, base != MAP_FAILED else { throw SystemCallFailed("mmap", errno, subject: path) }
        bytes = UnsafeRawBufferPointer(start: base, count: Int(status.st_size))
    }

    deinit {
        if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
    }
}
