import ArgumentParser
import Signing

/// `memex keys`
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make a key, or show the address of one.",
        subcommands: [New.self, Show.self])

    /// `memex keys new`
    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a new private key in a file that only you can read.",
            discussion: """
                The file holds the key in clear text, with mode 0600. Who has it has the funds: keep a copy in a safe place. An existing \
                file is never overwritten.

                EXAMPLE
                  memex keys new alice.key
                """)

        @Argument(help: "Where to write it (default: the file named by --key or MEMEX_KEY).")
        var file: String?

        @OptionGroup(title: "SHARED OPTIONS") var options: Options

        func run() throws {
            let path = try file ?? options.keyPath()
            let key = PrivateKey.generate()
            try KeyFile.write(key, to: path)
            try KeysCommand.show(key, path, options)
        }
    }

    /// `memex keys show`
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the address of a key. The key itself is never shown.",
            discussion: """
                EXAMPLE
                  memex keys show alice.key --json
                """)

        @Argument(help: "The key file (default: the file named by --key or MEMEX_KEY).")
        var file: String?

        @OptionGroup(title: "SHARED OPTIONS") var options: Options

        func run() throws {
            let path = try file ?? options.keyPath()
            try KeysCommand.show(try KeyFile.read(path), path, options)
        }
    }

    private static func show(_ key: PrivateKey, _ path: String, _ options: Options) throws {
        try options.output.show(
            ["address": .text(key.address.hex), "file": .text(path)],
            TextTable.fields([("address", key.address.hex), ("file", path)]))
    }
}
