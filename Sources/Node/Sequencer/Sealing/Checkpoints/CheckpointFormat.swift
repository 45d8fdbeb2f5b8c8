import Engine
import Rollup

/// A checkpoint file: the state after a sealed block, as pages of 4096 bytes.
///
/// | offset | field |
/// | --- | --- |
/// | 0 | "MxCP", then format version u32 = 3 |
/// | 8 | deployment, 60 bytes (``DeploymentIdentity``), zero u32 |
/// | 72 | block header, 128 bytes |
/// | 200 | batches admitted since genesis, u64 |
/// | 208 | block of the checkpoint that this one builds on, u64; 0: none |
/// | 216 | state root of that one, 32 bytes; zero if none |
/// | 248 | pages of 4104 bytes, each at most once: page number (cell index / 64) u32, zero u32, 4096 bytes |
/// | end - 16 | pages, u64 |
/// | end - 8 | checksum of everything before it, u64 |
///
/// A file that builds on none is whole: pages left out are all zero. One that builds on another is an increment: pages left out are as they were there.
enum CheckpointFormat {
    static let magic: [UInt8] = Array("MxCP".utf8)
    static let version: UInt32 = 3
    static let pagesOffset = 248
    static let trailerBytes = 16
    static let pageBytes = 4096
    static let recordBytes = 8 + pageBytes
    static let pageCount = UInt32(Layout.arenaBytes / pageBytes)
    static let checksumSeed: UInt64 = 0x4D78_4350
    /// Ends the names of files that are not whole yet.
    static let temporarySuffix = ".tmp"
    /// Ends the names of files that recovery could not use.
    static let unusableSuffix = ".unusable"
}

/// What a checkpoint says of itself before its pages.
struct CheckpointHead: Equatable {
    /// The checkpoint that an increment builds on.
    struct Previous: Equatable {
        var block: UInt64
        var stateRoot: Hash256
    }

    var header: BlockHeader
    /// Batches admitted since genesis.
    var sequence: UInt64
    /// Nil: the file is whole.
    var previous: Previous?

    var name: CheckpointName { CheckpointName(block: header.number, previousBlock: previous?.block) }
    var asPrevious: Previous { Previous(block: header.number, stateRoot: header.stateRoot) }

    init(header: BlockHeader, sequence: UInt64, previous: Previous?) {
        self.header = header
        self.sequence = sequence
        self.previous = previous
    }

    /// Reads what ``bytes(deployment:)`` gives, from the offset of the block header on.
    init(loadingFrom file: UnsafeRawPointer) {
        header = BlockHeader(loadingFrom: file + 72)
        sequence = file.loadUnaligned(fromByteOffset: 200, as: UInt64.self)
        let block = file.loadUnaligned(fromByteOffset: 208, as: UInt64.self)
        previous = block == 0 ? nil : Previous(block: block, stateRoot: Hash256(loadingFrom: file + 216))
    }

    func bytes(deployment: DeploymentIdentity) -> [UInt8] {
        var bytes = CheckpointFormat.magic
        withUnsafeBytes(of: CheckpointFormat.version) { bytes.append(contentsOf: $0) }
        bytes += deployment.bytes + [0, 0, 0, 0] + header.bytes
        withUnsafeBytes(of: sequence) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: previous?.block ?? 0) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: previous?.stateRoot ?? .zero) { bytes.append(contentsOf: $0) }
        precondition(bytes.count == CheckpointFormat.pagesOffset)
        return bytes
    }
}

/// What the name of a checkpoint file says: `checkpoint-BLOCK` is whole, `increment-BLOCK-after-BLOCK` builds on another; blocks with 20 digits.
struct CheckpointName: Hashable {
    var block: UInt64
    /// Nil: the file is whole.
    var previousBlock: UInt64?

    init(block: UInt64, previousBlock: UInt64? = nil) {
        self.block = block
        self.previousBlock = previousBlock
    }

    init?(fileName: String) {
        let parts = fileName.split(separator: "-")
        switch (parts.count, parts.first) {
        case (2, "checkpoint"):
            guard let block = UInt64(parts[1]) else { return nil }
            self.init(block: block)
        case (4, "increment"):
            guard let block = UInt64(parts[1]), parts[2] == "after", let previous = UInt64(parts[3]), previous < block else { return nil }
            self.init(block: block, previousBlock: previous)
        default: return nil
        }
    }

    var fileName: String {
        guard let previousBlock else { return "checkpoint-" + Self.digits(block) }
        return "increment-" + Self.digits(block) + "-after-" + Self.digits(previousBlock)
    }

    private static func digits(_ block: UInt64) -> String {
        let digits = String(block)
        return String(repeating: "0", count: max(0, 20 - digits.count)) + digits
    }
}

/// A checkpoint file that is not used, and why.
struct CheckpointUnusable: Error, Equatable, CustomStringConvertible {
    enum Reason: Equatable {
        case tooShort(bytes: Int)
        case notACheckpoint
        case wrongLength(bytes: Int, pages: UInt64)
        case wrongChecksum(stored: UInt64, computed: UInt64)
        case wrongName(CheckpointName)
        case malformedPage(UInt32)
        case otherPrevious(expected: Hash256, found: Hash256)
        case wrongRoot(stored: Hash256, computed: Hash256)
    }

    var name: CheckpointName
    var reason: Reason

    var description: String {
        switch reason {
        case .tooShort(let bytes): "it has only \(bytes) bytes"
        case .notACheckpoint: "it does not begin like a checkpoint"
        case .wrongLength(let bytes, let pages): "it has \(bytes) bytes, which is wrong for \(pages) pages"
        case .wrongChecksum(let stored, let computed):
            "its checksum is \(String(computed, radix: 16)), stored is \(String(stored, radix: 16))"
        case .wrongName(let found): "it holds what \(found.fileName) should hold"
        case .malformedPage(let page): "page \(page) is out of range or there twice"
        case .otherPrevious(let expected, let found): "it builds on the state \(expected), but the file before it holds \(found)"
        case .wrongRoot(let stored, let computed): "its pages have the state root \(computed), its header says \(stored)"
        }
    }
}
