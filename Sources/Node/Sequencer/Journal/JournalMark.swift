import Glibc

/// The last row that was committed, kept beside the journal in a mapped file of its own: 8 bytes "MxMK0002", then the row in the low 48 bits of a
/// word and a check in the others.
///
/// SQLite takes a damaged end of its write-ahead log for one that was never written, and drops it without a word. The mark tells the two apart: it is
/// set after the commit and before anything of the row is acknowledged, so a journal that ends before it has lost something. It survives
/// kill -9, since the kernel has the page, and costs one store. One thread at a time may use it.
final class JournalMark {
    private let word: UnsafeMutablePointer<UInt64>
    private let base: UnsafeMutableRawPointer
    private static let magic = UInt64(bigEndian: 0x4D78_4D4B_3030_3032)
    private static let byteCount = 16
    private static let rowBits: UInt64 = 48

    /// Opens or creates the file at `path`. Throws ``SystemCallFailed`` if it cannot be used.
    init(path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemCallFailed("open", errno, subject: path) }
        defer { close(descriptor) }
        // Takes the room now: on a full disk a store to a page that has none would end the process.
        let code = posix_fallocate(descriptor, 0, off_t(Self.byteCount))
        guard code == 0 else { throw SystemCallFailed("posix_fallocate", code, subject: path) }
        let base = mmap(nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let base, base != MAP_FAILED else { throw SystemCallFailed("mmap", errno, subject: path) }
        self.base = base
        word = (base + 8).assumingMemoryBound(to: UInt64.self)
    }

    deinit { munmap(base, Self.byteCount) }

    /// The last row; nil if the file is new or damaged.
    var row: Int64? {
        get {
            let row = word.pointee & (1 << Self.rowBits - 1)
            guard base.load(as: UInt64.self) == Self.magic, word.pointee == Self.checked(row) else { return nil }
            return Int64(row)
        }
        set {
            base.storeBytes(of: Self.magic, as: UInt64.self)
            // One store: a kill finds the old row or the new one.
            word.pointee = Self.checked(UInt64(bitPattern: newValue ?? 0))
        }
    }

    private static func checked(_ row: UInt64) -> UInt64 { row | Checksum.mixed(magic, row) << rowBits }
}
