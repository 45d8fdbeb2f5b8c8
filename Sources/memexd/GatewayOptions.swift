import ArgumentParser
import Gateway

/// How many clients the node serves, and how much each may ask of it.
struct GatewayOptions: ParsableArguments {
    @Option(help: "Threads that serve traders; by default a core is left for the executor, and more than 4 are not used.")
    var gatewayThreads = GatewayConfiguration.threadCountDefault

    @Option(
        help:
            "Microseconds that such a thread looks for more input before it sleeps, unless others want its core: answers sooner, for up to a core each while traders send. By default 2500 where there are more cores than such threads, else 0."
    )
    var gatewaySpinUs: UInt64?

    @Option(
        help:
            "Cores to keep these threads on, as 2,3: the first thread on the first and so on; best with no other busy thread there. Without it the system chooses."
    )
    var gatewayCores: String?

    @Option(help: "WebSockets open at once; the system must allow as many open files.")
    var connectionsMax = GatewayLimits().connectionsMax

    @Option(help: "Connections of one address (IPv6: network of 64 bits). Raise it for a proxy, which is one address.")
    var addressConnectionsMax = GatewayLimits().addressConnectionsMax

    @Option(help: "Messages a second from one address.")
    var addressMessagesPerSecond = GatewayLimits().addressMessages.perSecond

    @Option(help: "Commands a second of one account; cancels are not counted.")
    var accountCommandsPerSecond = GatewayLimits().accountCommands.perSecond

    @Option(help: "MiB that may wait in all for clients to read them.")
    var outputMibMax = GatewayLimits().outputBytesTotalMax >> 20

    @Option(
        help: "Milliseconds between two messages of market data to one subscriber, at least. 0 tells each change as soon as there is time.")
    var marketDataIntervalMs = GatewayLimits().marketDataIntervalMs

    var spinUs: UInt64 { gatewaySpinUs ?? GatewayConfiguration.spinUsDefault(threadCount: gatewayThreads) }

    var cores: [Int32] { gatewayCores.flatMap { GatewayConfiguration.cores($0) } ?? [] }

    /// As much may come at once as in a second, and at least one full batch.
    var limits: GatewayLimits {
        var limits = GatewayLimits()
        limits.connectionsMax = connectionsMax
        limits.addressConnectionsMax = addressConnectionsMax
        limits.addressMessages = Rate(perSecond: addressMessagesPerSecond, burst: max(1, addressMessagesPerSecond))
        limits.accountCommands = Rate(perSecond: accountCommandsPerSecond, burst: max(512, accountCommandsPerSecond))
        limits.marketDataIntervalMs = marketDataIntervalMs
        limits.outputBytesTotalMax = outputMibMax << 20
        return limits
    }

    func validate() throws {
        try OptionRange.check("--gateway-threads", gatewayThreads, 1...16)
        try OptionRange.check("--gateway-spin-us", spinUs, 0...1_000_000)
        try OptionRange.check("--connections-max", connectionsMax, 1...(1 << 16) - limits.refusedConnectionsMax)
        try OptionRange.check("--address-connections-max", addressConnectionsMax, 1...1 << 16)
        try OptionRange.check("--address-messages-per-second", addressMessagesPerSecond, 1...1_000_000_000)
        try OptionRange.check("--account-commands-per-second", accountCommandsPerSecond, 1...1_000_000_000)
        try OptionRange.check("--output-mib-max", outputMibMax, 4...1 << 20)
        try OptionRange.check("--market-data-interval-ms", marketDataIntervalMs, 0...60_000)
        guard gatewayCores == nil || !cores.isEmpty else {
            throw ValidationError("--gateway-cores wants numbers with commas between them: 2,3")
        }
        do { try limits.check() } catch { throw ValidationError(error.description) }
    }
}
