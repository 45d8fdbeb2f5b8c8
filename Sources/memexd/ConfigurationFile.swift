import ArgumentParser
import Foundation
import TOMLKit

/// A TOML file whose keys are the long names of options: `listen = "0.0.0.0:443"` stands for `--listen 0.0.0.0:443`.
///
/// What it says comes before the arguments of the command line, which prevail. There is one list of options, the one of
/// `memexd run --help`, and one check of their values; what that finds wrong in the file is told with file, line and key.
struct ConfigurationFile {
    static let option = "--config"
    /// Options without a value; here they are true or false.
    static let flags: Set = ["insecure-ws", "stats-json"]

    let path: String
    private let text: String
    private let table: TOMLTable

    /// Reads the file at `path`. Throws ``ConfigurationError``.
    init(path: String) throws {
        let data: Data
        do { data = try Data(contentsOf: URL(filePath: path)) } catch {
            throw ConfigurationError("cannot read the configuration \(path): \(ExitStatus.reason(error))")
        }
        guard let text = String(validating: data, as: UTF8.self) else { throw ConfigurationError("\(path) is no text in UTF-8") }
        try self.init(path: path, text: text)
    }

    init(path: String, text: String) throws {
        self.path = path
        self.text = text
        do { table = try TOMLTable(string: text) } catch let error as TOMLParseError {
            throw ConfigurationError("\(path):\(error.source.begin.line): \(error.description)")
        }
    }

    /// The arguments of a command line with the file that it names, if any, put in front of its options. Throws ``ConfigurationError`` if something is
    /// wrong in the file; what is wrong on the command line, whoever parses the result will find.
    static func expand(_ commandLine: [String]) throws -> [String] {
        guard commandLine.first == Run._commandName, let path = path(in: commandLine) else { return commandLine }
        let file = try ConfigurationFile(path: path)
        let arguments = [Run._commandName] + (try file.arguments(besides: commandLine)) + commandLine.dropFirst()
        do { _ = try Memexd.parseAsRoot(arguments) } catch {
            if let mistake = file.mistake(error, besides: commandLine) { throw mistake }
        }
        return arguments
    }

    private static func path(in commandLine: [String]) -> String? {
        for (index, argument) in commandLine.enumerated() {
            if argument.hasPrefix(option + "=") { return String(argument.dropFirst(option.count + 1)) }
            if argument == option, index + 1 < commandLine.count { return commandLine[index + 1] }
        }
        return nil
    }

    // MARK: Values

    /// The file's content as arguments, but for what the command line says itself.
    func arguments(besides commandLine: [String] = []) throws -> [String] {
        try keys(besides: commandLine).map { try argument($0, table[$0]) }.filter { !$0.isEmpty }
    }

    private func keys(besides commandLine: [String]) -> [String] {
        table.keys.filter { key in !commandLine.contains { $0 == "--" + key || $0.hasPrefix("--\(key)=") } }.sorted {
            line(of: $0) < line(of: $1)
        }
    }

    private func argument(_ key: String, _ value: TOMLValueConvertible?) throws -> String {
        guard "--" + key != Self.option else { throw mistake(key, "a configuration cannot name another one") }
        if Self.flags.contains(key) {
            guard let isOn = value?.bool else { throw mistake(key, "it takes true or false") }
            return isOn ? "--" + key : ""
        }
        if let text = value?.string { return "--\(key)=\(text)" }
        if let number = value?.int { return "--\(key)=\(number)" }
        if let number = value?.double { return "--\(key)=\(number)" }
        throw mistake(key, Self.help(key).map { "it takes one string or number: \($0)" } ?? Self.unknown)
    }

    // MARK: Mistakes

    private static let unknown = "there is no such key; Deploy/memexd.toml explains all that there are"

    private func mistake(_ key: String, _ reason: String) -> ConfigurationError {
        ConfigurationError("\(path):\(line(of: key)): key \"\(key)\": \(reason)")
    }

    /// The file's part in what the parser of the command line refused; nil if it has none.
    private func mistake(_ error: any Error, besides commandLine: [String]) -> ConfigurationError? {
        guard Memexd.exitCode(for: error) == .validationFailure else { return nil }
        let message = Memexd.message(for: error)
        // An option may be suggested for another one that is unknown.
        let parts = message.split(separator: ". Did you mean '--", maxSplits: 1)
        let named = (parts.first ?? "").matches(of: /--([a-z0-9-]+)/).map { String($0.1) }
        if message.hasPrefix("Missing expected argument"), let key = named.first {
            return ConfigurationError("\(path): key \"\(key)\" is missing, and so is --\(key): \(Self.help(key) ?? "")")
        }
        let keys = keys(besides: commandLine)
        guard let key = named.first(where: keys.contains) else { return nil }
        if message.hasPrefix("Unknown option") {
            return mistake(key, parts.count > 1 ? "\(Self.unknown). Did you mean \"\(parts[1].prefix { $0 != "'" })\"?" : Self.unknown)
        }
        guard message.hasPrefix("The value '") else { return mistake(key, String(message.trimmingPrefix("--\(key) "))) }
        let value = table[key]?.string ?? message.dropFirst("The value '".count).prefix { $0 != "'" }.description
        let help = Self.help(key) ?? ""
        // Only numbers and what has a list of values can fail so.
        let kind =
            help.contains("(values: ")
            ? "" : help.contains(/default: \d+\./) ? "It takes a number. " : "It takes a whole number, 0 or more. "
        return mistake(key, "it cannot be '\(value)'. \(kind)\(help)")
    }

    /// The line on which a key is first given, from 1.
    private func line(of key: String) -> Int {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let index = lines.firstIndex { line in
            let words = line.drop { " \t\"'[".contains($0) }
            return words.hasPrefix(key)
                && !(words.dropFirst(key.count).first.map { $0.isLetter || $0.isNumber || "-_".contains($0) } ?? false)
        }
        return (index ?? 0) + 1
    }

    /// What the help says of an option, with its default, on one line; nil if there is none of this name.
    private static func help(_ key: String) -> String? {
        let help = Memexd.helpMessage(for: Run.self, columns: 10_000)
        return help.firstMatch(of: try! Regex("\\n +--\(key) <[^>]*>\\s+(\\S.*)", as: (Substring, Substring).self)).map { String($0.1) }
    }
}
