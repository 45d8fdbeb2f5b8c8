import ArgumentParser
import Foundation
import TOMLKit

/// A TOML file whose keys are the long names of options: `listen = "0.0.0.0:443"` stands for `--listen 0.0.0.0:443`.
///
/// What it says comes before the arguments of the command line, so that those prevail. There is one list of options, the one of
/// `memexd run --help`, and one check of their values.
struct ConfigurationFile {
    static let option = "--config"

    let path: String
    /// The file's content as arguments.
    let arguments: [String]

    /// Reads the file at `path`. Throws `ValidationError` with the reason in words.
    init(path: String) throws {
        let text: String
        do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw ValidationError("cannot read the configuration \(path): \(error.localizedDescription)")
        }
        try self.init(path: path, text: text)
    }

    init(path: String, text: String) throws {
        self.path = path
        let table: TOMLTable
        do { table = try TOMLTable(string: text) } catch let error as TOMLParseError {
            throw ValidationError("\(path), line \(error.source.begin.line): \(error.description)")
        }
        arguments = try table.keys.sorted().flatMap { try Self.arguments(key: $0, value: table[$0], path: path) }
    }

    private static func arguments(key: String, value: TOMLValueConvertible?, path: String) throws -> [String] {
        guard "--" + key != option else { throw ValidationError("\(path): a configuration cannot name another one") }
        if let flag = value?.bool { return flag ? ["--" + key] : [] }
        if let text = value?.string { return ["--\(key)=\(text)"] }
        if let number = value?.int { return ["--\(key)=\(number)"] }
        if let number = value?.double { return ["--\(key)=\(number)"] }
        throw ValidationError("\(path): \(key) takes a string, a number, true or false; memexd run --help has the list of keys")
    }

    /// The arguments of a command line with the file that it names, if any, put in front of its options.
    static func expand(_ commandLine: [String]) throws -> [String] {
        guard commandLine.first == Run._commandName, let path = path(in: commandLine) else { return commandLine }
        return [Run._commandName] + (try ConfigurationFile(path: path)).arguments + commandLine.dropFirst()
    }

    private static func path(in commandLine: [String]) -> String? {
        for (index, argument) in commandLine.enumerated() {
            if argument.hasPrefix(option + "=") { return String(argument.dropFirst(option.count + 1)) }
            if argument == option, index + 1 < commandLine.count { return commandLine[index + 1] }
        }
        return nil
    }
}
