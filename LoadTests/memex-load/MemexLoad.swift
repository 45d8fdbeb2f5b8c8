import ArgumentParser
import Foundation

@main
struct MemexLoad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "memex-load", abstract: "Load harness and benchmarks of Memex.",
        subcommands: [
            GatewayCommand.self, RunCommand.self, SweepCommand.self, NodeCommand.self, EchoCommand.self, TradeCommand.self,
            BenchCommand.self,
            RootCommand.self, CodecCommand.self,
            JournalCommand.self, EchoServerCommand.self,
        ], defaultSubcommand: GatewayCommand.self)

    static func main() {
        // A node that is killed is a result: OpenSSL writes to its socket without MSG_NOSIGNAL.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let error as CocoaError {
            // Foundation's own descriptions of what the file system refused are no prose.
            let reason = (error.underlying as? POSIXError).map { String(cString: strerror($0.code.rawValue)) } ?? error.localizedDescription
            FileHandle.standardError.write(Data("memex-load: cannot use \(error.filePath ?? "a file"): \(reason)\n".utf8))
            Foundation.exit(1)
        } catch {
            exit(withError: error)
        }
    }
}
