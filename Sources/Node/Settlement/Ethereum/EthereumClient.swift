import Foundation
import Synchronization

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Speaks Ethereum's JSON-RPC over HTTP or HTTPS to any node (https://ethereum.github.io/execution-apis/).
///
/// Failures of the connection are retried a few times with growing pauses; what the node refuses is never repeated.
package final class EthereumClient: Sendable {
    package let url: URL
    private let session: URLSession
    private let timeoutSeconds: Double
    private let attempts: Int
    private let nextId = Atomic<Int>(1)

    /// - Parameters:
    ///   - timeoutSeconds: for one request and its reply.
    ///   - attempts: requests in all, while the connection fails; at least 1.
    package init(url: URL, timeoutSeconds: Double = 20, attempts: Int = 3) {
        self.url = url
        self.timeoutSeconds = timeoutSeconds
        self.attempts = max(1, attempts)
        session = .forNode(timeoutSeconds: timeoutSeconds)
    }

    deinit { session.invalidateAndCancel() }

    /// Calls `method` and returns its result, which may be null.
    package func request(_ method: String, _ parameters: [JSONValue] = []) async throws(EthereumError) -> JSONValue {
        let body = Self.body(id: nextId.add(1, ordering: .relaxed).oldValue, method: method, parameters: parameters)
        var pauseMilliseconds = 150
        for attempt in 1... {
            do throws(EthereumError) {
                return try await exchange(body, method: method)
            } catch {
                guard error.isTransient, attempt < attempts, !Task.isCancelled else { throw error }
                try? await Task.sleep(for: .milliseconds(pauseMilliseconds))
                pauseMilliseconds *= 3
            }
        }
        preconditionFailure("the loop only ends by return or throw")
    }

    private static func body(id: Int, method: String, parameters: [JSONValue]) -> Data {
        let request: JSONValue = ["jsonrpc": "2.0", "id": .number(Double(id)), "method": .string(method), "params": .array(parameters)]
        guard let data = try? JSONEncoder().encode(request) else { preconditionFailure("a JSONValue without NaN always encodes") }
        return data
    }

    private func exchange(_ body: Data, method: String) async throws(EthereumError) -> JSONValue {
        var request = URLRequest(url: url, timeoutInterval: timeoutSeconds)
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = body
        let answer = try await session.answer(to: request)
        let reply = try? JSONDecoder().decode(JSONValue.self, from: answer.body)
        if let error = reply?["error"], !error.isNull { throw .from(method: method, error: error) }
        try answer.checkStatus()
        guard let reply else {
            throw .malformedReply(method: method, detail: "not JSON: \(String(decoding: answer.body.prefix(100), as: UTF8.self))")
        }
        guard let result = reply["result"] else { throw .malformedReply(method: method, detail: "neither result nor error") }
        return result
    }
}
