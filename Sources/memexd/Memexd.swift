import ArgumentParser

@main
struct Memexd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "memexd",
        abstract: "The Memex node: takes orders, matches them, keeps the books, and settles on Ethereum.",
        discussion: ExitStatus.help,
        version: "memexd 0.1",
        subcommands: [Run.self])

    static func main() async {
        do {
            await main(try ConfigurationFile.expand(Array(CommandLine.arguments.dropFirst())))
        } catch {
            ExitStatus.end(error)
        }
    }
}
