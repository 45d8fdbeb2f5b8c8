import CLinux
import Foundation

/// This same program run once more, as a server: so that load and server are separate processes.
///
/// Foundation's `Process` may be asked and signalled from any thread.
final class ChildProcess: @unchecked Sendable {
    private let process = Process()
    private let output = Pipe()
    /// The first line of its standard output: it is ready then.
    let readyLine: String

    /// Starts `memex-load ARGUMENTS` and waits for the line that says it is ready. Standard error is shared.
    init(_ arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        process.standardOutput = output
        try process.run()
        var line: [UInt8] = []
        while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { line.append(byte) }
        readyLine = String(decoding: line, as: UTF8.self)
        guard !readyLine.isEmpty else {
            process.waitUntilExit()
            throw LoadFailure("memex-load \(arguments.first ?? "") ended with status \(process.terminationStatus) before it was ready")
        }
    }

    deinit { if process.isRunning { end(with: SIGKILL) } }

    var identifier: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    /// Sends a signal and waits for the end. Returns the exit status.
    @discardableResult
    func end(with signal: Int32) -> Int32 {
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Processor time that the process has used so far, in seconds.
    var cpuSeconds: Double { cpuSecondsByThread.values.reduce(0, +) }

    /// The same by name of thread; threads that have ended are left out.
    var cpuSecondsByThread: [String: Double] { CPUTime.ofThreads(identifier) }

    /// Called by a child: ends with its parent, and says `line` on standard output.
    static func announce(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
}

/// Processor time, in seconds of one core.
enum CPUTime {
    /// Of the threads that a process has now, by name, as the kernel's scheduler counts it; none if the process is gone.
    static func ofThreads(_ identifier: Int32) -> [String: Double] {
        let folder = "/proc/\(identifier)/task/"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return threads.reduce(into: [:]) { seconds, thread in
            guard let name = try? String(contentsOfFile: folder + thread + "/comm", encoding: .utf8),
                let text = try? String(contentsOfFile: folder + thread + "/schedstat", encoding: .utf8),
                let nanoseconds = text.split(separator: " ").first.flatMap({ Double($0) })
            else { return }
            seconds[name.trimmingCharacters(in: .whitespacesAndNewlines), default: 0] += nanoseconds / 1e9
        }
    }

    /// Of the calling thread.
    static func ofThread() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
