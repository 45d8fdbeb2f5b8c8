import Engine
import Sequencer

/// What connections missed, from the log's history: a bounded slice a turn, so that nobody's ack waits for somebody's replay.
extension GatewayLoop {
    func startReplay(_ connection: Connection, _ feed: AccountFeeds.Feed, after: StreamPosition, isAnnounced: Bool) {
        guard let cursor = history.cursor(after: after) else {
            return endSubscription(connection, feed)
        }
        feed.replayCount += 1
        replays.append(AccountReplay(connection, feed, from: cursor, after: after, isAnnounced: isAnnounced))
    }

    /// Goes on with some replays, those that waited longest first.
    func stepReplays() {
        guard !replays.isEmpty else { return }
        let deadline = MonotonicClock.nanoseconds() + limits.replayNanosecondsPerTurn
        var stalledCount = 0
        while stalledCount < replays.count, MonotonicClock.nanoseconds() < deadline, let replay = replays.popFirst() {
            // What waits for a slow reader is bounded; its socket's progress makes the next turn. And another thread of the gateway may have told the
            // client more than this one has read by now: that is not lost, and does not come twice. What is unread makes the next turn.
            guard replay.connection.waitingBytes < limits.replayOutputBytesMax, position >= replay.after || fromExecutor.isEmpty else {
                replays.append(replay)
                stalledCount += 1
                continue
            }
            let feed = replay.feed
            let step = replay.step(history, until: fromExecutor.offset) { message in
                send(to: replay.connection) { message.write(owner: feed.owner, subaccount: feed.key.subaccount, to: &$0) }
            }
            switch step {
            case .more: replays.append(replay)
            case .done, .gone: finish(replay, isGone: step == .gone)
            }
        }
        if stalledCount < replays.count { isMoreDue = true }
    }

    private func finish(_ replay: AccountReplay, isGone: Bool) {
        replay.feed.replayCount -= 1
        // Sending may have ended the connection.
        guard replay.connection.phase == .open else { return accounts.removeIfUnused(replay.feed) }
        if isGone { return endSubscription(replay.connection, replay.feed) }
        if replay.isAnnounced { sendCaughtUp(replay.connection, replay.feed) }
        joinLive(replay.connection, replay.feed)
    }

    /// What should have been replayed is no longer kept: the client must ask for the state instead.
    private func endSubscription(_ connection: Connection, _ feed: AccountFeeds.Feed) {
        connection.subscriptions.removeAll { $0.account == feed.key }
        reject(connection, .historyGone, messageType: Wire.ToServer.subscribe, detail: RejectDetail.oldest(fromExecutor.log.oldestPosition))
        accounts.removeIfUnused(feed)
    }

    /// Forgets the replays for which `condition` holds.
    func endReplays(_ condition: (AccountReplay) -> Bool) {
        replays.removeAll { replay in
            guard condition(replay) else { return false }
            replay.feed.replayCount -= 1
            return true
        }
    }
}

extension ClientMessage.Subscription {
    /// The account that a subscription to the account channel is about.
    var account: AccountFeeds.Key? { channel == .account ? AccountFeeds.Key(owner, subaccount: subaccount) : nil }
}
