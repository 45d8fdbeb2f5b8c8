import Engine
import Logging

/// Follows the contract's inbox and hands over its messages in order, each once, when enough blocks lie above them.
///
/// Nothing is handed over that the contract's accumulator does not confirm: a node that leaves out, repeats or alters a message only
/// delays. What was handed over must stay on L1: if a reorganization deeper than the confirmations replaced it, nothing more is.
package actor InboxWatcher {
    package struct Configuration: Sendable {
        /// Blocks that must lie above a message's block. 0 trusts the newest block.
        package var confirmations: UInt64 = 2
        package var pollSeconds: Double = 1
        /// L1 blocks read at once.
        package var blocksPerPoll: UInt64 = 10_000

        package init() {}
    }

    /// New messages. May be empty: then only L1 went on.
    package struct Delivery: Equatable, Sendable {
        /// Index of the first message.
        package var first: UInt64
        package var messages: [InboxMessage]
        /// The inbox accumulator after each of them.
        package var accumulators: [Hash256]
        /// All messages up to this L1 block are known now.
        package var l1Block: UInt64
    }

    private let source: any InboxSource
    private let configuration: Configuration
    private let firstBlock: UInt64
    private let logger: Logger
    private var nextBlock: UInt64
    private var nextIndex: UInt64
    /// Over the first `nextIndex` messages, as handed over; nil until asked for.
    private var accumulator: Hash256?

    /// - Parameters:
    ///   - nextIndex: the first message not handed over yet.
    ///   - accumulator: over the messages that were handed over before, as they were; nil: not known, L1's is believed.
    ///   - deployedAtBlock: no message is older than this L1 block.
    package init(
        source: any InboxSource, nextIndex: UInt64, accumulator: Hash256? = nil, deployedAtBlock: UInt64,
        configuration: Configuration = Configuration(), logger: Logger
    ) {
        self.accumulator = accumulator
        self.source = source
        self.nextIndex = nextIndex
        self.configuration = configuration
        self.logger = logger
        firstBlock = deployedAtBlock
        nextBlock = deployedAtBlock
    }

    /// A node behind a balancer may answer once from the past; what L1 says this often in a row, it means.
    private static let disagreementsMax = 3

    /// Reads on until the task is cancelled. While L1 is away it tries again with growing pauses, as it does with messages for which `deliver` returns
    /// false, since it cannot take them: where deposits and forced commands are not consumed, anyone may halt the rollup before long. `agrees` is told
    /// false once L1 has lost or changed what was handed over, and true when it has it again.
    package func run(
        agrees: @Sendable (Bool) -> Void = { _ in }, deliver: @Sendable (Delivery) async -> Bool
    ) async {
        var backoff = Backoff(first: configuration.pollSeconds)
        var takes = Backoff(first: configuration.pollSeconds)
        var disagreements = 0
        while !Task.isCancelled {
            let before = (nextBlock, nextIndex, accumulator)
            do {
                let delivery = try await poll()
                if backoff.failures > 0 { logger.info("L1 answers again", metadata: ["failures": "\(backoff.failures)"]) }
                backoff.succeed()
                if let delivery {
                    if disagreements >= Self.disagreementsMax { agrees(true) }
                    disagreements = 0
                    if !delivery.messages.isEmpty {
                        logger.debug("inbox", metadata: ["first": "\(delivery.first)", "count": "\(delivery.messages.count)"])
                    }
                    guard await deliver(delivery) else {
                        (nextBlock, nextIndex, accumulator) = before
                        let pause = takes.fail()
                        logger.critical("the inbox messages were not taken: no deposits arrive; next try in \(pause) s")
                        try? await Task.sleep(for: .seconds(pause))
                        continue
                    }
                    takes.succeed()
                    // More may wait already.
                    if delivery.messages.count > 0 { continue }
                }
                try? await Task.sleep(for: .seconds(configuration.pollSeconds))
            } catch {
                let pause = min(backoff.fail(), error is InboxError ? 4 * configuration.pollSeconds : .infinity)
                if error is InboxError { disagreements += 1 }
                if disagreements == Self.disagreementsMax { agrees(false) }
                logger.log(
                    level: disagreements >= Self.disagreementsMax ? .critical : .warning,
                    "cannot read the L1 inbox: \(error); next try in \(pause) s")
                try? await Task.sleep(for: .seconds(pause))
            }
        }
    }

    /// One look at L1; nil if no further block is deep enough. Throws ``EthereumError`` or ``InboxError``.
    package func poll() async throws -> Delivery? {
        let head = try await source.headNumber()
        guard head >= configuration.confirmations else { return nil }
        let confirmed = min(head - configuration.confirmations, nextBlock + configuration.blocksPerPoll - 1)
        guard confirmed >= nextBlock else { return nil }

        var accumulator: Hash256
        if let known = self.accumulator {
            accumulator = known
        } else {
            accumulator = try await source.accumulator(count: nextIndex)
            guard nextIndex == 0 || accumulator != .zero else { throw InboxError.behind(count: nextIndex) }
        }
        var messages: [InboxMessage] = []
        var accumulators: [Hash256] = []
        for (index, message) in try await source.messages(in: nextBlock...confirmed) where index >= nextIndex {
            let expected = nextIndex + UInt64(messages.count)
            guard index == expected else { throw rescan(InboxError.gap(expected: expected, found: index)) }
            messages.append(message)
            accumulator = message.extending(accumulator)
            accumulators.append(accumulator)
        }
        let count = nextIndex + UInt64(messages.count)
        let onL1 = try await source.accumulator(count: count)
        guard onL1 != .zero || count == 0 else { throw rescan(InboxError.behind(count: count)) }
        guard accumulator == onL1 else {
            throw rescan(InboxError.accumulatorMismatch(count: count, computed: accumulator, onL1: onL1))
        }
        let delivery = Delivery(first: nextIndex, messages: messages, accumulators: accumulators, l1Block: confirmed)
        self.accumulator = accumulator
        nextIndex = count
        nextBlock = confirmed + 1
        return delivery
    }

    /// Begins again at the first block: messages may have moved to another block in a reorganization. The accumulator stays, since the
    /// exchange has consumed what is in it.
    private func rescan(_ error: InboxError) -> InboxError {
        nextBlock = firstBlock
        return error
    }
}

/// The inbox that a node showed is not the one that the contract commits to.
package enum InboxError: Error, Equatable, CustomStringConvertible {
    case gap(expected: UInt64, found: UInt64)
    case accumulatorMismatch(count: UInt64, computed: Hash256, onL1: Hash256)
    /// The contract, as the node shows it, does not have as many messages yet as the exchange has consumed.
    case behind(count: UInt64)

    package var description: String {
        switch self {
        case .gap(let expected, let found): "inbox message \(expected) is missing: the L1 node showed \(found) next"
        case .accumulatorMismatch(let count, let computed, let onL1):
            "the first \(count) inbox messages give the accumulator \(computed), the contract says \(onL1): the L1 node shows wrong logs, "
                + "or L1 was reorganized deeper than the confirmations waited for"
        case .behind(let count):
            "the L1 node does not show the first \(count) inbox messages, which the exchange has consumed: it is behind, or L1 was reorganized deeper than the "
                + "confirmations waited for"
        }
    }
}
