import Engine
import Foundation
import Testing

@testable import Sequencer

/// A `CrashNode` child process and the pipes to it.
final class CrashedNode {
    let process = Process()
    private let toChild = Pipe()
    private let fromChild = Pipe()
    /// A file: nobody reads it while the child runs.
    private let errorsPath = FileManager.default.temporaryDirectory.appendingPathComponent("crashed-\(UUID().uuidString).log").path

    struct Answer: Equatable {
        var sequence: UInt64
        var block: UInt64
        var nonce: UInt64
        var position: UInt32
        var code: UInt16
        /// What kind of frame it is: `Note` of CrashNode.
        var note: UInt16 = 0

        func without(note: UInt16) -> Answer {
            var answer = self
            if answer.note == note { answer.note = 0 }
            return answer
        }
    }

    init(directory: String, durability: Durability = .process, eventLogBytes: Int = 1 << 20) throws {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let executable = URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("CrashNode")
        try #require(FileManager.default.isExecutableFile(atPath: executable.path), "no \(executable.path): build the package first")
        // Writing to a child that was killed must fail, not end the tests.
        signal(SIGPIPE, SIG_IGN)
        process.executableURL = executable
        process.arguments = [directory, durability.rawValue, "\(eventLogBytes)"]
        process.standardInput = toChild
        process.standardOutput = fromChild
        _ = FileManager.default.createFile(atPath: errorsPath, contents: nil)
        process.standardError = FileHandle(forWritingAtPath: errorsPath)
        try process.run()
        try fromChild.fileHandleForWriting.close()
        try toChild.fileHandleForReading.close()
    }

    /// Sends a frame; false if the child is gone.
    func send(kind: UInt8, _ content: [UInt8]) -> Bool {
        var frame = withUnsafeBytes(of: UInt32(content.count)) { Array($0) }
        frame.append(kind)
        frame += content
        var done = 0
        let descriptor = toChild.fileHandleForWriting.fileDescriptor
        while done < frame.count {
            let count = frame.withUnsafeBytes { write(descriptor, $0.baseAddress! + done, frame.count - done) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    /// Sends messages of L1, of which the first are listings and deposits for all traders.
    func sendInbox(_ range: Range<Int> = 0..<TestMarket.inbox.count) {
        let messages = CrashInbox.messages(range).flatMap { message in withUnsafeBytes(of: message) { Array($0) } }
        _ = send(kind: 2, withUnsafeBytes(of: UInt64(range.lowerBound)) { Array($0) } + messages)
    }

    /// The next answer, waiting for it; nil when the child is gone.
    func nextAnswer() -> Answer? {
        var bytes = [UInt8](repeating: 0, count: 32)
        var done = 0
        let descriptor = fromChild.fileHandleForReading.fileDescriptor
        while done < 32 {
            let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + done, 32 - done) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return nil }
            done += count
        }
        return Answer(
            sequence: bytes.integer(at: 0), block: bytes.integer(at: 8), nonce: bytes.integer(at: 16), position: bytes.integer(at: 24),
            code: bytes.integer(at: 28),
            note: bytes.integer(at: 30))
    }

    /// What the child said on stderr so far.
    var errors: String { (try? String(contentsOfFile: errorsPath, encoding: .utf8)) ?? "" }

    func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }

    /// Closes stdin, which asks for a graceful end.
    func finish() throws { try toChild.fileHandleForWriting.close() }

    /// Waits for the end and returns the exit status and what the child said on stderr.
    func wait() -> (status: Int32, errors: String) {
        process.waitUntilExit()
        defer { unlink(errorsPath) }
        return (process.terminationStatus, errors)
    }
}
