import Engine
import Foundation
import Proof
import Rollup

/// The file in which a rebuilt state is kept:
///
/// | offset | field |
/// | --- | --- |
/// | 0 | "MxRB", format version u32 = 1 |
/// | 8 | chain id u64 |
/// | 16 | rollup contract, 20 bytes, zero u32 |
/// | 40 | batches applied u64 |
/// | 48 | header of the last block, 128 bytes (all zero at genesis) |
/// | 176 | pages that follow u64 |
/// | 184 | keccak-256 of the 184 bytes before |
/// | 216 | pages: number (cell index / 64) u32, zero u32, 4096 bytes, ascending; pages left out are zero |
///
/// Pages need no checksum: the state root over them must be the header's.
extension Rebuild {
    private static let magic: [UInt8] = Array("MxRB".utf8)
    private static let formatVersion: UInt32 = 2
    private static let headerBytes = 216
    private static let pageBytes = 4096
    private static let fileName = "rebuilt.state"

    /// Whether `directory` holds a rebuilt state.
    package static func exists(in directory: String) -> Bool {
        FileManager.default.fileExists(atPath: directory + "/" + fileName)
    }

    /// Writes the state into `directory`, which is made if needed; replaces a former one only when all is written.
    package func write(to directory: String, deployment: Deployment) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let path = directory + "/" + Self.fileName
        let temporary = path + ".new"
        guard FileManager.default.createFile(atPath: temporary, contents: nil), let file = FileHandle(forWritingAtPath: temporary) else {
            throw RebuildError.unusableCheckpoint(path: temporary, reason: "cannot create the file")
        }
        defer { try? file.close() }
        var pages: UInt64 = 0
        derivation.tree.forEachPage { _, _ in pages += 1 }
        var bytes = Data(Self.magic)
        Self.append(Self.formatVersion, to: &bytes)
        Self.append(deployment.chainId, to: &bytes)
        Self.append(deployment.rollup, to: &bytes)
        Self.append(UInt32(0), to: &bytes)
        Self.append(batchCount, to: &bytes)
        bytes.append(contentsOf: derivation.head?.bytes ?? [UInt8](repeating: 0, count: BlockHeader.byteCount))
        Self.append(pages, to: &bytes)
        Self.append(keccak256(Array(bytes)), to: &bytes)
        try derivation.tree.forEachPage { number, page in
            Self.append(UInt64(number), to: &bytes)
            bytes.append(contentsOf: page)
            if bytes.count > 1 << 22 {
                try file.write(contentsOf: bytes)
                bytes.removeAll(keepingCapacity: true)
            }
        }
        try file.write(contentsOf: bytes)
        try file.synchronize()
        guard rename(temporary, path) == 0 else {
            throw RebuildError.unusableCheckpoint(path: path, reason: String(cString: strerror(errno)))
        }
    }

    /// Reads what ``write(to:deployment:)`` wrote, for the same deployment. Throws ``RebuildError/unusableCheckpoint(path:reason:)``.
    package static func read(from directory: String, deployment: Deployment) throws -> Rebuild {
        let path = directory + "/" + fileName
        func unusable(_ reason: String) -> RebuildError { .unusableCheckpoint(path: path, reason: reason) }
        guard let data = try? Data(contentsOf: URL(filePath: path), options: .alwaysMapped) else { throw unusable("cannot read the file") }
        guard data.count >= headerBytes, data.starts(with: magic) else { throw unusable("it is no rebuilt state") }
        let hosted = try HostedExchange()
        let tree = try StateTree()
        let (batchCount, head) = try data.withUnsafeBytes { bytes in
            let version = bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
            guard version == formatVersion else { throw unusable("it has format \(version), this version reads \(formatVersion)") }
            let chainId = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            let rollup = bytes.loadUnaligned(fromByteOffset: 16, as: Address.self)
            guard chainId == deployment.chainId, rollup == deployment.rollup else {
                throw unusable(
                    "it belongs to rollup \(rollup) on chain \(chainId), not \(deployment.rollup) on chain \(deployment.chainId)")
            }
            guard
                Keccak256.hash(UnsafeRawBufferPointer(rebasing: bytes[..<184]))
                    == bytes.loadUnaligned(fromByteOffset: 184, as: Hash256.self)
            else { throw unusable("its first bytes are corrupted") }
            let pages = bytes.loadUnaligned(fromByteOffset: 176, as: UInt64.self)
            let (length, overflow) = pages.multipliedReportingOverflow(by: UInt64(8 + pageBytes))
            guard !overflow, UInt64(data.count - headerBytes) == length else { throw unusable("its length is wrong") }
            for position in 0..<Int(pages) {
                let offset = headerBytes + position * (8 + pageBytes)
                let number = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                guard number < UInt64(Layout.arenaBytes / pageBytes) else { throw unusable("page \(number) does not exist") }
                let page = UnsafeRawBufferPointer(rebasing: bytes[(offset + 8)..<(offset + 8 + pageBytes)])
                guard let base = page.baseAddress else { continue }
                (hosted.arenaBytes + Int(number) * pageBytes).copyMemory(from: base, byteCount: pageBytes)
                tree.load(page: UInt32(number), base)
            }
            let header = UnsafeRawBufferPointer(rebasing: bytes[48..<176])
            let head = header.allSatisfy { $0 == 0 } ? nil : header.baseAddress.map { BlockHeader(loadingFrom: $0) }
            return (bytes.loadUnaligned(fromByteOffset: 40, as: UInt64.self), head)
        }
        guard tree.root() == head?.stateRoot ?? StateTree.genesisRoot, hosted.exchange.header.blockNumber == head?.number ?? 0 else {
            throw unusable("its pages do not have the state root that it names")
        }
        let domain = SigningDomain(chainId: deployment.chainId, rollup: deployment.rollup)
        let derivation = Derivation(hosted: hosted, tree: tree, head: head, domain: domain)
        return Rebuild(derivation: derivation, batchCount: batchCount)
    }

    private static func append<Value: BitwiseCopyable>(_ value: Value, to data: inout Data) {
        withUnsafeBytes(of: value) { data.append(contentsOf: $0) }
    }
}
