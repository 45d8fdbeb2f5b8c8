import Engine
import Sequencer

/// How far a client has heard of one account: from where to go on after its connection broke, and what of that it has already.
///
/// Several messages can share a position, and a connection can break between them. So the replay is asked for from before the last position
/// heard of, and the messages of it that were heard of are dropped: they come in the same order again. If they do not, or if the replay ends before
/// what was heard of, then that is no longer part of what the exchange did (``HistoryLost``).
package struct ResumePoint: Sendable {
    /// Everything up to and with this was heard of.
    private var complete: StreamPosition?
    /// The position heard of last and the messages that told of it; more of them may come.
    private var last: (position: StreamPosition, messages: [ServerMessage])?
    /// How many of the last messages came again; nil if none is expected to.
    private var repeatedCount: Int?
    /// How far was heard of before the connection broke, and whether anything else was told of it since.
    private var heardOf = StreamPosition(rawValue: 0)
    private var isContradicted = false

    package init() {}

    /// Notes a message of the account. Returns false for one that was heard of before. Throws at the end of a replay that says that what was heard of
    /// before it is not so, and goes on from that end.
    package mutating func take(_ message: ServerMessage) throws(HistoryLost) -> Bool {
        if let position = message.eventPosition { return take(message, at: position) }
        switch message {
        case .caughtUp(let caughtUp): try finish(caughtUp.position)
        case .balances(let balances): complete = max(complete ?? balances.position, balances.position)
        case .subscription(let state): complete = max(complete ?? state.position, state.position)
        default: break
        }
        return true
    }

    /// After which position to subscribe again; nil if nothing was heard yet. `oldest` is where the exchange's replays can begin.
    package mutating func resume(oldest: StreamPosition) -> StreamPosition? {
        heardOf = max(complete ?? heardOf, last?.position ?? heardOf)
        repeatedCount = nil
        guard let last else { return complete }
        let before = StreamPosition(rawValue: last.position.rawValue - 1)
        // What is complete need not be told again, but if it is, that shows that it is still so.
        if let complete, complete >= last.position, before < oldest { return complete }
        repeatedCount = 0
        return before
    }

    private mutating func take(_ message: ServerMessage, at position: StreamPosition) -> Bool {
        if let count = repeatedCount, let last {
            if message == last.messages[count] {
                repeatedCount = count + 1 < last.messages.count ? count + 1 : nil
                return false
            }
            contradict(after: count)
        }
        if last?.position != position { last = (position, []) }
        last?.messages.append(message)
        return true
    }

    /// Of the last messages only `count` came again.
    private mutating func contradict(after count: Int) {
        isContradicted = true
        repeatedCount = nil
        last?.messages.removeSubrange(count...)
    }

    private mutating func finish(_ position: StreamPosition) throws(HistoryLost) {
        if let count = repeatedCount { contradict(after: count) }
        let heardOf = max(heardOf, complete ?? heardOf)
        complete = position
        guard isContradicted || position < heardOf else { return }
        if let last, last.position > position || last.messages.isEmpty { self.last = nil }
        self.heardOf = position
        isContradicted = false
        throw HistoryLost(heardOf: heardOf, caughtUp: position)
    }
}

/// The exchange has lost something that a client had heard of: it lies behind what the exchange has, or something else is in its place.
package struct HistoryLost: Error, Equatable, Sendable, CustomStringConvertible {
    /// The position that was heard of.
    package var heardOf: StreamPosition
    /// Up to where the client has now been told what happened.
    package var caughtUp: StreamPosition

    package var description: String {
        let (heardOf, caughtUp) = ("\(heardOf.block).\(heardOf.place)", "\(caughtUp.block).\(caughtUp.place)")
        return """
            what this client had heard of, up to position \(heardOf), is not what the exchange tells now, up to \(caughtUp): it has lost some of it, as a loss of \
            power can do; query the account and trust that, and keep the receipts
            """
    }
}

extension ServerMessage {
    /// Where the event stands that the message tells an account of; nil of other messages.
    package var eventPosition: StreamPosition? {
        switch self {
        case .fill(let fill): fill.position
        case .order(let order): order.position
        case .trigger(let trigger): trigger.position
        case .funds(let funds): funds.position
        case .account(let account): account.position
        default: nil
        }
    }
}
