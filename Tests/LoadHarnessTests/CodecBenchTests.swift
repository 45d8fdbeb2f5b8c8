import Benchmarks
import Testing

@testable import memex_load

/// The batch codec's benchmark on little flow: what it counts is what went in, and what orders may cost on L1.
@Suite struct CodecBenchTests {
    static let generated = CodecFlow.all.filter { !$0.summary.hasPrefix("recorded") }

    @Test(arguments: generated.map(\.name))
    func generatedFlow(name: String) throws {
        let flow = try #require(CodecFlow.all.first { $0.name == name })
        let blocks = try #require(try flow.blocks(commands: 1000, dataFolder: "/nonexistent"))
        let bench = try CodecBench(blocks, batchesMax: 1)
        let result = try bench.run(name: name, commandsPerSignature: flow.batch, rounds: 1, compressors: false)
        print("\(name): \(result.commands) commands in \(result.batchBytes) bytes each, raw \(result.rawBytes)")
        #expect(result.batches == 1 && result.commands == result.envelopes * flow.batch && result.commands >= 999)
        #expect(result.signatureBytes == 64 / Double(flow.batch) && result.rawBytes > 12)
        // An order under its own signature, one of fifty, and one of a signer who does nothing else (20 bytes of address).
        #expect(result.batchBytes < (flow.batch > 1 ? 12 : name == "everyone" ? 92 : 80))
        #expect(result.encodedPerSecond > 0 && result.decodedPerSecond > 0)
        #expect(result.zstdBytes == nil && result.ofZstd == nil)
    }

    @Test func recordedFlowThatIsNotThereIsSkipped() throws {
        for flow in CodecFlow.all where flow.summary.hasPrefix("recorded") {
            #expect(try flow.blocks(commands: 100, dataFolder: "/nonexistent") == nil)
        }
    }

    @Test func compressorsCount() throws {
        for compressor in [Compressor.zstd, .brotli] {
            guard let installed = compressor.installed else { continue }
            #expect((1..<200).contains(try installed.byteCount(of: [UInt8](repeating: 7, count: 10_000))))
        }
    }
}
