import Engine
import Logging
import Signing
import Synchronization
import Testing

@testable import Settlement

/// An inbox in memory whose node can be made to misbehave.
final class FakeInbox: InboxSource {
    struct State {
        var head: UInt64 = 10
        /// Message and the block that holds it.
        var messages: [(block: UInt64, message: InboxMessage)] = []
        var isAway = false
        /// Index of a message that the node leaves out of its logs.
        var hidden: UInt64?
        /// Index of a message that the node alters.
        var altered: UInt64?
    }

    let state = Mutex(State())

    func add(_ amount: UInt64, block: UInt64) {
        var message = InboxMessage()
        message.kind = Hash256(.init(InboxMessage.Kind.deposit)) ?? .zero
        message.c = Hash256(.init(amount)) ?? .zero
        state.withLock { $0.messages.append((block, message)) }
    }

    func headNumber() async throws(EthereumError) -> UInt64 {
        let (head, isAway) = state.withLock { ($0.head, $0.isAway) }
        if isAway { throw .cannotConnect(url: "fake", reason: "away") }
        return head
    }

    func messages(in blocks: ClosedRange<UInt64>) async throws(EthereumError) -> [(index: UInt64, message: InboxMessage)] {
        state.withLock { state in
            var found: [(index: UInt64, message: InboxMessage)] = []
            for (index, entry) in state.messages.enumerated() where blocks.contains(entry.block) && state.hidden != UInt64(index) {
                var message = entry.message
                if state.altered == UInt64(index) { message.d.word0 = 1 }
                found.append((UInt64(index), message))
            }
            return found
        }
    }

    func accumulator(count: UInt64) async throws(EthereumError) -> Hash256 {
        state.withLock { state in
            // Like the contract: zero for messages that are not there yet.
            count > state.messages.count ? .zero : state.messages.prefix(Int(count)).reduce(.zero) { $1.message.extending($0) }
        }
    }
}

@Suite struct InboxWatcherTests {
    private func watcher(_ source: FakeInbox, nextIndex: UInt64 = 0, confirmations: UInt64 = 2) -> InboxWatcher {
        var configuration = InboxWatcher.Configuration()
        configuration.confirmations = confirmations
        configuration.blocksPerPoll = 8
        configuration.pollSeconds = 0.01
        return InboxWatcher(
            source: source, nextIndex: nextIndex, deployedAtBlock: 3, configuration: configuration, logger: Logger(label: "test"))
    }

    private func amounts(_ delivery: InboxWatcher.Delivery?) -> [UInt64] {
        (delivery?.messages ?? []).map { UInt64($0.c.number) }
    }

    @Test func `hands over each message once, in order, when it is deep enough`() async throws {
        let inbox = FakeInbox()
        for (amount, block) in [(1, 3), (2, 8), (3, 9), (4, 30)] as [(UInt64, UInt64)] { inbox.add(amount, block: block) }
        let watcher = watcher(inbox)
        var delivery = try await watcher.poll()
        #expect(amounts(delivery) == [1, 2])
        #expect(delivery?.first == 0)
        #expect(delivery?.l1Block == 8)
        #expect(try await watcher.poll() == nil)
        inbox.state.withLock { $0.head = 40 }
        var all: [UInt64] = []
        repeat {
            delivery = try await watcher.poll()
            all += amounts(delivery)
        } while delivery != nil
        #expect(all == [3, 4])
    }

    @Test func `begins in the middle after a restart`() async throws {
        let inbox = FakeInbox()
        for amount in 1...5 as ClosedRange<UInt64> { inbox.add(amount, block: 4) }
        let delivery = try await watcher(inbox, nextIndex: 3).poll()
        #expect(delivery?.first == 3)
        #expect(amounts(delivery) == [4, 5])
    }

    @Test func `a node that hides or alters a message only delays`() async throws {
        let inbox = FakeInbox()
        for amount in 1...3 as ClosedRange<UInt64> { inbox.add(amount, block: 4) }
        let watcher = watcher(inbox)
        inbox.state.withLock { $0.hidden = 1 }
        await #expect(throws: InboxError.gap(expected: 1, found: 2)) { try await watcher.poll() }
        inbox.state.withLock {
            $0.hidden = nil; $0.altered = 2
        }
        await #expect(throws: InboxError.self) { try await watcher.poll() }
        inbox.state.withLock { $0.altered = nil }
        #expect(amounts(try await watcher.poll()) == [1, 2, 3])
    }

    /// The exchange has consumed what was handed over; what L1 says instead can never be applied.
    @Test(arguments: [false, true]) func `never goes on from messages that L1 has replaced`(withMore: Bool) async throws {
        let inbox = FakeInbox()
        inbox.add(1, block: 4)
        inbox.add(2, block: 6)
        let watcher = watcher(inbox)
        #expect(amounts(try await watcher.poll()) == [1, 2])
        inbox.state.withLock {
            $0.messages.removeLast()
            $0.head = 20
        }
        inbox.add(9, block: 7)
        if withMore { inbox.add(3, block: 12) }
        for _ in 0..<4 { await #expect(throws: InboxError.self) { try await watcher.poll() } }
    }

    @Test(.timeLimit(.minutes(15)))
    func `tells when L1 has other messages than were handed over, also after a restart, and when they are back`() async throws {
        let inbox = FakeInbox()
        inbox.add(1, block: 4)
        let first = try #require(try await watcher(inbox).poll())
        #expect(first.accumulators.count == 1)
        inbox.state.withLock { $0.messages.removeAll() }
        inbox.add(9, block: 4)
        var configuration = InboxWatcher.Configuration()
        configuration.pollSeconds = 0.001
        let successor = InboxWatcher(
            source: inbox, nextIndex: 1, accumulator: first.accumulators[0], deployedAtBlock: 3, configuration: configuration,
            logger: .silent)
        let answers = Mutex<[Bool]>([])
        let task = Task {
            await successor.run {
                agrees in
                answers.withLock { $0.append(agrees) }
            } deliver: { _ in
                true
            }
        }
        while answers.withLock({ $0 }) != [false] { await Task.yield() }
        inbox.state.withLock { $0.messages.removeAll() }
        inbox.add(1, block: 4)
        while answers.withLock({ $0 }) != [false, true] { await Task.yield() }
        task.cancel()
        await task.value
    }

    @Test func `waits for a node that is behind the exchange`() async throws {
        let inbox = FakeInbox()
        inbox.add(1, block: 4)
        let watcher = watcher(inbox, nextIndex: 2)
        await #expect(throws: InboxError.self) { try await watcher.poll() }
        inbox.add(2, block: 5)
        inbox.add(3, block: 5)
        #expect(amounts(try await watcher.poll()) == [3])
    }

    /// A disk that was full for a moment, for example, must not keep deposits away for good.
    @Test(.timeLimit(.minutes(15))) func `survives L1 being away, and hands over again what was not taken`() async throws {
        let inbox = FakeInbox()
        inbox.add(7, block: 4)
        inbox.state.withLock { $0.isAway = true }
        let watcher = watcher(inbox)
        await #expect(throws: EthereumError.self) { try await watcher.poll() }
        let offered = Mutex<[InboxWatcher.Delivery]>([])
        let task = Task {
            await watcher.run { delivery in
                offered.withLock { offered in
                    offered.append(delivery)
                    return offered.count > 2
                }
            }
        }
        inbox.state.withLock { $0.isAway = false }
        while offered.withLock({ $0.count }) < 3 { await Task.yield() }
        task.cancel()
        await task.value
        #expect(offered.withLock { $0.map { amounts($0) } } == [[7], [7], [7]])
    }
}
