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
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = timeoutSeconds
        configuration.httpMaximumConnectionsPerHost = 8
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        configuration.urlCache = nil
        session = URLSession(configuration: configuration)
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
        let data: Data
        let response: URLResponse
        do {
            (data, response) = try await session.answer(to: request)
        } catch let error as URLError where error.code == .timedOut {
            throw .timedOut(url: url.absoluteString, seconds: timeoutSeconds)
        } catch {
            throw .cannotConnect(url: url.absoluteString, reason: Self.reason(error))
        }
        let reply = try? JSONDecoder().decode(JSONValue.self, from: data)
        if let error = reply?["error"], !error.isNull { throw .from(method: method, error: error) }
        if let status = (response as? HTTPURLResponse)?.statusCode, status != 200 {
            throw .httpStatus(url: url.absoluteString, status: status, body: String(decoding: data.prefix(200), as: UTF8.self))
        }
        guard let reply else {
            throw .malformedReply(method: method, detail: "not JSON: \(String(decoding: data.prefix(100), as: UTF8.self))")
        }
        guard let result = reply["result"] else { throw .malformedReply(method: method, detail: "neither result nor error") }
        return result
    }

    static func reason(_ error: any Error) -> String {
        switch (error as? URLError)?.code {
        case .cannotConnectToHost?: "connection refused; is the node running?"
        case .cannotFindHost?: "no such host"
        case .cancelled?: "cancelled"
        case .networkConnectionLost?: "the connection was lost"
        default: error.localizedDescription
        }
    }
}
