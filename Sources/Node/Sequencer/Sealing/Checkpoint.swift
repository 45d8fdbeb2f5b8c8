import Engine
import Foundation
import Proof
import Rollup

/// A file with the whole state after a sealed block.
///
/// | offset | field |
/// | --- | --- |
/// | 0 | "MxCP", then format version u32 = 1 |
/// | 8 | deployment, 60 bytes (``DeploymentIdentity``), zero u32 |
/// | 72 | block header, 128 bytes |
/// | 200 | batches admitted since genesis, u64 |
/// | 208 | pages that follow, u64 |
/// | 216 | pages of 4104 bytes, ascending: page number (cell index / 64) u32, zero u32, 4096 bytes; pages left out are all zero |
/// | end - 8 | checksum of everything before it, u64 |
enum Checkpoint {
    static let magic: [UInt8] = Array("MxCP".utf8)
    static let formatVersion: UInt32 = 1
    static let headerBytes = 216
    static let pageBytes = 4096
    static let recordBytes = 8 + pageBytes
    static let checksumSeed: UInt64 = 0x4D78_4350

    static func fileName(block: UInt64) -> String {
        let digits = String(block)
        return "checkpoint-" + String(repeating: "0", count: max(0, 20 - digits.count)) + digits
    }

    /// Paths of the checkpoints in `directory` with their block numbers, newest first.
    static func list(_ directory: String) throws -> [(block: UInt64, path: String)] {
        try FileManager.default.contentsOfDirectory(atPath: directory).compactMap { name in
            guard name.hasPrefix("checkpoint-"), let block = UInt64(name.dropFirst("checkpoint-".count)) else { return nil }
            return (block, directory + "/" + name)
        }.sorted { $0.block > $1.block }
    }
}

/// Why a checkpoint file is not used.
enum CheckpointUnusable: Error, Equatable, CustomStringConvertible {
    case tooShort(bytes: Int)
    case notACheckpoint
    case unknownFormat(UInt32)
    case otherDeployment(String)
    case wrongLength(expected: Int, actual: Int)
    case wrongChecksum(stored: UInt64, computed: UInt64)
    case malformedPage(position: Int)
    case wrongRoot(stored: Hash256, computed: Hash256)

    var description: String {
        switch self {
        case .tooShort(let bytes): "it has only \(bytes) bytes"
        case .notACheckpoint: "it does not begin like a checkpoint"
        case .unknownFormat(let version): "it has format \(version), this version reads format \(Checkpoint.formatVersion)"
        case .otherDeployment(let found): "it belongs to another deployment: \(found)"
        case .wrongLength(let expected, let actual): "it has \(actual) bytes instead of \(expected)"
        case .wrongChecksum(let stored, let computed):
            "its checksum is \(String(computed, radix: 16)), stored is \(String(stored, radix: 16))"
        case .malformedPage(let position): "page record \(position) is out of order or range"
        case .wrongRoot(let stored, let computed): "its pages have the state root \(computed), its header says \(stored)"
        }
    }
}
