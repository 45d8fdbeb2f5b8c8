import Foundation
import Testing

@testable import Blobs

@Suite struct KZGLibraryTests {
    private static let folder = FileManager.default.temporaryDirectory.appending(path: "memex-kzg-\(UUID().uuidString)")

    @Test func `a library that is missing, is none, or is another one says what to do`() throws {
        func message(_ path: String) -> String {
            do {
                _ = try KZG.load(path)
                return "loaded"
            } catch { return error.description }
        }
        #expect(message("/nowhere/libckzg.so").contains("cannot load") && message("/nowhere/libckzg.so").contains("Deploy/setup"))
        #expect(message("/etc/hostname").contains("cannot load"))
        let other = message("libc.so.6")
        #expect(other.contains("has no function blob_to_kzg_commitment") && other.contains("Deploy/setup"))
        #expect(KZGError.notFound.description.contains("MEMEX_KZG_LIBRARY"))
    }

    @Test(.enabled(if: KZGLibraryPath.find() != nil, "run Deploy/setup first"))
    func `a library without a sound trusted setup beside it is refused`() throws {
        let library = try #require(KZGLibraryPath.find())
        try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: Self.folder) }
        let copy = Self.folder.appending(path: "libckzg.so").path
        try FileManager.default.copyItem(atPath: URL(filePath: library).resolvingSymlinksInPath().path, toPath: copy)
        let setup = Self.folder.appending(path: "kzg_trusted_setup.txt").path
        #expect(throws: KZGError.badSetup(path: setup, reason: "No such file or directory")) { try KZG.load(copy) }
        try Data("4096\n65\n0102".utf8).write(to: URL(filePath: setup))
        #expect(throws: KZGError.badSetup(path: setup, reason: "c-kzg cannot read it")) { try KZG.load(copy) }
    }
}

@Suite(.enabled(if: KZGLibraryPath.find() != nil, "run Deploy/setup first")) struct KZGTests {
    @Test func `a field element that is not below the modulus makes no blob`() throws {
        let kzg = try KZG.load()
        var blob = BlobLayout.blob(carrying: [1])
        blob[0] = 0x74
        #expect(throws: KZGError.badBlob) { try kzg.commitment(to: blob) }
        #expect(throws: KZGError.badBlob) { try kzg.sidecar(of: blob) }
        #expect(try kzg.versionedHash(of: blob) == nil && kzg.versionedHash(of: [1]) == nil)
        // A first byte that the layout never writes, and still a blob.
        blob[0] = 0x73
        #expect(try kzg.versionedHash(of: blob) != nil)
    }

    @Test func `many threads use the one that is loaded`() async throws {
        let blob = BlobLayout.blob(carrying: [1, 2, 3])
        let expected = try KZG.load().versionedHash(of: blob)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 { group.addTask { try KZG.load().versionedHash(of: blob) == expected } }
            for try await same in group { #expect(same) }
        }
    }
}
