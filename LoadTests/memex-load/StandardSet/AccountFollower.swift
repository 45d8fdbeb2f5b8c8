import Engine
import Foundation
import Gateway
import Sequencer
import Synchronization

/// Follows one account over connections that end: keeps its messages in order, and resumes behind the last position that came whole.
///
/// Each connection is read on a thread of its own; the methods are for one thread, which calls them in the order begin, then any number of
/// ``waitUntilClosed()`` and ``resume(_:)``, then ``finish()``.
final class AccountFollower: Sendable {
    private let owner: Address
    /// Where the stream was when the following began.
    private let start: StreamPosition
    private let state: Mutex<State>
    private let isEnding = Atomic<Bool>(false)
    private let closed = DispatchSemaphore(value: 0)

    private struct State {
        var target: LoadTarget
        var messages: [ServerMessage] = []
        var failure: String?
    }

    /// Begins with what happens to an account from now on.
    init(target: LoadTarget, account: Int) throws {
        owner = target.keys[account].address
        let client = try GatewayClient(url: target.url, trust: target.trust)
        start = try client.submit([.cancelAll(market: 1, sides: .both)], key: target.keys[account]).streamPosition
        client.close()
        state = Mutex(State(target: target))
        try follow(target, after: start)
    }

    /// Waits until the server has gone and all that came was kept.
    func waitUntilClosed() { closed.wait() }

    /// Goes on over a new connection. The messages of the last position may have been cut short, so they are asked for once more.
    func resume(_ target: LoadTarget) throws {
        let last = try state.withLock { state throws in
            if let failure = state.failure { throw LoadFailure("following an account: \(failure)") }
            state.target = target
            if let last = state.messages.last?.accountPosition { state.messages.removeAll { $0.accountPosition == last } }
            return state.messages.last?.accountPosition
        }
        try follow(target, after: last ?? start)
    }

    /// Ends the following. Tells how many messages came, and in how many places they differ from what the exchange tells of the same time now.
    func finish() throws -> (messages: Int, faults: Int) {
        let told = try wholeStream()
        // What the exchange has told another client may still be on its way here.
        let deadline = MonotonicClock.milliseconds() + 5000
        while state.withLock({ $0.messages.count }) < told.count, MonotonicClock.milliseconds() < deadline { usleep(10_000) }
        isEnding.store(true, ordering: .relaxed)
        closed.wait()
        let kept = state.withLock { $0.messages }
        let equal = zip(kept, told).filter { $0 == $1 }.count
        return (kept.count, max(kept.count, told.count) - equal)
    }

    private func follow(_ target: LoadTarget, after position: StreamPosition) throws {
        let client = try GatewayClient(url: target.url, trust: target.trust)
        try client.subscribe(.account, owner: owner, after: position)
        let reader = Reader(client: client)
        Thread { [self] in
            read(reader.client)
            closed.signal()
        }.start()
    }

    /// Hands a client over to another thread for good.
    private struct Reader: @unchecked Sendable { let client: GatewayClient }

    private func read(_ client: GatewayClient) {
        while !isEnding.load(ordering: .relaxed) {
            do {
                guard let message = try client.receive(timeoutMs: 100), message.accountPosition != nil else { continue }
                state.withLock { $0.messages.append(message) }
            } catch {
                if case .closed = error { return }
                return state.withLock { $0.failure = "\(error)" }
            }
        }
    }

    private func wholeStream() throws -> [ServerMessage] {
        let target = state.withLock { $0.target }
        let client = try GatewayClient(url: target.url, trust: target.trust)
        defer { client.close() }
        try client.subscribe(.account, owner: owner, after: start)
        var told: [ServerMessage] = []
        while let message = try client.receive(timeoutMs: client.timeoutMs) {
            if case .caughtUp = message { return told }
            if message.accountPosition != nil { told.append(message) }
        }
        throw LoadFailure("the exchange did not say that the account's stream has caught up")
    }
}

extension ServerMessage {
    /// Stream position of a message that tells what happened to one account; nil for all others, and for balances, which tell of a state.
    fileprivate var accountPosition: StreamPosition? {
        switch self {
        case .fill(let message): message.position
        case .order(let message): message.position
        case .trigger(let message): message.position
        case .funds(let message): message.position
        case .account(let message): message.position
        default: nil
        }
    }
}
