import Blobs
import Engine
import Foundation
import Logging
import Signing

@testable import Settlement

/// A devnet that mines when it is told to, with the rollup deep enough that no reorganisation takes it back, and a sequencer of small batches.
struct PostingStage {
    let devnet: Devnet
    let deployment: Deployment
    let sequencer: SmallSequencer
    let reader: L1Reader
    let maker = BlobMaker()

    init() async throws {
        devnet = try await Devnet(minesAlone: false)
        let admin = devnet.client
        let mining = Task { while !Task.isCancelled { _ = try await admin.request("evm_mine") } }
        deployment = try await devnet.deploy(challengeWindow: 100_000, deadline: 100_000)
        // A block of its last request must not come later.
        mining.cancel()
        _ = await mining.result
        _ = try await devnet.request("anvil_mine", [.number(12)])
        let client = EthereumClient(url: devnet.url, attempts: 1)
        reader = L1Reader(
            contract: RollupContract(client: client, address: deployment.rollup), deployedAtBlock: deployment.deployedAtBlock,
            blobs: BlobReader(urls: [devnet.url], chainId: deployment.chainId, maker: maker))
        sequencer = try SmallSequencer(key: devnet.keys[1], deployment: deployment)
    }

    /// With the sequencer's key. A transaction waits `patienceSeconds` before it offers more.
    func poster(carrier: BatchCarrier = .calldata, patienceSeconds: Double = 30) -> Poster {
        var rules = Poster.Rules()
        rules.carrier = carrier
        rules.machine.resendAfterSeconds = 0
        rules.machine.fees.bumpAfterSeconds = patienceSeconds
        rules.machine.fees.blobPatience = 1
        let chain = L1PostingChain(
            contract: reader.contract, key: devnet.keys[1], chainId: deployment.chainId, blobs: carrier == .calldata ? nil : maker)
        return Poster(store: sequencer, chain: chain, rules: rules, logger: .silent)
    }

    /// Steps, with a block after each, until L1 has everything.
    func finish(_ poster: Poster) async throws {
        while try await poster.step() != .idle { try await devnet.mine() }
    }

    /// Seals a block at L1's time, and cuts a batch after it.
    func seal(messages: [InboxMessage] = []) async throws {
        try await sequencer.seal(messages: messages, timeMs: devnet.client.latestBlock().timestamp * 1_000)
    }

    /// Holds what a unit of blob gas costs.
    func set(blobBaseFeeWei: Double) async throws { _ = try await devnet.request("memex_setBlobBaseFee", [.number(blobBaseFeeWei)]) }

    /// Far below what makes blobs dearer than calldata, and far above.
    static let cheap: Double = 1
    static let dear: Double = 50_000_000_000
}

extension Devnet {
    func request(_ method: String, _ parameters: [JSONValue] = []) async throws -> JSONValue {
        try await client.request(method, parameters)
    }
}
