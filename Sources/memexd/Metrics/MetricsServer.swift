import FlyingFox
import FlyingSocks
import Foundation
import Gateway
import Logging
import Sequencer

/// Plain HTTP for the operator's own machines, on an address apart from the traders': `/metrics` for Prometheus, `/healthz` for a supervisor.
struct MetricsServer: Sendable {
    private let server: HTTPServer

    /// Serves what `page` and `health` say at the time of each request.
    init(_ listen: ListenAddress, page: @escaping @Sendable () -> String, health: @escaping @Sendable () -> Health) async throws {
        server =
            listen.host.contains(":")
            ? HTTPServer(address: try .inet6(ip6: listen.host, port: listen.port), logger: .disabled)
            : HTTPServer(address: try .inet(ip4: listen.host, port: listen.port), logger: .disabled)
        await server.appendRoute("GET /metrics") { _ in
            HTTPResponse(
                statusCode: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"], body: Data(page().utf8))
        }
        await server.appendRoute("GET /healthz") { _ in
            let health = health()
            return HTTPResponse(
                statusCode: health.isGood ? .ok : .serviceUnavailable, headers: [.contentType: "application/json"],
                body: Data(health.json.utf8))
        }
    }

    /// Serves until the task is cancelled; `listens` is called when it can be reached. Throws if the address cannot be listened on.
    func run(_ listens: @escaping @Sendable () -> Void = {}) async throws {
        let announcement = Task {
            try await server.waitUntilListening(timeout: 120)
            listens()
        }
        defer { announcement.cancel() }
        try await server.run()
    }

    /// The port, once it listens.
    func port() async throws -> UInt16? {
        try await server.waitUntilListening(timeout: 120)
        switch await server.listeningAddress {
        case .ip4(_, let port), .ip6(_, let port): return port
        default: return nil
        }
    }
}

/// Whether the node does its work, in words.
struct Health: Equatable {
    /// Nil: all is well.
    var problem: String?
    var sealedBlock: UInt64

    var isGood: Bool { problem == nil }

    var json: String {
        let status = problem.map { "\"status\":\"failing\",\"problem\":\"\($0)\"" } ?? "\"status\":\"ok\""
        return "{\(status),\"block\":\(sealedBlock)}\n"
    }

    /// A node that runs makes a block at least every `idleBlockIntervalMs`; one that has not for three of those is stuck.
    init(head: SealedHead, nowMs: UInt64, idleBlockIntervalMs: UInt64, hasFailed: Bool, refusal: String? = nil) {
        sealedBlock = head.number
        let silenceMs = nowMs > head.timeMs ? nowMs - head.timeMs : 0
        if hasFailed {
            problem = "a part gave up; see the log"
        } else if head.number > 0, silenceMs > 3 * idleBlockIntervalMs {
            problem = "no block was sealed for \(silenceMs / 1000) s"
        } else if let refusal {
            problem = "no new orders are taken: \(refusal)"
        }
    }
}
