import Foundation

/// A compressor of the system, to compare with.
struct Compressor {
    let name: String
    private let arguments: [String]

    static let zstd = Compressor(name: "zstd", arguments: ["zstd", "-19", "-q", "-c"])
    static let brotli = Compressor(name: "brotli", arguments: ["brotli", "-q", "11", "-w", "24", "-c"])

    /// The command if it is installed.
    var installed: Compressor? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") } ? self : nil
    }

    /// How many bytes it makes of these.
    func byteCount(of bytes: [UInt8]) throws -> Int {
        let path = FileManager.default.temporaryDirectory.appending(path: "memex-codec-\(UUID().uuidString)")
        try Data(bytes).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments + [path.path]
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0, !data.isEmpty else { throw CompressorFailed(name: name) }
        return data.count
    }
}

struct CompressorFailed: Error, CustomStringConvertible {
    let name: String
    var description: String { "\(name) is installed, but failed" }
}
