import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

extension URLSession {
    /// A session for one node, whose answers are never kept.
    static func forNode(timeoutSeconds: Double) -> URLSession {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = timeoutSeconds
        configuration.httpMaximumConnectionsPerHost = 8
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        configuration.urlCache = nil
        return URLSession(configuration: configuration)
    }

    /// What a node answered, whatever its HTTP status.
    struct Answer: Sendable {
        let url: String
        let status: Int
        let body: Data

        /// Throws `EthereumError.httpStatus` unless it is 200.
        func checkStatus() throws(EthereumError) {
            guard status == 200 else {
                throw .httpStatus(url: url, status: status, body: String(decoding: body.prefix(200), as: UTF8.self))
            }
        }
    }

    /// What the server answers; errors name the request's address. As `data(for:)`, but deaf to the task's cancellation: FoundationNetworking locks up when
    /// that meets the end of a request (the one holds the task's record and waits for the session's queue, the other the queue and waits for the record).
    /// The request's timeout bounds it.
    func answer(to request: URLRequest) async throws(EthereumError) -> Answer {
        let url = request.url?.absoluteString ?? ""
        return try await withCheckedContinuation { (continuation: CheckedContinuation<Result<Answer, EthereumError>, Never>) in
            dataTask(with: request) { data, response, error in
                if let data, let response = response as? HTTPURLResponse {
                    continuation.resume(returning: .success(Answer(url: url, status: response.statusCode, body: data)))
                } else if (error as? URLError)?.code == .timedOut {
                    continuation.resume(returning: .failure(.timedOut(url: url, seconds: request.timeoutInterval)))
                } else {
                    continuation.resume(returning: .failure(.cannotConnect(url: url, reason: Self.reason(error ?? URLError(.unknown)))))
                }
            }.resume()
        }.get()
    }

    private static func reason(_ error: any Error) -> String {
        switch (error as? URLError)?.code {
        case .cannotConnectToHost?: "connection refused; is the node running?"
        case .cannotFindHost?: "no such host"
        case .cancelled?: "cancelled"
        case .networkConnectionLost?: "the connection was lost"
        default: error.localizedDescription
        }
    }
}
