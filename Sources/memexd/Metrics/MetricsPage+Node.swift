import Glibc
import Sequencer

extension MetricsPage {
    /// What the executor and the sealer counted since the process began.
    mutating func add(_ sequencer: Sequencer) {
        let statistics = sequencer.shared.statistics
        add(
            "memex_batches_total", .counter, "Command batches by outcome.", label: "outcome",
            [
                (key: "admitted", value: statistics.batchesAdmitted.value), (key: "refused", value: statistics.batchesRefused.value),
            ])
        add("memex_commands_total", .counter, "Commands of admitted batches.", statistics.commands.value)
        add("memex_commands_rejected_total", .counter, "Commands that were refused alone.", statistics.commandsRejected.value)
        add(
            "memex_events_total", .counter,
            "What commands and blocks caused. cancelled: each by its own command; reduced: taken off or made smaller by anything else but a fill.",
            label: "kind",
            [
                (key: "placed", value: statistics.ordersPlaced.value), (key: "cancelled", value: statistics.cancels.value),
                (key: "modified", value: statistics.modifies.value), (key: "reduced", value: statistics.reductions.value),
                (key: "fill", value: statistics.fills.value), (key: "auction_trade", value: statistics.auctionTrades.value),
                (key: "trigger_placed", value: statistics.triggersPlaced.value), (key: "triggered", value: statistics.triggersFired.value),
                (key: "deposit", value: statistics.deposits.value), (key: "withdrawal", value: statistics.withdrawals.value),
                (key: "session_ended", value: statistics.sessionsEnded.value),
                (key: "market_opened", value: statistics.marketsOpened.value),
            ])
        add("memex_queries_total", .counter, "Queries answered by the executor.", statistics.queries.value)
        add(
            "memex_event_records_damaged_total", .counter, "Records of events.log that were read back and not as they had been written.",
            statistics.eventRecordsDamaged.value)
        add("memex_journal_rows_total", .counter, "Groups committed to the journal.", statistics.groups.value)
        add("memex_journal_bytes_total", .counter, "Bytes committed to the journal.", statistics.journalBytes.value)
        add(
            "memex_journal_longest_write_ms", .gauge, "Longest time that the journal's rows took to reach the disk's cache.",
            statistics.journalLongestWriteMs.value)
        add(
            "memex_executor_longest_step_ms", .gauge, "Longest step of the executor's thread: so long nothing was executed.",
            statistics.executorLongestStepMs.value)
        add("memex_blocks_sealed_total", .counter, "Blocks whose header was signed.", statistics.blocksSealed.value)
        add("memex_seal_waits_total", .counter, "Times that commands waited because the sealer was behind.", statistics.sealWaits.value)
        add("memex_batches_cut_total", .counter, "Rollup batches made for L1.", statistics.batchesCut.value)
        add("memex_batch_bytes_total", .counter, "Bytes of rollup batches made for L1.", statistics.batchBytes.value)
        add("memex_checkpoints_total", .counter, "Checkpoints written.", statistics.checkpoints.value)
        add(
            "memex_checkpoints_failed_total", .counter, "Checkpoints that could not be written or folded.",
            statistics.checkpointsFailed.value)
        add(
            "memex_checkpoint_microseconds_total", .counter, "What the sealer spent on checkpoints instead of blocks.",
            statistics.checkpointMicroseconds.value)
        add("memex_sealed_block", .gauge, "Number of the last sealed block.", sequencer.shared.sealedHead.number)
        add("memex_sealed_block_time_ms", .gauge, "Time of the last sealed block since 1970.", sequencer.shared.sealedHead.timeMs)
        add("memex_seal_backlog_blocks", .gauge, "Blocks closed and not sealed yet.", sequencer.sealBacklog)
        add("memex_inbox_cursor", .gauge, "L1 inbox messages handed to the executor.", sequencer.inbox.nextIndex)
    }

    /// What the kernel says of this process, under the names that Prometheus' own client libraries use.
    mutating func addProcess() {
        if let pages = Self.residentPages() {
            add("process_resident_memory_bytes", .gauge, "Resident memory size in bytes.", pages * UInt64(sysconf(Int32(_SC_PAGESIZE))))
        }
        var used = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used)
        add(
            "process_cpu_seconds_total", .counter, "CPU time of all threads in seconds.",
            Double(used.tv_sec) + Double(used.tv_nsec) / 1e9)
    }

    private static func residentPages() -> UInt64? {
        guard let file = fopen("/proc/self/statm", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: " ")
        return fields.count > 1 ? UInt64(fields[1]) : nil
    }
}
