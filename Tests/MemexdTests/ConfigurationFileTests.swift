import ArgumentParser
import Foundation
import Testing

@testable import memexd

/// A file stands for options, and the command line prevails.
@Suite struct ConfigurationFileTests {
    private func arguments(_ text: String) throws -> [String] { try ConfigurationFile(path: "node.toml", text: text).arguments }

    @Test func keysBecomeOptions() throws {
        let text = """
            listen = "0.0.0.0:443"
            block-interval-ms = 100   # a comment
            l1-poll-s = 0.5
            stats-json = true
            insecure-ws = false
            """
        #expect(try arguments(text) == ["--block-interval-ms=100", "--l1-poll-s=0.5", "--listen=0.0.0.0:443", "--stats-json"])
        #expect(try arguments("").isEmpty)
    }

    @Test(arguments: [
        ("listen = ", "node.toml, line 1"), ("a = 1\na = 2", "node.toml, line 2"), ("listen = [1]", "listen takes a string"),
        ("[node]\nlisten = 'x'", "node takes a string"), ("config = 'other.toml'", "cannot name another"),
    ]) func mistakesAreNamed(text: String, hint: String) {
        #expect { try arguments(text) } throws: { "\($0)".contains(hint) }
    }

    @Test func aMissingFileIsNamed() {
        #expect { try ConfigurationFile.expand(["run", "--config", "/nowhere.toml"]) } throws: { "\($0)".contains("/nowhere.toml") }
    }

    @Test func otherCommandLinesStayAsTheyAre() throws {
        for line in [[], ["--help"], ["run", "--help"], ["run", "--config"]] { #expect(try ConfigurationFile.expand(line) == line) }
    }

    /// The example that comes with the project: every key, those commented out too, is an option, with the default that it shows.
    @Test func theExampleHoldsWhatItSays() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let path = root.appendingPathComponent("Deploy/memexd.toml").path
        let command = try #require(try Memexd.parseAsRoot(ConfigurationFile.expand(["run", "--config", path])) as? Run)
        #expect(command.data == "local/data" && command.listen == "127.0.0.1:9443")
        let shown = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { line in
            line.hasPrefix("# ") && line.contains(" = ") ? line.dropFirst(2) : line
        }.joined(separator: "\n")
        let whole = try #require(try Memexd.parseAsRoot(["run"] + arguments(shown)) as? Run)
        #expect(whole.blockIntervalMs == command.blockIntervalMs && whole.idleBlockIntervalMs == command.idleBlockIntervalMs)
        #expect(whole.batchAgeMsMax == command.batchAgeMsMax && whole.checkpointIntervalS == command.checkpointIntervalS)
        #expect(whole.durability == command.durability && whole.confirmations == command.confirmations && whole.l1PollS == command.l1PollS)
        #expect(whole.gateway.limits == command.gateway.limits)
        #expect(whole.logLevel == command.logLevel && whole.statsJson == command.statsJson)
    }

    @Test func theCommandLinePrevails() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("memexd-\(UUID().uuidString).toml")
        let text = "data='d'\ndeployment='x'\nl1='http://a'\nsequencer-key='k'\ninsecure-ws=true\nlisten='127.0.0.1:1'\n"
        try text.write(to: folder, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: folder) }
        let expanded = try ConfigurationFile.expand(["run", "--config", folder.path, "--listen", "127.0.0.1:2"])
        let command = try #require(try Memexd.parseAsRoot(expanded) as? Run)
        #expect(command.listen == "127.0.0.1:2" && command.insecureWs)
    }
}
