import Engine
import Gateway

extension MetricsPage {
    /// Who is connected, and with TLS how long its certificate is good.
    mutating func add(_ gateway: Gateway) {
        add(gateway.statistics, openCount: gateway.openCount)
        guard let secondsLeft = gateway.certificateSecondsLeft else { return }
        add("memex_certificate_remaining_seconds", .gauge, "Until the TLS certificate is over; negative: it is.", secondsLeft)
    }

    /// What the gateway's threads counted since the process began.
    mutating func add(_ statistics: GatewayStatistics, openCount: Int) {
        add("memex_connections_open", .gauge, "WebSockets that are open.", openCount)
        add("memex_connections_accepted_total", .counter, "TCP connections accepted.", statistics.accepted.value)
        add(
            "memex_connections_turned_away_total", .counter, "TCP connections closed at once, without an answer.",
            statistics.turnedAway.value)
        add("memex_connections_opened_total", .counter, "WebSockets opened.", statistics.opened.value)
        add("memex_refusals_total", .counter, "Requests answered with HTTP instead of a WebSocket.", statistics.refusals, label: "status")
        add("memex_closes_total", .counter, "WebSockets that ended.", statistics.closes, label: "code")
        add("memex_rejects_total", .counter, "Messages refused by the gateway or the executor.", statistics.rejects, label: "code") {
            RejectCode(rawValue: $0).map { "\($0)" }
        }
        add(
            "memex_steps_in_place_total", .counter, "Times that a gateway thread did the executor's work itself.",
            statistics.stepsInPlace.value)
        add(
            "memex_busy_polls_total", .counter, "Times that a gateway thread looked for input where it would have slept.",
            statistics.busyPolls.value)
        add(
            "memex_gateway_pauses_total", .counter, "Times that a gateway thread did not look at its connections for more than 250 ms.",
            label: "during", statistics.pauses.values.map { (key: $0.part, value: $0.count) })
        add(
            "memex_gateway_longest_pause_ms", .gauge, "Longest time that a gateway thread did not look at its connections.",
            statistics.longestPauseMs.value)
        add("memex_executor_calls_total", .counter, "Times that a gateway thread called the executor.", statistics.executorCalls.value)
    }

    /// A value for each code that was ever counted; `other` stands for all that are not known.
    private mutating func add(
        _ name: String, _ kind: Kind, _ help: String, _ counters: CodeCounters, label: String,
        name codeName: (UInt16) -> String? = { "\($0)" }
    ) {
        let counted = counters.values.filter { $0.count > 0 }
        add(name, kind, help, label: label, counted.map { (key: $0.code.flatMap(codeName) ?? "other", value: $0.count) })
    }
}
