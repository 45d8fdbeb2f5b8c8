import Engine

/// What ``InboxWatcher`` needs of L1.
package protocol InboxSource: Sendable {
    /// Number of the newest L1 block.
    func headNumber() async throws(EthereumError) -> UInt64
    /// The inbox messages in the given blocks with their indices, oldest first.
    func messages(in blocks: ClosedRange<UInt64>) async throws(EthereumError) -> [(index: UInt64, message: InboxMessage)]
    /// The contract's accumulator over the first `count` messages.
    func accumulator(count: UInt64) async throws(EthereumError) -> Hash256
}

extension RollupContract: InboxSource {
    package func headNumber() async throws(EthereumError) -> UInt64 { try await client.blockNumber() }

    package func messages(in blocks: ClosedRange<UInt64>) async throws(EthereumError) -> [(index: UInt64, message: InboxMessage)] {
        var messages: [(index: UInt64, message: InboxMessage)] = []
        for log in try await client.logs(of: address, events: [RollupEvent.inboxMessageTopic], blocks: blocks) {
            guard case .inboxMessage(let index, let message) = try event(log) else { continue }
            messages.append((index, message))
        }
        return messages
    }

    package func accumulator(count: UInt64) async throws(EthereumError) -> Hash256 { try await inboxAccumulator(count: count) }

    /// The event in `log`; data that contradict its kind are the node's fault.
    func event(_ log: EthereumLog) throws(EthereumError) -> RollupEvent? {
        do { return try RollupEvent(log) } catch { throw .malformedReply(method: "eth_getLogs", detail: error.description) }
    }
}
