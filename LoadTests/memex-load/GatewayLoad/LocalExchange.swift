import Engine
import Foundation
import Gateway
import Logging
import Sequencer
import Signing

/// Sequencer and gateway in this process over a temporary folder, with made-up inbox messages in place of an L1: the path of an order
/// as it runs in a node, for measuring.
final class LocalExchange {
    let keys: [PrivateKey]
    let url: String
    let certificatePath: String
    private let sequencer: Sequencer
    private let gateway: Gateway
    private let folder: String

    /// Lists two tokens and `market`, and gives `accountCount` new accounts plenty of both.
    init(accountCount: Int, market: UInt16) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("memex-load-\(getpid())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        certificatePath = folder + "/server.pem"
        try SelfSignedCertificate.write(certificatePath: certificatePath, keyPath: folder + "/server.key")
        keys = (0..<accountCount).map { _ in PrivateKey.generate() }

        let deployment = DeploymentIdentity(chainId: 1337, rollup: keys[0].address, genesis: .zero)
        let sequencer = try Sequencer(
            SequencerConfiguration(directory: DataDirectory(creating: folder + "/data"), deployment: deployment, key: .generate()),
            logger: Self.quiet)
        self.sequencer = sequencer
        var configuration = GatewayConfiguration(chainId: deployment.chainId, rollup: deployment.rollup)
        configuration.port = 0
        configuration.tls = .init(certificatePath: certificatePath, keyPath: folder + "/server.key")
        gateway = try Gateway(
            configuration, toExecutor: sequencer.input, fromExecutor: sequencer.output,
            wakeExecutor: { sequencer.shared.executorParker.wake() },
            books: sequencer.withExchange { BookLevel.books(of: $0) }, block: 0, logger: Self.quiet)
        url = "wss://localhost:\(gateway.port)"
        let gateway = gateway
        sequencer.shared.connect(wakeGateway: { gateway.wake() }, blockSealed: { gateway.publish($0) }, failed: { fatalError("\($0)") })
        try sequencer.start()
        guard sequencer.inbox.push(Self.messages(owners: keys.map(\.address), market: market), first: 0, l1Block: 1) else {
            preconditionFailure("a fresh inbox has a gap")
        }
        try waitForMarket(market)
    }

    func stop() {
        gateway.stop()
        sequencer.shared.setGatewayGone()
        try? sequencer.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func waitForMarket(_ market: UInt16) throws {
        let client = try GatewayClient(url: url, trust: .file(certificatePath))
        for _ in 0..<100 {
            if (try? Workload.middle(of: market, client)) != nil { return client.close() }
            usleep(20_000)
        }
        throw UnknownMarket(market: market)
    }

    /// ETH, a coin of 6 decimals, a market with lots of one coin and fees of 0 and 2 basis points, and two deposits for each owner.
    private static func messages(owners: [Address], market: UInt16) -> [InboxMessage] {
        var messages = [
            InboxMessage(kind: InboxMessage.Kind.tokenListed, a: Hash256(), b: 1, c: Hash256(integer: 9 | 9 << 8)),
            InboxMessage(kind: InboxMessage.Kind.tokenListed, a: Hash256(address: owners[0]), b: 2, c: Hash256(integer: 6 | 12 << 8)),
        ]
        var shape = Hash256(integer: 2 | 1 << 32)
        shape.word2 = (UInt64(6) | 0 << 8 | 2 << 24).byteSwapped
        messages.append(InboxMessage(kind: InboxMessage.Kind.marketListed, a: Hash256(address: owners[0]), b: UInt64(market), c: shape))
        for owner in owners {
            for token in UInt64(1)...2 {
                messages.append(
                    InboxMessage(
                        kind: InboxMessage.Kind.deposit, a: Hash256(address: owner), b: token, c: Hash256(integer: 1_000_000_000_000_000)))
            }
        }
        return messages
    }

    private static var quiet: Logger { Logger(label: "memex-load", factory: { _ in SwiftLogNoOpLogHandler() }) }
}
