import CLibuv
import Engine
import Sequencer

/// What accounts have: asked of the executor after changes, and sent to those who listen.
extension GatewayLoop {
    /// Asks for the balances that may have changed, as far as few answers are awaited.
    func askForBalances() {
        balances.ask(nowMs: nowMs) { account in
            guard balanceQuestionCount < limits.balanceQuestionsInFlightMax, ask(balancesOf: account) else { return false }
            balanceQuestionCount += 1
            return true
        }
        commitToExecutor()
        if let due = balances.nextDueMs { takeTurn(at: due) }
    }

    /// Has a turn taken at loop time `dueMs`, or a little later.
    func takeTurn(at dueMs: UInt64) {
        let waitMs = dueMs > nowMs ? dueMs - nowMs : 1
        guard uv_is_active(handle(accountTimer)) == 0 || uv_timer_get_due_in(accountTimer) > waitMs else { return }
        // The turn behind the timer does the work.
        uv_timer_start(accountTimer, { _ in }, waitMs, 0)
    }

    private func ask(balancesOf account: UInt32) -> Bool {
        var body: (UInt64, UInt32, (UInt64, UInt64)) = (UInt64(QueryKind.balances.rawValue), account, (0, 0))
        return withUnsafeBytes(of: &body) {
            ask(session: ownSession, tag: Self.balancesTag | UInt64(account), UnsafeRawBufferPointer(rebasing: $0[..<QueryLayout.bytes]))
        }
    }

    /// The executor's answer. It shows the state after everything that came before it in the log, which is what was published so far.
    func answeredBalances(account: UInt32, _ reply: UnsafeRawBufferPointer) {
        balanceQuestionCount -= 1
        guard accounts.isHeard(account), reply.count >= QueryReply.Balances.holdings, reply[QueryReply.isFound] == 1 else { return }
        let count = reply.loadUnaligned(fromByteOffset: QueryReply.count, as: UInt32.self)
        // A holding of the reply looks like an entry of the message.
        let entries = UnsafeRawBufferPointer(rebasing: reply[QueryReply.Balances.holdings...].prefix(Int(count) * QueryReply.Holding.bytes))
        for feed in accounts.feeds(of: account) {
            send(to: feed.subscribers) { buffer in
                buffer.append(balancesOf: account, owner: feed.owner, position: position, count: UInt16(clamping: count))
                buffer.append(entries)
            }
        }
    }
}
