import Settlement

extension MetricsPage {
    /// What waits for L1, and what was brought there since the process began.
    mutating func add(_ status: BacklogWatch.Status, nowMs: UInt64) {
        add("memex_l1_backlog_batches", .gauge, "Batches that are not on L1 yet.", status.backlog.batches)
        add("memex_l1_backlog_bytes", .gauge, "Bytes of batches that are not on L1 yet.", status.backlog.bytes)
        add("memex_l1_backlog_age_ms", .gauge, "Age of the oldest block in a batch that is not on L1 yet.", status.backlog.ageMs(at: nowMs))
        add("memex_new_orders_taken", .gauge, "Whether new orders are taken: 0 while L1 is too far behind.", status.refusal == nil ? 1 : 0)
        add(status.posted)
    }

    private mutating func add(_ posted: PostingTotals) {
        add(
            "memex_l1_batches_posted_total", .counter, "Batches that L1 has included.", label: "carrier",
            [(key: "calldata", value: posted.batchesAsCalldata), (key: "blob", value: posted.batchesInBlobs)])
        add("memex_l1_gas_total", .counter, "Gas of the transactions that L1 has included.", posted.gas)
        add("memex_l1_blob_gas_total", .counter, "Blob gas of the transactions that L1 has included.", posted.blobGas)
        add(
            "memex_l1_fees_gwei_total", .counter, "What was paid for these.", label: "for",
            [(key: "gas", value: posted.gasFeesGwei), (key: "blob_gas", value: posted.blobGasFeesGwei)])
    }
}
