import Engine
import Sequencer

/// How far a client has heard of one account: from where to go on after its connection broke, and what of that it has already.
///
/// Several messages can share a position, and a connection can break between them. So the replay is asked for from before the last position
/// heard of, and as many of its messages as were heard of are dropped: they come in the same order again.
package struct ResumePoint: Equatable, Sendable {
    /// Everything up to and with this was heard of.
    private var complete: StreamPosition?
    /// The position heard of last, if more of it may come, and how many of its messages were heard of.
    private var last: (position: StreamPosition, count: Int)?
    /// Messages of `last` that will be repeated.
    private var repeatedCount = 0

    package init() {}

    /// Notes a message of the account. Returns false for one that was heard of before.
    package mutating func take(_ message: ServerMessage) -> Bool {
        if let position = message.eventPosition { return take(position) }
        switch message {
        case .caughtUp(let caughtUp): finish(caughtUp.position)
        case .balances(let balances): finish(balances.position)
        case .subscription(let state): finish(state.position)
        default: break
        }
        return true
    }

    /// After which position to subscribe again; nil if nothing was heard yet.
    package mutating func resume() -> StreamPosition? {
        repeatedCount = last?.count ?? 0
        return last.map { StreamPosition(rawValue: $0.position.rawValue - 1) } ?? complete
    }

    private mutating func take(_ position: StreamPosition) -> Bool {
        if last?.position != position {
            last = (position, 0)
            repeatedCount = 0
        }
        guard repeatedCount == 0 else {
            repeatedCount -= 1
            return false
        }
        last?.count += 1
        return true
    }

    private mutating func finish(_ position: StreamPosition) {
        guard position >= last?.position ?? position else { return }
        last = nil
        repeatedCount = 0
        complete = max(complete ?? position, position)
    }

    package static func == (one: ResumePoint, other: ResumePoint) -> Bool {
        one.complete == other.complete && one.last?.position == other.last?.position && one.last?.count == other.last?.count
            && one.repeatedCount == other.repeatedCount
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
