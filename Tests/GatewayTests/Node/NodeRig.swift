import Engine
import Foundation
import Logging
import Sequencer
import Signing

@testable import Gateway

/// A real sequencer behind a real gateway, over a temporary folder; made-up inbox messages stand for L1.
final class NodeRig {
    static let market: UInt16 = 1
    static let funds: UInt64 = 1_000_000_000_000_000

    let owners: [PrivateKey]
    let url: String
    let sequencer: Sequencer
    let gateway: Gateway
    private let folder: String

    /// Two tokens, one market without fees for makers, and `ownerCount` accounts with ``funds`` of both tokens.
    init(ownerCount: Int) throws {
        folder =
            FileManager.default.temporaryDirectory.appendingPathComponent("memex-node-\(getpid())-\(UInt32.random(in: 0...(.max)))").path
        let owners = (0..<ownerCount).map { _ in PrivateKey.generate() }
        self.owners = owners
        let deployment = DeploymentIdentity(chainId: 1337, rollup: Rig.rollup, genesis: .zero)
        let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        var node = try SequencerConfiguration(directory: DataDirectory(creating: folder), deployment: deployment, key: .generate())
        node.eventLogBytes = 16 << 20
        let sequencer = try Sequencer(node, logger: quiet)
        self.sequencer = sequencer
        var configuration = GatewayConfiguration(chainId: deployment.chainId, rollup: deployment.rollup)
        configuration.port = 0
        configuration.tls = .init(certificatePath: Rig.certificate.certificatePath, keyPath: Rig.certificate.keyPath)
        let gateway = try Gateway(
            configuration, ports: sequencer.ports,
            wakeExecutor: { sequencer.shared.executorParker.wake() }, books: sequencer.withExchange { BookLevel.books(of: $0) },
            block: 0, logger: quiet)
        self.gateway = gateway
        url = "wss://localhost:\(gateway.port)"
        sequencer.shared.connect(wakeGateway: { gateway.wake() }, blockSealed: { gateway.publish($0) }, failed: { fatalError("\($0)") })
        try sequencer.start()
        _ = sequencer.inbox.push(Self.messages(owners.map(\.address)), first: 0, l1Block: 1)
        // Listings reach the gateway's books as events; wait for them.
        let client = try client()
        for _ in 0..<200 where (try? client.subscribe(.book, market: Self.market)) == nil { usleep(10_000) }
        client.close()
    }

    deinit {
        gateway.stop()
        sequencer.shared.setGatewayGone()
        try? sequencer.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    func client() throws -> GatewayClient { try GatewayClient(url: url, trust: .file(Rig.certificate.certificatePath)) }

    /// A market of the two tokens.
    static func marketListed(_ market: UInt16) -> InboxMessage {
        var shape = Hash256(integer: 2 | 1 << 32)
        shape.word2 = (UInt64(6) | 0 << 8 | 2 << 24).byteSwapped
        return InboxMessage(kind: InboxMessage.Kind.marketListed, a: Hash256(address: Rig.rollup), b: UInt64(market), c: shape)
    }

    private static func messages(_ owners: [Address]) -> [InboxMessage] {
        var messages = [
            InboxMessage(kind: InboxMessage.Kind.tokenListed, a: Hash256(), b: 1, c: Hash256(integer: 9 | 9 << 8)),
            InboxMessage(kind: InboxMessage.Kind.tokenListed, a: Hash256(address: Rig.rollup), b: 2, c: Hash256(integer: 6 | 12 << 8)),
            marketListed(market),
        ]
        for owner in owners {
            for token in UInt64(1)...2 {
                messages.append(
                    InboxMessage(kind: InboxMessage.Kind.deposit, a: Hash256(address: owner), b: token, c: Hash256(integer: funds)))
            }
        }
        return messages
    }
}
