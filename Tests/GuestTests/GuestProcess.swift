import Foundation
import Testing

/// The guest's transitions as a child process: `differential.elf` under qemu-riscv64, with a shared memory file for its arena.
final class GuestProcess {
    let arena: SharedArena
    private let process = Process()
    private let toGuest = Pipe()
    private let fromGuest = Pipe()

    /// The root of the package.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// `differential.elf`, built from the sources as they are now.
    static let program: Result<URL, any Error> = Result {
        let build = Process()
        build.executableURL = root.appendingPathComponent("Deploy/build-guest")
        build.standardOutput = FileHandle.nullDevice
        try build.run()
        build.waitUntilExit()
        try #require(build.terminationStatus == 0, "Deploy/build-guest failed")
        return root.appendingPathComponent(".build-guest/differential.elf")
    }

    init() throws {
        arena = try SharedArena()
        // Writing to a guest that has stopped must fail, not end the tests.
        signal(SIGPIPE, SIG_IGN)
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "exec qemu-riscv64 \"$0\" 3<>\"$1\"", try Self.program.get().path, arena.path]
        process.standardInput = toGuest
        process.standardOutput = fromGuest
        try process.run()
        try toGuest.fileHandleForReading.close()
        try fromGuest.fileHandleForWriting.close()
    }

    /// Sends one group of calls; false if the guest is gone.
    func send(_ calls: [UInt8]) -> Bool {
        withUnsafeBytes(of: UInt32(calls.count)) { write($0) } && calls.withUnsafeBytes { write($0) }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let descriptor = toGuest.fileHandleForWriting.fileDescriptor
        var done = 0
        while done < bytes.count {
            let count = Foundation.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    /// The next `count` bytes of answers; fewer if the guest stops, or says nothing for a minute.
    func receive(_ count: Int) -> [UInt8] {
        let descriptor = fromGuest.fileHandleForReading.fileDescriptor
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            while done < count {
                var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                let ready = poll(&entry, 1, 60_000)
                if ready < 0 && errno == EINTR { continue }
                guard ready > 0 else { return }
                let some = read(descriptor, buffer.baseAddress! + done, count - done)
                if some < 0 && errno == EINTR { continue }
                guard some > 0 else { return }
                done += some
            }
        }
    }

    /// Ends the guest's input, checks that it has nothing more to say, and gives its exit status.
    func finish() throws -> Int32 {
        #expect(send([]), "the guest has stopped before its end")
        try toGuest.fileHandleForWriting.close()
        #expect(receive(1).isEmpty, "the guest said more than the host expected")
        process.waitUntilExit()
        return process.terminationStatus
    }

    deinit {
        if process.isRunning { process.terminate() }
    }
}
