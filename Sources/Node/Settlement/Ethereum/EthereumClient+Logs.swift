import Engine
import Signing

extension EthereumClient {
    /// Blocks asked for in one request: to begin with, and at most. Fewer when the node finds that too many, more when it finds little.
    private static let logBlocksFirst: UInt64 = 2_000
    private static let logBlocksMax: UInt64 = 100_000
    /// Requests under way at once.
    private static let logRequestsMax = 4
    /// A request that finds fewer logs may ask for more blocks the next time.
    private static let fewLogs = 2_000

    /// All logs of `address` in the given blocks, oldest first, whose topic 0 is one of `events` and whose topic 1 is one of
    /// `indexed` (anything if nil).
    ///
    /// Asks in pieces, several at once, and finds out how large they may be. `report` is told up to which block all is read.
    package func logs(
        of address: Address, events: [Hash256], indexed: [Hash256]? = nil, blocks: ClosedRange<UInt64>,
        report: @Sendable (UInt64) -> Void = { _ in }
    ) async throws(EthereumError) -> [EthereumLog] {
        var topics: [JSONValue] = [.array(events.map { .string($0.hex) })]
        if let indexed { topics.append(.array(indexed.map { .string($0.hex) })) }
        let filter: [String: JSONValue] = ["address": .string(address.hex), "topics": .array(topics)]
        var found: [EthereumLog] = []
        var next = blocks.lowerBound
        var step = Self.logBlocksFirst
        while next <= blocks.upperBound {
            var pieces: [ClosedRange<UInt64>] = []
            var start = next
            while pieces.count < Self.logRequestsMax, start <= blocks.upperBound {
                let (end, overflow) = start.addingReportingOverflow(step - 1)
                pieces.append(start...min(blocks.upperBound, overflow ? .max : end))
                start = pieces[pieces.count - 1].upperBound + 1
            }
            var most = 0
            var failure: EthereumError?
            pieces: for (piece, result) in zip(pieces, await logs(filter, in: pieces)) {
                switch result {
                case .success(let logs):
                    found += logs
                    most = max(most, logs.count)
                    next = piece.upperBound + 1
                case .failure(let error):
                    failure = error
                    break pieces
                }
            }
            report(next - 1)
            if let failure {
                guard step > 1, failure.meansTooManyLogs else { throw failure }
                step /= 2
            } else if most < Self.fewLogs {
                step = min(2 * step, Self.logBlocksMax)
            }
        }
        return found.sorted { ($0.blockNumber, $0.logIndex) < ($1.blockNumber, $1.logIndex) }
    }

    /// The logs of each piece, asked for at once.
    private func logs(_ filter: [String: JSONValue], in pieces: [ClosedRange<UInt64>]) async -> [Result<[EthereumLog], EthereumError>] {
        await withTaskGroup(of: (Int, Result<[EthereumLog], EthereumError>).self) { group in
            for (index, piece) in pieces.enumerated() {
                group.addTask { (index, await self.logs(filter, in: piece)) }
            }
            var results = [Result<[EthereumLog], EthereumError>?](repeating: nil, count: pieces.count)
            for await (index, result) in group { results[index] = result }
            return results.compactMap { $0 }
        }
    }

    private func logs(_ filter: [String: JSONValue], in piece: ClosedRange<UInt64>) async -> Result<[EthereumLog], EthereumError> {
        let method = "eth_getLogs"
        let range: [String: JSONValue] = ["fromBlock": .quantity(piece.lowerBound), "toBlock": .quantity(piece.upperBound)]
        do throws(EthereumError) {
            let json = try await request(method, [.object(filter.merging(range) { $1 })])
            guard let items = json.items else { throw .malformedReply(method: method, detail: "not an array") }
            var logs: [EthereumLog] = []
            for item in items where item["removed"] != .bool(true) { logs.append(try EthereumLog(json: item, method: method)) }
            return .success(logs)
        } catch {
            return .failure(error)
        }
    }
}

extension EthereumError {
    /// Whether a request for logs asked for more than the node gives at once. Providers word it differently: "block range", "too many", "more than
    /// 10000 results", "limit exceeded".
    fileprivate var meansTooManyLogs: Bool {
        guard case .node(_, let code, let message) = self else { return false }
        let text = message.lowercased()
        return code == -32005 || ["range", "too many", "more than", "limit", "too large"].contains { text.contains($0) }
    }
}
