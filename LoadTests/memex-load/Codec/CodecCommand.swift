import ArgumentParser
import Benchmarks
import Foundation

/// `memex-load codec`: what an order costs on L1, and how fast batches are written and read.
struct CodecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "codec",
        abstract: "Measure the batch codec: bytes a command beside zstd -19 and brotli -11 of the raw form, and both rates.",
        discussion: """
            The raw form is each envelope as on the wire behind its length. It is compressed batch by batch, since each batch must be readable by itself. \
            Figures are of full batches of 126,976 bytes; rates are of the thread's own time, medians over the rounds. The last three columns of bytes leave the \
            signatures out, 64 bytes each that nothing can compress.

            EXAMPLES
              memex-load codec --json codec.json
              memex-load codec --only btc-50 --rounds 9
            """)

    @Option(help: "Only the flow of this name. May be repeated.")
    var only: [String] = []
    @Option(help: "Batches of each flow.")
    var batches = 3
    @Option(help: "Rounds.")
    var rounds = 5
    @Option(help: "Folder with recorded flow; flow whose file is not there is skipped.")
    var data = "../shared/data"
    @Option(help: "Where to write the result as JSON.")
    var json: String?

    func validate() throws {
        guard batches > 0, rounds > 0 else { throw ValidationError("--batches and --rounds must be above 0.") }
        for name in only where !CodecFlow.all.contains(where: { $0.name == name }) {
            throw ValidationError("No flow \(name); there are \(CodecFlow.all.map(\.name).joined(separator: ", ")).")
        }
    }

    func run() throws {
        for compressor in [Compressor.zstd, .brotli] where compressor.installed == nil { print("\(compressor.name): not installed") }
        var results: [CodecBench.Result] = []
        for flow in CodecFlow.all where only.isEmpty || only.contains(flow.name) {
            // A command takes at least a byte and a half, a single one its signature.
            let commands = batches * (flow.batch > 1 ? 85_000 : 2_000)
            guard let blocks = try flow.blocks(commands: commands, dataFolder: data) else {
                print("\(flow.name): skipped, no recorded flow in \(data)")
                continue
            }
            Progress.line("\(flow.name): \(flow.summary)")
            results.append(
                try CodecBench(blocks, batchesMax: batches).run(
                    name: flow.name, commandsPerSignature: flow.batch, rounds: rounds, compressors: true))
        }
        print(Self.table(results).text)
        if let json { try JSONFile.write(results, to: json) }
    }

    private static func table(_ results: [CodecBench.Result]) -> TextTable {
        var table = TextTable([
            "bytes a command", "raw", "zstd", "brotli", "batch", "of zstd", "apart: zstd", "batch", "of zstd", "gas", "in blobs: gas",
            "blob gas", "encoded/s",
            "decoded/s",
        ])
        for result in results {
            table.add([
                result.name, bytes(result.rawBytes), bytes(result.zstdBytes), bytes(result.brotliBytes), bytes(result.batchBytes),
                percent(result.ofZstd), bytes(result.zstdBytes.map { $0 - result.signatureBytes }),
                bytes(result.batchBytes - result.signatureBytes), percent(result.ofZstdBesidesSignatures),
                TextTable.count(result.calldataGas), bytes(result.blobCallGas), bytes(result.blobGas),
                TextTable.count(result.encodedPerSecond), TextTable.count(result.decodedPerSecond),
            ])
        }
        return table
    }

    private static func bytes(_ value: Double?) -> String { value.map { String(format: "%.2f", $0) } ?? "-" }
    private static func percent(_ value: Double?) -> String { value.map { String(format: "%.0f %%", 100 * $0) } ?? "-" }
}
