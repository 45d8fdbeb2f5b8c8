import Foundation
import Gateway
import Sequencer
import Signing
import Testing

@testable import memexd

/// What memexd says and how it ends when it cannot start.
@Suite struct CommandLineTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("memexd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func memexd(_ arguments: [String]) throws -> (status: Int32, errors: String) {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("memexd")
        process.arguments = arguments
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    /// `run` with good files and an L1 that nobody serves, changed by `edit`.
    private func run(_ edit: (inout [String: String], inout [String]) throws -> Void = { _, _ in }) throws -> (
        status: Int32, errors: String
    ) {
        let key = PrivateKey.generate()
        let keyFile = folder.appendingPathComponent("key").path
        if !FileManager.default.fileExists(atPath: keyFile) { try KeyFile.write(key, to: keyFile) }
        let deployment = folder.appendingPathComponent("deployment.json").path
        let address = try KeyFile.read(keyFile).address
        let json =
            #"{"chainId": 1337, "rollup": "0x5FbDB2315678afecb367f032d93F642f64180aa3", "deployedAtBlock": 1, "sequencer": "\#(address)"}"#
        try json.write(toFile: deployment, atomically: true, encoding: .utf8)
        var options = [
            "--data": folder.appendingPathComponent("data").path, "--deployment": deployment, "--l1": "http://127.0.0.1:9",
            "--sequencer-key": keyFile, "--listen": "127.0.0.1:0",
        ]
        var flags = ["--insecure-ws"]
        try edit(&options, &flags)
        return try memexd(["run"] + options.flatMap { [$0.key, $0.value] } + flags)
    }

    @Test func anL1ThatDoesNotAnswerIs4() throws {
        let end = try run()
        #expect(end.status == 4)
        #expect(end.errors.contains("http://127.0.0.1:9"))
    }

    @Test func aMissingKeyIs2() throws {
        let end = try run { options, _ in options["--sequencer-key"] = "/nowhere/key" }
        #expect(end.status == 2)
        #expect(end.errors.contains("no key file at /nowhere/key"))
    }

    @Test func anotherKeyThanTheDeploymentsIs2() throws {
        let other = folder.appendingPathComponent("other").path
        try KeyFile.write(PrivateKey.generate(), to: other)
        let end = try run { options, _ in options["--sequencer-key"] = other }
        #expect(end.status == 2)
        #expect(end.errors.contains("but the deployment's sequencer is"))
    }

    @Test func aMissingDeploymentIs2() throws {
        let end = try run { options, _ in options["--deployment"] = "/nowhere/deployment.json" }
        #expect(end.status == 2)
        #expect(end.errors.contains("/nowhere/deployment.json"))
    }

    @Test(arguments: [
        ("--listen", "9443", "host:port"), ("--listen", "localhost:9443", "not a name"),
        ("--l1", "127.0.0.1:8545", "http://"), ("--durability", "maybe", "durability"),
        ("--block-interval-ms", "0", "must be 1 to"), ("--idle-block-interval-ms", "10", "below"),
        ("--checkpoint-interval-s", "\(UInt64.max)", "must be 1 to"), ("--stats-interval-s", "\(UInt64.max)", "must be 0 to"),
        ("--l1-poll-s", "inf", "86400 at most"), ("--output-mib-max", "\(Int.max)", "must be 4 to"),
        ("--address-connections-max", "0", "must be 1 to"), ("--data", "", "is empty"),
    ]) func badOptionsAre64(option: String, value: String, hint: String) throws {
        let end = try run { options, _ in options[option] = value }
        #expect(end.status == 64)
        #expect(end.errors.contains(hint), "\(end.errors)")
    }

    /// Before anything else, which may take minutes.
    @Test func filesForTLSThatAreNotUsableAre5() throws {
        func file(_ name: String) -> String { folder.appendingPathComponent(name).path }
        try SelfSignedCertificate.write(certificatePath: file("a.pem"), keyPath: file("a.key"))
        try SelfSignedCertificate.write(certificatePath: file("b.pem"), keyPath: file("b.key"))
        for (certificate, key, hint) in [
            ("a.pem", "b.key", "mismatch"), ("none.pem", "a.key", "none.pem"), ("a.pem", "a.pem", "private key"),
        ] {
            let end = try run { options, flags in
                (options["--certificate"], options["--key"], flags) = (file(certificate), file(key), [])
            }
            #expect(end.status == 5 && end.errors.contains(hint), "\(end)")
        }
    }

    /// Also what the documented statuses mean for a refusal of the system.
    @Test func whatTheSystemRefusesIsToldWithTheRemedy() {
        func check(_ errorNumber: Int32, _ status: memexd.ExitStatus, _ remedy: String) {
            let error = SystemCallFailed("open", errorNumber, subject: "/data/journal.tail")
            #expect(ExitStatus(error) == status && "\(error)".contains(remedy) && "\(error)".contains("/data/journal.tail"), "\(error)")
        }
        check(ENOSPC, .dataRefused, "free some space")
        check(EACCES, .dataRefused, "chown")
        check(EROFS, .dataRefused, "StateDirectory=")
        check(EMFILE, .failed, "LimitNOFILE=")
        check(ENOMEM, .failed, "MemoryMax=")
        check(EAGAIN, .failed, "TasksMax=")
    }

    @Test func aDirectoryThatCannotBeMadeIs3() throws {
        try Data().write(to: folder.appendingPathComponent("file"))
        let path = folder.appendingPathComponent("file/data").path
        let error = #expect(throws: CocoaError.self) { _ = try DataDirectory(creating: path) }
        #expect(error.map { ExitStatus($0) } == .dataRefused)
        #expect(error.map { ExitStatus.text($0) }?.contains("something that is no directory is in the way") == true)
    }

    @Test func tlsIsTheDefault() throws {
        let end = try run { _, flags in flags = [] }
        #expect(end.status == 64)
        #expect(end.errors.contains("--insecure-ws"))
    }

    @Test func theFirstReasonToEndCounts() async {
        let ending = Ending()
        ending.finish(because: RollupHalted())
        ending.finish(because: OtherChain(block: 3))
        await ending.wait()
        #expect(ending.reason is RollupHalted)
        #expect(ExitStatus(RollupHalted()) == .halted)
        #expect(ExitStatus(OtherChain(block: 3)) == .l1Unusable)
    }

    @Test func listenAddresses() {
        #expect(ListenAddress("127.0.0.1:9443")?.port == 9443)
        #expect(ListenAddress("localhost:0")?.host == "localhost")
        #expect(ListenAddress("[::1]:443")?.host == "::1")
        for bad in ["", ":1", "host", "host:", "host:65536", "::1:443", "host:-1", "[]:1"] { #expect(ListenAddress(bad) == nil, "\(bad)") }
    }
}
