import ArgumentParser
import Foundation
import Testing

@testable import memexd

/// A file stands for options, and the command line prevails.
@Suite struct ConfigurationFileTests {
    private func arguments(_ text: String) throws -> [String] { try ConfigurationFile(path: "node.toml", text: text).arguments() }

    /// The file's text where a good configuration would stand, as `memexd run --config` takes it with more arguments.
    private func expanded(_ text: String, _ more: String...) throws -> [String] {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("memexd-\(UUID().uuidString).toml").path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        do { return try ConfigurationFile.expand(["run", "--config", path] + more) } catch let error as ConfigurationError {
            throw ConfigurationError(error.description.replacing(path, with: "node.toml"))
        }
    }

    private static let good = "data='d'\ndeployment='x'\nl1='http://a'\nsequencer-key='k'\ninsecure-ws=true\n"

    @Test func keysBecomeOptions() throws {
        let text = """
            listen = "0.0.0.0:443"
            block-interval-ms = 100   # a comment
            l1-poll-s = 0.5
            stats-json = true
            insecure-ws = false
            """
        #expect(try arguments(text) == ["--listen=0.0.0.0:443", "--block-interval-ms=100", "--l1-poll-s=0.5", "--stats-json"])
        #expect(try arguments("").isEmpty)
    }

    @Test(arguments: [
        ("listen = ", ["node.toml:1: "]), ("a = 1\na = 2", ["node.toml:2: "]),
        ("listen = [1]", ["node.toml:1: key \"listen\": it takes one string or number", "127.0.0.1:9443"]),
        ("\n[node]\nlisten = 'x'", ["node.toml:2: key \"node\": there is no such key"]),
        ("\r\nconfig = 'other.toml'", ["node.toml:2: key \"config\": a configuration cannot name another"]),
        ("listen = true", ["key \"listen\": it takes one string or number"]), ("insecure-ws = 'yes'", ["true or false"]),
    ]) func mistakesOfTheFormAreNamed(text: String, hints: [String]) {
        #expect { try arguments(text) } throws: { error in hints.allSatisfy { "\(error)".contains($0) } }
    }

    /// What is wrong, where, what is allowed, and an example: the value that counts without the key, or one in the option's help.
    @Test(arguments: [
        ("lisen = '127.0.0.1:1'", ["node.toml:6: key \"lisen\"", "Did you mean \"listen\"?", "no such key", "Deploy/memexd.toml"]),
        ("nonsense-of-mine = 3", ["node.toml:6: key \"nonsense-of-mine\": there is no such key"]),
        (
            "block-interval-ms = 'soon'",
            ["node.toml:6: key \"block-interval-ms\": it cannot be 'soon'. It takes a whole number", "(default: 250)"]
        ),
        ("# listen\n \"block-interval-ms\" = -1", ["node.toml:7: key \"block-interval-ms\": it cannot be '-1'"]),
        ("l1-poll-s = '1,5'", ["it cannot be '1,5'", "(default: 1.0)"]),
        ("durability = 'maybe'", ["node.toml:6: key \"durability\": it cannot be 'maybe'. What an", "(values: process, fsync;"]),
        ("listen = '9443'", ["node.toml:6: key \"listen\": takes host:port, for example 127.0.0.1:9443"]),
        ("gateway-threads = 0", ["node.toml:6: key \"gateway-threads\": must be 1 to 16, not 0"]),
        ("idle-block-interval-ms = 100", ["key \"idle-block-interval-ms\": 100 is below --block-interval-ms 250"]),
        ("block-interval-ms = 20000", ["key \"block-interval-ms\": --idle-block-interval-ms 10000 is below"]),
        ("certificate = 'c.pem'", ["node.toml:6: key \"certificate\": goes with --key"]),
    ]) func mistakesOfValuesAreNamed(line: String, hints: [String]) {
        #expect { try expanded(Self.good + line) } throws: { error in
            #expect(error is ConfigurationError && ExitStatus(error) == .badConfiguration)
            for hint in hints { #expect("\(error)".contains(hint), "\(hint) in: \(error)") }
            return true
        }
    }

    @Test func whatIsMissingIsNamed() {
        #expect { try expanded("data='d'\n") } throws: {
            "\($0)".hasPrefix("node.toml: key \"deployment\" is missing, and so is --deployment: Deployment file")
        }
    }

    /// The file is not blamed for what the command line says, nor when help is asked for.
    @Test func theCommandLinesMistakesAreItsOwn() throws {
        _ = try expanded(Self.good + "listen = '127.0.0.1:1'", "--lisen", "x")
        _ = try expanded(Self.good + "listen = '127.0.0.1:1'", "--listen", "x")
        _ = try expanded("data='d'", "--help")
        let arguments = try expanded(Self.good + "block-interval-ms = 'soon'", "--block-interval-ms=100")
        #expect(!arguments.contains { $0.contains("soon") }, "what the command line says prevails over a wrong value, too")
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
