import ArgumentParser
import Glibc

@main
struct Memexd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "memexd",
        abstract: "The Memex node: takes orders, matches them, keeps the books, and settles on Ethereum.",
        discussion: ExitStatus.help,
        version: "memexd 0.1",
        subcommands: [Run.self])

    static func main() async {
        takeStandardStreams()
        do {
            await main(try ConfigurationFile.expand(Array(CommandLine.arguments.dropFirst())))
        } catch {
            ExitStatus.end(error)
        }
    }

    /// Has `/dev/null` behind each standard stream that was closed before the start: a file opened later would take its number, and then the log's lines.
    private static func takeStandardStreams() {
        var descriptor: Int32
        repeat { descriptor = open("/dev/null", O_RDWR) } while (0...STDERR_FILENO).contains(descriptor)
        close(descriptor)
    }
}
