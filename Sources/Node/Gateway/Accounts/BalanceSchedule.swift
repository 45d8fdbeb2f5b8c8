/// Decides when the executor is asked for the balances of which account: soon after something changed, but no account more often than once in
/// an interval. Loop's thread; pure; each operation O(1).
///
///     touch --> ready --next--> cooling --interval over--> ready again if it was touched meanwhile, else forgotten
struct BalanceSchedule {
    private enum State {
        case ready
        case cooling(isTouched: Bool)
    }

    let intervalMs: UInt64
    private var states: [UInt32: State] = [:]
    private var ready = Fifo<UInt32>()
    private var cooling = Fifo<(account: UInt32, untilMs: UInt64)>()

    init(intervalMs: UInt64) { self.intervalMs = intervalMs }

    /// Something about the account changed, or somebody wants to know.
    mutating func touch(_ account: UInt32) {
        switch states[account] {
        case nil:
            states[account] = .ready
            ready.append(account)
        case .ready: break
        case .cooling: states[account] = .cooling(isTouched: true)
        }
    }

    /// Passes accounts whose turn it is to `ask`, oldest first, until it says no.
    mutating func ask(nowMs: UInt64, _ ask: (UInt32) -> Bool) {
        while let next = cooling.first, next.untilMs <= nowMs {
            cooling.popFirst()
            guard case .cooling(isTouched: true) = states[next.account] else {
                states[next.account] = nil
                continue
            }
            states[next.account] = .ready
            ready.append(next.account)
        }
        while let account = ready.first, ask(account) {
            ready.popFirst()
            states[account] = .cooling(isTouched: false)
            cooling.append((account, nowMs + intervalMs))
        }
    }

    /// When the next account has waited long enough; nil if none waits.
    var nextDueMs: UInt64? { cooling.first?.untilMs }
}
