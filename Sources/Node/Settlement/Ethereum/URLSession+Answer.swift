import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

extension URLSession {
    /// What the server answers. As `data(for:)`, but deaf to the task's cancellation: FoundationNetworking locks up when that meets the end of a request
    /// (the one holds the task's record and waits for the session's queue, the other the queue and waits for the record). The request's timeout bounds it.
    func answer(to request: URLRequest) async throws -> (Data, URLResponse) {
        try await withCheckedThrowingContinuation { continuation in
            dataTask(with: request) { data, response, error in
                if let data, let response {
                    continuation.resume(returning: (data, response))
                } else {
                    continuation.resume(throwing: error ?? URLError(.unknown))
                }
            }.resume()
        }
    }
}
