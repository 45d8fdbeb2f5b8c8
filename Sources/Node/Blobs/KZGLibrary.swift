import Foundation

/// c-kzg's shared library with its trusted setup. The declarations follow its headers (`src/eip4844/eip4844.h`, `src/eip7594/eip7594.h`, `src/setup/setup.h`,
/// `src/common/ret.h`, version 2.1); it stays loaded until the process ends.
struct KZGLibrary: @unchecked Sendable {
    typealias LoadSetup = @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<FILE>?, UInt64) -> Int32
    /// Out: 48 bytes. In: a blob, settings.
    typealias BlobToCommitment = @convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer?, UnsafeRawPointer?) -> Int32
    /// Out: 128 cells of 2048 bytes or nil, 128 proofs of 48 bytes. In: a blob, settings.
    typealias ComputeCellsAndProofs =
        @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, UnsafeRawPointer?, UnsafeRawPointer?) -> Int32

    /// `C_KZG_RET`.
    static let ok: Int32 = 0
    static let badArguments: Int32 = 1

    /// `KZGSettings` has eight pointers and two sizes. Another version may have more: room for them, and a pattern that tells if it was not enough.
    private static let settingsBytes = 80
    private static let roomBytes = 4096
    private static let pattern: UInt8 = 0xA5

    /// Only read once they are loaded.
    let settings: UnsafeRawPointer
    let blobToCommitment: BlobToCommitment
    let computeCellsAndProofs: ComputeCellsAndProofs

    /// Loads the library and the setup. Throws ``KZGError``.
    init(path: String, setupPath: String, precompute: UInt64) throws(KZGError) {
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw .cannotLoad(path: path, reason: dlerror().map { String(cString: $0) } ?? "no reason given")
        }
        func symbol<Function>(_ name: String, as type: Function.Type) throws(KZGError) -> Function {
            guard let address = dlsym(handle, name) else { throw .otherLibrary(path: path, reason: "it has no function \(name)") }
            return unsafeBitCast(address, to: type)
        }
        blobToCommitment = try symbol("blob_to_kzg_commitment", as: BlobToCommitment.self)
        computeCellsAndProofs = try symbol("compute_cells_and_kzg_proofs", as: ComputeCellsAndProofs.self)
        let loadSetup = try symbol("load_trusted_setup_file", as: LoadSetup.self)

        guard let file = fopen(setupPath, "r") else { throw .badSetup(path: setupPath, reason: String(cString: strerror(errno))) }
        defer { fclose(file) }
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.roomBytes, alignment: 64)
        for index in room.indices { room[index] = Self.pattern }
        guard loadSetup(room.baseAddress, file, precompute) == Self.ok, let base = room.baseAddress else {
            room.deallocate()
            throw .badSetup(path: setupPath, reason: "c-kzg cannot read it")
        }
        guard room[Self.settingsBytes...].allSatisfy({ $0 == Self.pattern }) else {
            throw .otherLibrary(path: path, reason: "its settings take more than \(Self.settingsBytes) bytes")
        }
        settings = UnsafeRawPointer(base)
    }
}
