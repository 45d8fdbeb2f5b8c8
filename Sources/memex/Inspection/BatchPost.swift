import ArgumentParser
import Engine
import Foundation
import Logging
import Sequencer
import Settlement
import Signing

/// `memex batch post`
struct BatchPost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "post",
        abstract: "Post and claim the batches that a stopped node left behind.",
        discussion: """
            For an operator whose node cannot run: whatever sealed blocks its data directory holds and L1 does not are posted in order, and claimed. L1 says \
            what is there already, so running it twice does no harm. Batches older than the contract's time drift are refused by L1. The key \
            is the sequencer's.

            EXAMPLES
              memex batch post --data /var/lib/memexd --key sequencer.key
            """)

    @Option(help: ArgumentHelp("Data directory of the stopped node.", valueName: "dir"))
    var data: String
    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func run() async throws {
        let deployment = try options.deploymentFile()
        let key = try options.privateKey()
        guard key.address == deployment.sequencer else {
            throw CommandFailure(.usage, "the key is that of \(key.address); only the sequencer \(deployment.sequencer) may post")
        }
        let contract = try await options.contract()
        guard let block = try await contract.client.block(.number(deployment.deployedAtBlock)) else {
            throw CommandFailure(.mismatch, "L1 has no block \(deployment.deployedAtBlock), in which the rollup was deployed")
        }
        let identity = DeploymentIdentity(chainId: deployment.chainId, rollup: deployment.rollup, genesis: block.hash)
        let directory = DataDirectory(path: data)
        for path in [directory.chain, directory.journal] where access(path, R_OK | W_OK) != 0 {
            throw CommandFailure(.fileProblem, "\(data) is not the data directory of a node: cannot use \(path)")
        }
        let store = try StoredBatches(directory, identity)
        let sender = TransactionSender(client: contract.client, key: key, chainId: deployment.chainId, replacesPending: true)
        let poster = Poster(store: store, chain: L1PostingChain(contract: contract, sender: sender), logger: Logger(label: "memex"))

        var posted: [UInt64] = []
        var claimed: [UInt64] = []
        var gas: UInt64 = 0
        steps: while true {
            switch try await poster.step() {
            case .idle: break steps
            case .halted: throw CommandFailure(.refused, "the rollup is halted: nothing can be posted any more")
            case .submitted(let batch, let claims, _, let gasUsed):
                posted += batch.map { [$0] } ?? []
                claimed += claims
                gas += gasUsed
            }
        }
        try report(posted: posted, claimed: claimed, gas: gas)
    }

    private func report(posted: [UInt64], claimed: [UInt64], gas: UInt64) throws {
        try options.output.show(
            ["posted": .list(posted.map { .number($0) }), "claimed": .list(claimed.map { .number($0) }), "gas": .number(gas)],
            posted.isEmpty && claimed.isEmpty
                ? "L1 has everything already" : "posted \(posted.count) batches and claimed \(claimed.count) states for \(gas) gas")
    }
}

/// The batches of a node's chain store as the poster takes them.
private actor StoredBatches: BatchStore {
    private let store: ChainStore
    /// A running node holds its journal; while we hold it, none can start.
    private let journal: Journal

    init(_ directory: DataDirectory, _ deployment: DeploymentIdentity) throws {
        journal = try Journal(path: directory.journal, durability: .fsync, deployment: deployment)
        store = try ChainStore(path: directory.chain, durability: .fsync, deployment: deployment)
        _ = try store.cutRemainder(holding: journal)
    }

    func postableBatch(_ number: UInt64) async throws -> PostableBatch? {
        try store.batch(number).map {
            PostableBatch(
                number: $0.number, inboxEnd: $0.inboxEnd, firstTimeMs: $0.firstTimeMs, lastTimeMs: $0.lastTimeMs, data: $0.bytes,
                stateRoot: $0.stateRoot)
        }
    }

    func note(_ milestone: BatchMilestone, batch number: UInt64, transaction: Hash256) async throws {
        switch milestone {
        case .posted: try store.setStatus(.posted, ofBatch: number, postTransaction: transaction)
        case .claimed: try store.setStatus(.claimed, ofBatch: number, claimTransaction: transaction)
        case .bondReclaimed: try store.setStatus(.final, ofBatch: number)
        }
    }
}
