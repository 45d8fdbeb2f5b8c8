import Engine

/// Opening and closing of blocks, and the journal's commits.
extension Executor {
    /// Opens the next block with the inbox messages that wait.
    func openBlock(_ nowMs: UInt64) throws {
        let (messages, l1Block) = inbox.take(countMax: configuration.inboxMessagesMax)
        l1Origin = max(l1Origin, l1Block)
        lastBlockTimeMs = max(lastBlockTimeMs, nowMs)
        openedAtMs = nowMs
        let opening = BlockOpening(number: producer.blockNumber + 1, timeMs: lastBlockTimeMs, l1Origin: l1Origin)
        producer.openBlock(opening, messages: messages)
        group.appendBlockOpened(opening, messages: messages)
        shared.statistics.count(producer.exchange.events)
        try writeOpening(opening, events: producer.exchange.events)
    }

    /// Closes the open block. The sealer must have room.
    func closeBlock(_ nowMs: UInt64) {
        group.appendBlockClosed(producer.blockNumber)
        closed.append(producer.closeBlock(replacingWith: sealing.takeFresh()))
        closedAtMs = nowMs
        shared.statistics.blocksClosed.add(1)
    }

    /// When the open block must close, or the silence since the last one ends, by the clock; earlier if a market opens or a timer is due.
    var dueAtMs: UInt64 {
        guard producer.open == nil else { return openedAtMs + configuration.blockIntervalMs }
        let idle = closedAtMs + configuration.idleBlockIntervalMs
        // Nobody need send anything for what was set to a time, and for what a block left undone to go on.
        guard let nextMs = hasUnfinishedBusiness ? 0 : nextScheduledMs else { return idle }
        return min(idle, max(closedAtMs + configuration.blockIntervalMs, nextMs))
    }

    /// When a market opens or a timer is due; nil if nothing is set to a time.
    private var nextScheduledMs: UInt64? {
        let nextOpeningMs = producer.exchange.schedule.nextOpeningMs
        guard let nextTimerMs = producer.exchange.nextTimerMs else { return nextOpeningMs == 0 ? nil : nextOpeningMs }
        return nextOpeningMs == 0 ? nextTimerMs : min(nextOpeningMs, nextTimerMs)
    }

    /// Whether the last block left something undone, with which the next one begins.
    var hasUnfinishedBusiness: Bool {
        let schedule = producer.exchange.schedule
        // Else somebody's thousands of expiries would put off another's dead-man's switch by an idle interval each few thousand.
        let isSweepUnfinished = schedule.timersDoneMs < producer.exchange.header.blockTimeMs
        return schedule.uncrossingCount > 0 || schedule.firstPendingMarket != 0 || isSweepUnfinished
    }

    /// Whether the open block is over, or the silence since the last one. Also when the clock was set back, since it cannot be told
    /// how long ago that was; a block that recovery left open is over at once.
    func isCloseDue(_ nowMs: UInt64) -> Bool {
        nowMs >= dueAtMs || nowMs < (producer.open == nil ? closedAtMs : openedAtMs)
    }

    /// Closes the open block if another envelope might not fit it. Returns false if the sealer must catch up first:
    /// until then nothing more is taken in, since a block larger than a batch could never be posted.
    func makeRoomInBlock(_ nowMs: UInt64) -> Bool {
        guard isBlockFull else { return true }
        guard sealing.hasRoom else {
            if !inputs.isEmpty { shared.statistics.sealWaits.add(1) }
            return false
        }
        closeBlock(nowMs)
        return true
    }

    /// Whether another envelope might not fit the open block.
    var isBlockFull: Bool { producer.open != nil && producer.job.envelopes.count >= configuration.blockBytesMax }

    /// Whether the journal has room for the group and whatever one more record, or the closing and opening of a block, can add to it. It is made by the
    /// journal's mover, which wakes the executor's thread then.
    var hasJournalRoom: Bool { journal.hasRoom(group.bytes.count + configuration.groupGrowthBytesMax) }

    /// Makes what the exchange applied durable, then lets the gateway and the sealer see it.
    func commitGroup() throws {
        if !group.isEmpty {
            try journal.append(group, lastBlock: producer.blockNumber)
            shared.statistics.groups.add(1)
            shared.statistics.journalBytes.add(UInt64(group.bytes.count))
            group.removeAll()
        }
        if log.hasUncommitted {
            log.commit()
            shared.wakeGateway()
        }
        if !closed.isEmpty {
            sealing.push(closed)
            closed.removeAll(keepingCapacity: true)
        }
    }
}
