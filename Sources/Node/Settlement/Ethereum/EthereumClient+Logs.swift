import Engine
import Signing

extension EthereumClient {
    /// Blocks asked for at once to begin with; fewer when the node finds that too many.
    private static let logBlocksMax: UInt64 = 2_000

    /// All logs of `address` in the given blocks, oldest first, whose topic 0 is one of `events` and whose topic 1 is one of
    /// `indexed` (anything if nil).
    ///
    /// Asks in pieces; nodes that limit a reply get smaller pieces.
    package func logs(
        of address: Address, events: [Hash256], indexed: [Hash256]? = nil, blocks: ClosedRange<UInt64>
    ) async throws(EthereumError) -> [EthereumLog] {
        let method = "eth_getLogs"
        var topics: [JSONValue] = [.array(events.map { .string($0.hex) })]
        if let indexed { topics.append(.array(indexed.map { .string($0.hex) })) }
        var found: [EthereumLog] = []
        var next = blocks.lowerBound
        var step = Self.logBlocksMax
        while next <= blocks.upperBound {
            let last = min(blocks.upperBound, next + step - 1)
            let filter: JSONValue = [
                "address": .string(address.hex), "topics": .array(topics), "fromBlock": .quantity(next), "toBlock": .quantity(last),
            ]
            let json: JSONValue
            do throws(EthereumError) {
                json = try await request(method, [filter])
            } catch .node(_, let code, let message) where step > 1 && Self.meansTooMany(code: code, message: message) {
                step /= 2
                continue
            }
            guard let items = json.items else { throw .malformedReply(method: method, detail: "not an array") }
            for item in items where item["removed"] != .bool(true) { found.append(try EthereumLog(json: item, method: method)) }
            next = last + 1
        }
        return found.sorted { ($0.blockNumber, $0.logIndex) < ($1.blockNumber, $1.logIndex) }
    }

    /// Providers word their limits differently: "block range", "too many", "more than 10000 results", "limit exceeded".
    private static func meansTooMany(code: Int, message: String) -> Bool {
        let message = message.lowercased()
        return code == -32005 || ["range", "too many", "more than", "limit", "too large"].contains { message.contains($0) }
    }
}
