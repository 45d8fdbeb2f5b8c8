import ArgumentParser
import Engine
import Foundation
import Logging
import PostingStore
import Sequencer
import Settlement
import Signing

/// `memex batch post`
struct BatchPost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "post",
        abstract: "Post and claim the batches that a stopped node left behind.",
        discussion: """
            For an operator whose node cannot run: whatever sealed blocks its data directory holds and L1 does not are posted in order, and claimed. What was \
            sent is written down first, so that it may be interrupted at any time and started again: nothing is posted twice, nothing is left out. \
            Batches older than the contract's time drift are refused by L1. The key is the sequencer's.

            --dry-run sends and changes nothing, and may be used while the node runs: it shows what would be sent, with gas and fees.

            EXAMPLES
              memex batch post --data /var/lib/memexd --key sequencer.key --dry-run
              memex batch post --data /var/lib/memexd --key sequencer.key --beacon http://localhost:5052    in blobs, where those cost less
              memex batch post --data /var/lib/memexd --key sequencer.key
            """)

    @Option(help: ArgumentHelp("Data directory of the stopped node.", valueName: "dir"))
    var data: String
    @Flag(help: "Only show what would be sent.")
    var dryRun = false
    @Option(help: "L1 blocks that must lie above a batch before it is claimed.")
    var confirmations: UInt64 = 2
    @Option(help: "How batches go to L1: price (whatever costs less; blobs need --beacon), calldata or blob.")
    var carrier = BatchCarrier.price
    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func run() async throws {
        let deployment = try options.deploymentFile()
        let key = try options.privateKey()
        guard key.address == deployment.sequencer else {
            throw CommandFailure(.usage, "the key is that of \(key.address); only the sequencer \(deployment.sequencer) may post")
        }
        let contract = try await options.contract()
        let block = try await deployment.block(through: contract.client)
        let identity = DeploymentIdentity(chainId: deployment.chainId, rollup: deployment.rollup, genesis: block.hash)
        let directory = DataDirectory(path: data)
        for path in [directory.chain, directory.journal] where access(path, R_OK | W_OK) != 0 {
            throw CommandFailure(.fileProblem, "\(data) is not the data directory of a node: cannot use \(path)")
        }
        let store =
            dryRun
            ? try StoredBatches(directory, durability: .fsync, deployment: identity)
            : try StoredBatches(cuttingRemainderOf: directory, deployment: identity)
        var rules = Poster.Rules()
        rules.settledBlocks = confirmations
        let beacons = carrier == .calldata ? [] : try options.beacons()
        for url in beacons { try await BeaconClient(url: url).check(chainId: deployment.chainId, time: block.timestamp) }
        let blobs = try BlobPosting(carrier, libraryPath: options.kzgLibrary, hasBeacon: !beacons.isEmpty)
        rules.carrier = blobs.carrier
        if let shortcoming = blobs.shortcoming { options.output.progress("batches go as calldata: \(shortcoming)") }
        let poster = Poster(
            store: store, chain: L1PostingChain(contract: contract, key: key, chainId: deployment.chainId, blobs: blobs.maker),
            rules: rules,
            logger: Logger(label: "memex") { label in
                var handler = StreamLogHandler.standardError(label: label)
                handler.logLevel = .warning
                return handler
            })
        if dryRun {
            let preview = PostPreview(try await poster.preview(), blocksNotCut: try await store.blocksNotCut())
            return try options.output.show(preview.json, preview.text)
        }
        try await post(poster, store, contract)
    }

    private func post(_ poster: Poster, _ store: StoredBatches, _ contract: RollupContract) async throws {
        let line = ProgressLine(options.output)
        let before = try await contract.progress()
        let total = try await store.batchCount()
        // Each batch is posted and claimed.
        let wanted = 2 * total - min(2 * total, before.batchCount + before.claimCount)
        var report = PostReport()
        var failures = 0
        while true {
            do {
                switch try await poster.step() {
                case .idle:
                    line.finish()
                    return try options.output.show(report.json, report.text)
                case .halted: throw CommandFailure(.refused, "the rollup is halted: nothing can be posted any more")
                case .waiting(let activity): report.add(activity)
                }
                failures = 0
            } catch let error as EthereumError where error.isTransient && failures < 30 {
                // The next step begins with a look, so that it does not matter what was lost.
                failures += 1
                options.output.progress("\(error); trying again")
            }
            line.show(
                min(wanted, report.doneCount), of: wanted,
                "posted \(report.posted.count), claimed \(report.claimed.count) of \(total - min(total, before.batchCount)) batches, \(report.gas) gas"
            )
            try await Task.sleep(for: .milliseconds(failures > 0 ? 2_000 : 300))
        }
    }
}

extension BatchCarrier: ExpressibleByArgument {}

/// What `memex batch post` has done so far. Pure.
struct PostReport: Equatable {
    var posted: Set<UInt64> = []
    var claimed: Set<UInt64> = []
    var gas: UInt64 = 0

    mutating func add(_ activity: Poster.Activity) {
        for call in activity.included {
            switch call {
            case .post(let number): posted.insert(number)
            case .claim(let number): claimed.insert(number)
            default: break
            }
        }
        gas += activity.gasUsed
    }

    var doneCount: UInt64 { UInt64(posted.count + claimed.count) }

    var json: JSON {
        [
            "posted": .list(posted.sorted().map { .number($0) }), "claimed": .list(claimed.sorted().map { .number($0) }),
            "gas": .number(gas),
        ]
    }

    var text: String {
        posted.isEmpty && claimed.isEmpty
            ? "L1 has everything already" : "posted \(posted.count) batches and claimed \(claimed.count) states for \(gas) gas"
    }
}
