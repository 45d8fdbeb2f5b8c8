import Engine
import Foundation
import Logging
import Sequencer
import Signing
import Synchronization

@testable import Gateway

/// A gateway on a port of its own over a ``FakeExecutor``, with a certificate of its own.
final class Rig {
    let executor: FakeExecutor
    let gateway: Gateway
    let isSecure: Bool
    static let rollup = ServerMessageTests.address(0x42)

    /// One certificate for all tests of the process.
    static let certificate: (certificatePath: String, keyPath: String) = {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("memex-gateway-tests-\(getpid())").path
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let paths = (certificatePath: folder + "/server.pem", keyPath: folder + "/server.key")
        do { try SelfSignedCertificate.write(certificatePath: paths.certificatePath, keyPath: paths.keyPath) } catch {
            fatalError("\(error)")
        }
        return paths
    }()

    init(
        isSecure: Bool = true, threads: Int = 1, inputBytes: Int = 1 << 20, spinUs: UInt64 = 0, cores: [Int32] = [],
        certificate: (certificatePath: String, keyPath: String) = Rig.certificate, books: [UInt16: [BookLevel]] = [1: [], 2: []],
        _ adjust: (inout GatewayLimits) -> Void = { _ in }
    ) throws {
        self.isSecure = isSecure
        executor = try FakeExecutor(threads: threads, inputBytes: inputBytes)
        var configuration = GatewayConfiguration(chainId: 1337, rollup: Self.rollup)
        configuration.port = 0
        configuration.spinUs = spinUs
        configuration.cores = cores
        if isSecure { configuration.tls = .init(certificatePath: certificate.certificatePath, keyPath: certificate.keyPath) }
        adjust(&configuration.limits)
        let executor = executor
        var logger = Logger(label: "gateway")
        // The fake's events follow no book.
        logger.logLevel = .critical
        gateway = try Gateway(
            configuration, ports: executor.ports, wakeExecutor: { executor.wake() },
            books: books.mapValues { RecoveredBook($0) },
            block: 1,
            logger: logger)
        let gateway = gateway
        executor.wakeGateway = { gateway.wake() }
        executor.start()
    }

    deinit {
        gateway.stop()
        executor.stop()
    }

    var url: String { "\(isSecure ? "wss" : "ws")://localhost:\(gateway.port)" }

    func client(trust: TLSContext.Trust? = nil) throws -> GatewayClient {
        try GatewayClient(url: url, trust: trust ?? .file(Self.certificate.certificatePath), timeoutMs: 5000)
    }

    /// Sends bytes over a plain socket and returns everything that comes back until the server hangs up.
    func http(_ request: String) throws -> String {
        let socket = try ClientSocket(GatewayURL(isSecure: false, host: "127.0.0.1", port: gateway.port), timeoutMs: 2000)
        _ = Array(request.utf8).withUnsafeBytes { socket.send($0) }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while socket.wait(forOutput: false, timeoutMs: 5000) {
            switch buffer.withUnsafeMutableBytes({ socket.receive(into: $0) }) {
            case .bytes(let count): received += buffer[..<count]
            case .wouldBlock: continue
            case .ended: return String(decoding: received, as: UTF8.self)
            }
        }
        return String(decoding: received, as: UTF8.self) + " (still open)"
    }

    /// A key whose address begins with `byte`, so that ``FakeExecutor`` gives it account `byte`.
    static func key(accountBelow limit: UInt8 = 200) -> PrivateKey {
        while true {
            let key = PrivateKey.generate()
            if key.address[0] > 0, key.address[0] < limit, UInt32(key.address[0]) != FakeExecutor.makerAccount { return key }
        }
    }
}

extension Command {
    static func place(_ side: Side = .buy, price: UInt32 = 100, lots: UInt64, timeInForce: TimeInForce = .goodTilCancelled) -> Command {
        .place(market: 1, side: side, timeInForce: timeInForce, priceCode: price, lots: lots, clientOrderId: 11)
    }
}
