import Foundation
import Testing

@testable import Gateway

/// Ten thousand connections: all served, and memory as documented.
@Suite(.serialized) struct CrowdTests {
    /// Runs `Crowd` until `body` returns.
    static func withCrowd(_ rig: Rig, connections: Int, _ body: (_ served: () throws -> Int) throws -> Void) throws {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let executable = URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("Crowd")
        try #require(FileManager.default.isExecutableFile(atPath: executable.path), "no \(executable.path): build the package first")
        signal(SIGPIPE, SIG_IGN)
        let process = Process()
        let toCrowd = Pipe()
        let fromCrowd = Pipe()
        process.executableURL = executable
        process.arguments = [rig.url, Rig.certificate.certificatePath, "\(connections)"]
        process.standardInput = toCrowd
        process.standardOutput = fromCrowd
        try process.run()
        var isFirst = true
        try body {
            if !isFirst { try toCrowd.fileHandleForWriting.write(contentsOf: Data("\n".utf8)) }
            isFirst = false
            var line = Data()
            while let byte = try fromCrowd.fileHandleForReading.read(upToCount: 1), !byte.isEmpty, byte.first != 0x0A { line += byte }
            return Int(String(decoding: line, as: UTF8.self)) ?? 0
        }
        try toCrowd.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// Bytes of memory that this process has in use.
    static func residentBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    // The bounds leave room for what other tests of the process allocate meanwhile.
    @Test(arguments: [(false, 1, 10_000, 12 << 10), (true, 2, 2000, 48 << 10)])
    func servesThemAll(isSecure: Bool, threads: Int, connections: Int, bytesEachMax: Int) throws {
        let rig = try Rig(isSecure: isSecure, threads: threads) {
            $0.connectionsMax = connections
            $0.liftRates()
            // However slow the machine: nobody is to be dropped for silence.
            $0.pingIntervalMs = 600_000
            $0.idleTimeoutMs = 1_200_000
        }
        let before = try Self.residentBytes()
        try Self.withCrowd(rig, connections: connections) { served in
            #expect(try served() == connections)
            let each = (try Self.residentBytes() - before) / connections
            print("\(connections) connections, \(isSecure ? "wss" : "ws"): \(each) bytes each")
            #expect(each <= bytesEachMax)
            #expect(try served() == connections)
            // They are all there at once, and one more is told so.
            let full = "All \(connections) connections of this node are taken; try again later."
            #expect(throws: GatewayClientError.refused(WebSocketRefused(status: 503, text: full))) { _ = try rig.client() }
        }
        // And they have left nothing behind.
        let client = try rig.client()
        #expect(try client.submit([.place(lots: 1)], key: Rig.key()).results.count == 1)
    }

    @Test func refusesMoreConnectionsThanFiles() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let error = #expect(throws: GatewayError.self) { try DescriptorLimit.raise(to: Int(limit.rlim_max) + 1) }
        #expect(error?.description.contains("allows this process \(limit.rlim_max)") == true)
        #expect(throws: GatewayError.self) { _ = try Rig { $0.connectionsMax = 60_000 } }
    }
}
