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
    let sequencerKey: PrivateKey
    let url: String
    private(set) var sequencer: Sequencer
    private(set) var gateway: Gateway
    private let folder: String
    private let eventLogBytes: Int
    private let adjust: (inout GatewayLimits) -> Void

    /// Two tokens, one market without fees for makers, and `ownerCount` accounts with ``funds`` of both tokens.
    init(ownerCount: Int, eventLogBytes: Int = 16 << 20, _ adjust: @escaping (inout GatewayLimits) -> Void = { _ in }) throws {
        folder =
            FileManager.default.temporaryDirectory.appendingPathComponent("memex-node-\(getpid())-\(UInt32.random(in: 0...(.max)))").path
        owners = (0..<ownerCount).map { _ in PrivateKey.generate() }
        sequencerKey = .generate()
        self.eventLogBytes = eventLogBytes
        self.adjust = adjust
        (sequencer, gateway) = try Self.start(folder, sequencerKey, eventLogBytes, port: 0, adjust)
        url = "wss://localhost:\(gateway.port)"
        _ = sequencer.inbox.push(Self.messages(owners.map(\.address)), first: 0, l1Block: 1)
        // Listings reach the gateway's books as events; wait for them.
        let client = try client()
        for _ in 0..<200 where (try? client.subscribe(.book, market: Self.market)) == nil { usleep(10_000) }
        client.close()
    }

    /// Starts both on the files that are there.
    private static func start(
        _ folder: String, _ key: PrivateKey, _ eventLogBytes: Int, port: UInt16, _ adjust: (inout GatewayLimits) -> Void
    ) throws -> (Sequencer, Gateway) {
        let deployment = DeploymentIdentity(chainId: 1337, rollup: Rig.rollup, genesis: .zero)
        let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        var node = try SequencerConfiguration(directory: DataDirectory(creating: folder), deployment: deployment, key: key)
        node.eventLogBytes = eventLogBytes
        let sequencer = try Sequencer(node, logger: quiet)
        var configuration = GatewayConfiguration(chainId: deployment.chainId, rollup: deployment.rollup)
        configuration.port = port
        configuration.tls = .init(certificatePath: Rig.certificate.certificatePath, keyPath: Rig.certificate.keyPath)
        configuration.sequencerKey = key
        adjust(&configuration.limits)
        let (books, block) = sequencer.withExchange { (RecoveredBook.books(of: $0), $0.header.blockNumber) }
        let gateway = try Gateway(
            configuration, ports: sequencer.ports, wakeExecutor: { sequencer.wakeExecutor() },
            stepExecutor: { sequencer.stepInPlace(makeRoom: $0) }, books: books, block: block,
            logger: quiet)
        sequencer.shared.connect(wakeGateway: { gateway.wake() }, blockSealed: { gateway.publish($0) }, failed: { fatalError("\($0)") })
        try sequencer.start()
        return (sequencer, gateway)
    }

    /// Ends both, and starts them again on the same files and port, with which `between` may do something meanwhile. Clients are cut off.
    func restart(between: (DataDirectory) throws -> Void = { _ in }) throws {
        gateway.stop()
        sequencer.shared.setGatewayGone()
        try sequencer.stop()
        try between(DataDirectory(path: folder))
        (sequencer, gateway) = try Self.start(folder, sequencerKey, eventLogBytes, port: gateway.port, adjust)
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
