import Engine
import Foundation
import Gateway
import Logging
import Sequencer
import Signing

/// Sequencer and gateway over a folder, with made-up inbox messages in place of an L1: the path of an order as it runs in a node, for measuring.
///
/// Started again over the same folder, it goes on as a node does.
final class LocalExchange {
    struct Options {
        var accountCount = 64
        var market: UInt16 = 1
        var host = "127.0.0.1"
        var port: UInt16 = 0
        var isPlain = false
        var durability = Durability.process
        var gatewayThreads = 1
        var executorSpinUs: UInt64 = 0
        /// Nil: what a node has by default.
        var gatewaySpinUs: UInt64?
        /// Empty: any.
        var gatewayCores: [Int32] = []
        var stepsInPlace = true
        /// Whether addresses and accounts are limited.
        var keepsLimits = false
        var marketDataIntervalMs = GatewayLimits().marketDataIntervalMs
        /// Connections beside those that every measurement needs.
        var connectionsMax = 16_000
    }

    let keys: [PrivateKey]
    let url: String
    let port: UInt16
    let certificatePath: String
    let keysPath: String
    let deployment: DeploymentIdentity
    private let sequencer: Sequencer
    private let gateway: Gateway

    /// Lists two tokens and a market, and gives new accounts plenty of both, unless the folder shows that this was done before.
    init(folder: String, options: Options) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        certificatePath = folder + "/server.pem"
        let tlsKeyPath = folder + "/server.key"
        if !FileManager.default.fileExists(atPath: certificatePath) {
            try SelfSignedCertificate.write(certificatePath: certificatePath, keyPath: tlsKeyPath)
        }
        keysPath = folder + "/keys.txt"
        keys = try Self.keys(keysPath, count: options.accountCount)

        deployment = DeploymentIdentity(chainId: 1337, rollup: keys[0].address, genesis: .zero)
        var configuration = SequencerConfiguration(
            directory: try DataDirectory(creating: folder + "/data"), deployment: deployment, key: keys[0])
        configuration.durability = options.durability
        configuration.executor.spinUs = options.executorSpinUs
        // All deposits in the first block: whoever finds the market open finds them, too.
        configuration.executor.inboxMessagesMax = Self.messages(owners: keys.map(\.address), market: options.market).count
        configuration.gatewayThreads = options.gatewayThreads
        let sequencer = try Sequencer(configuration, logger: Self.logger)
        self.sequencer = sequencer
        var gatewayConfiguration = GatewayConfiguration(chainId: deployment.chainId, rollup: deployment.rollup)
        gatewayConfiguration.host = options.host
        gatewayConfiguration.port = options.port
        gatewayConfiguration.tls = options.isPlain ? nil : .init(certificatePath: certificatePath, keyPath: tlsKeyPath)
        gatewayConfiguration.spinUs =
            options.gatewaySpinUs ?? GatewayConfiguration.spinUsDefault(threadCount: options.gatewayThreads)
        gatewayConfiguration.cores = options.gatewayCores
        gatewayConfiguration.limits.connectionsMax = options.connectionsMax
        if !options.keepsLimits { gatewayConfiguration.limits.liftRates() }
        gatewayConfiguration.limits.marketDataIntervalMs = options.marketDataIntervalMs
        let stepsInPlace = options.stepsInPlace
        gateway = try Gateway(
            gatewayConfiguration, ports: sequencer.ports,
            wakeExecutor: { sequencer.wakeExecutor() }, stepExecutor: { stepsInPlace && sequencer.stepInPlace(makeRoom: $0) },
            books: sequencer.withExchange { RecoveredBook.books(of: $0) }, block: 0, logger: Self.logger)
        port = gateway.port
        url = "\(options.isPlain ? "ws" : "wss")://\(options.host.contains(":") ? "[\(options.host)]" : options.host):\(port)"
        let gateway = gateway
        let inboxCursor = sequencer.withExchange { $0.header.inboxCursor }
        sequencer.shared.connect(wakeGateway: { gateway.wake() }, blockSealed: { gateway.publish($0) }, failed: { fatalError("\($0)") })
        sequencer.populateMemory()
        try sequencer.start()
        let messages = Self.messages(owners: keys.map(\.address), market: options.market)
        guard inboxCursor < UInt64(messages.count) else { return }
        guard sequencer.inbox.push(Array(messages[Int(inboxCursor)...]), first: inboxCursor, l1Block: 1) else {
            throw LoadFailure("\(folder) was made with other messages from L1")
        }
        try waitForMarket(options.market)
    }

    /// Ends in order: what was taken in is answered, journaled and sealed.
    func stop() throws {
        gateway.drain()
        try sequencer.stop()
        gateway.stop()
    }

    /// Keys of all accounts, made the first time.
    private static func keys(_ path: String, count: Int) throws -> [PrivateKey] {
        if !FileManager.default.fileExists(atPath: path) {
            let lines = (0..<count).map { _ in PrivateKey.generate().secretHex + "\n" }
            try lines.joined().write(toFile: path, atomically: true, encoding: .utf8)
        }
        return try KeyList.read(path)
    }

    private func waitForMarket(_ market: UInt16) throws {
        let client = try GatewayClient(url: url, trust: .file(certificatePath))
        for _ in 0..<500 {
            if (try? MarketPrices.middle(of: market, client)) != nil { return client.close() }
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
                        kind: InboxMessage.Kind.deposit, a: Hash256(address: owner), b: token, c: Hash256(integer: 10_000_000_000_000_000)))
            }
        }
        return messages
    }

    private static var logger: Logger {
        var logger = Logger(label: "memex-load") { StreamLogHandler.standardError(label: $0) }
        // Also says what kept a thread from its work.
        logger.logLevel = .warning
        return logger
    }
}
