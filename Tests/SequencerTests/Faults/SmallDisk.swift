import Foundation
import Testing

/// A disk of a few MiB in memory, mounted over a directory; only root can make one.
struct SmallDisk: ~Copyable {
    let path: String

    /// Whether this process may mount.
    static let isAvailable: Bool = {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("memex-mount-\(UUID().uuidString)").path
        guard geteuid() == 0, (try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)) != nil else {
            return false
        }
        defer { rmdir(path) }
        guard run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", path) == 0 else { return false }
        return run("umount", path) == 0
    }()

    /// Mounts over `path`, which must exist.
    init(over path: String, kibibytes: Int) throws {
        self.path = path
        try #require(Self.run("mount", "-t", "tmpfs", "-o", "size=\(kibibytes)k", "tmpfs", path) == 0)
    }

    deinit { _ = Self.run("umount", "-l", path) }

    /// Makes room without touching what is there.
    func grow(toKibibytes kibibytes: Int) throws {
        try #require(Self.run("mount", "-o", "remount,size=\(kibibytes)k", path) == 0)
    }

    private static func run(_ arguments: String...) -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return -1 }
        process.waitUntilExit()
        return process.terminationStatus
    }
}
