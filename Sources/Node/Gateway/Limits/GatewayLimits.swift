import Engine

/// Every bound of the gateway. Clients learn theirs from hello.
///
/// Bounds of memory, for all threads together: `connectionsMax` connections of 8 KiB (32 KiB with TLS, and 64 KiB for a moment of its handshake), and `outputBytesTotalMax` of
/// output, of which buffers that double may take twice as much.
package struct GatewayLimits: Sendable, Equatable {
    // MARK: Connections

    /// Open WebSockets; further upgrades get HTTP 503.
    package var connectionsMax = 10_000
    /// Connections beyond these that may exist to hear the 503 or ask for `/healthz`; further ones are closed at once.
    package var refusedConnectionsMax = 64
    /// From TCP connection to WebSocket.
    package var handshakeTimeoutMs: UInt64 = 10_000
    /// A connection from which nothing came for so long is sent a ping.
    package var pingIntervalMs: UInt64 = 15_000
    /// A connection from which nothing came for so long, pongs included, is closed with 1008.
    package var idleTimeoutMs: UInt64 = 45_000
    /// How long the answer to a close frame is awaited.
    package var closeTimeoutMs: UInt64 = 3_000

    // MARK: Output

    /// Bytes that may wait for a client to read them; beyond that it is closed with 1008.
    package var outputBytesMax = 4 << 20
    /// Beyond this a client is sent no market data until it has read most of what waits.
    package var outputBytesSoft = 256 << 10
    /// A client for which more than `outputBytesSoft` waited all this time is closed with 1008.
    package var outputLagMsMax: UInt64 = 10_000
    /// Bytes that may wait for all clients of the gateway together; beyond that those with more than an equal share are closed with 1008.
    package var outputBytesTotalMax = 1 << 30

    // MARK: An address (IPv4, or IPv6 network of 64 bits)

    package var addressConnectionsMax = 4096
    /// New connections. Beyond that they are closed at once: a handshake of TLS costs a quarter of a millisecond.
    package var addressHandshakes = Rate(perSecond: 200, burst: 4096)
    /// Messages other than batches of cancels; further ones are refused with `tooManyFromAddress`.
    package var addressMessages = Rate(perSecond: 200_000, burst: 200_000)
    /// Signatures that do not fit; then the connection is closed with 1008, and new ones get HTTP 429 for `addressRefusalMs`.
    package var addressBadSignatures = Rate(perSecond: 10, burst: 200)
    package var addressRefusalMs: UInt64 = 10_000
    /// Addresses remembered at once, of which each must have done something lately; further ones are not served.
    package var addressesMax = 1 << 16

    // MARK: An account

    /// Commands other than cancels; a batch beyond that is refused whole with `quotaExceeded`. The burst must hold a batch.
    package var accountCommands = Rate(perSecond: 100_000, burst: 100_000)
    /// Signers remembered at once; those for whom there is no room share one quota.
    package var signersMax = 1 << 17

    // MARK: A connection

    /// Subscriptions of one connection.
    package var subscriptionsMax = 256
    /// Command batches and queries of one connection that may await their answer; beyond that they are refused as `busy`.
    package var inFlightMax = 4096
    /// Queries that may await their answer, of one connection and of all of a thread: one takes the executor up to some milliseconds, in which
    /// no order is executed. Further ones are refused as `busy`.
    package var queriesInFlightPerConnectionMax = 8
    package var queriesInFlightMax = 64

    // MARK: A thread

    /// Questions of the gateway's own to the executor, whose answers account subscriptions await: at once, and in all before further
    /// subscriptions to unknown accounts are refused as `busy`.
    package var lookUpsInFlightMax = 16
    package var lookUpsWaitingMax = 8192
    /// How often, at most, a subscriber is told of changes of a market. Less often where sending it takes more than a quarter of the thread's time.
    package var marketDataIntervalMs: UInt64 = 10
    /// How often, at most, the balances of an account are asked for and sent, and how many such questions await their answers at once.
    package var balancesIntervalMs: UInt64 = 20
    package var balanceQuestionsInFlightMax = 64
    /// How often, at most, a group of receipts is signed: some 50 us on a thread of libuv's each time.
    package var receiptsIntervalMs: UInt64 = 2
    /// Replays of account messages under way at once; one more is refused as `busy`. Together they get so much of a turn, and none goes on while
    /// so many bytes wait for its client.
    package var replaysMax = 1024
    package var replayNanosecondsPerTurn: UInt64 = 200_000
    package var replayOutputBytesMax = 64 << 10
    /// Records from the executor handled in one turn of the loop, so that input is not starved.
    package var recordsPerTurnMax = 4096

    package init() {}

    /// Lifts what is limited for each address and each account: for measurements from one address.
    package mutating func liftRates() {
        let unlimited = Rate(perSecond: 1_000_000_000, burst: 1_000_000_000)
        addressConnectionsMax = connectionsMax + refusedConnectionsMax
        addressHandshakes = unlimited
        addressMessages = unlimited
        accountCommands = unlimited
    }

    /// Throws what of it makes no sense, in a sentence.
    package func check() throws(GatewayError) {
        guard connectionsMax > 0, connectionsMax + refusedConnectionsMax <= 1 << 16 else {
            throw .limits("connections must be 1 to \((1 << 16) - refusedConnectionsMax), not \(connectionsMax)")
        }
        guard accountCommands.burst >= Layout.commandsPerPayloadMax else {
            throw .limits(
                "an account's burst of \(accountCommands.burst) commands could never take a batch of \(Layout.commandsPerPayloadMax)")
        }
        for rate in [addressHandshakes, addressMessages, addressBadSignatures, accountCommands] {
            guard (1...1_000_000_000).contains(rate.perSecond), rate.burst > 0 else {
                throw .limits("a rate must be 1 to 1000000000 a second and its burst at least 1, not \(rate.perSecond) and \(rate.burst)")
            }
        }
        guard marketDataIntervalMs <= 60_000 else {
            throw .limits("market data must be told every 60000 ms at least, not \(marketDataIntervalMs)")
        }
        guard outputBytesSoft <= outputBytesMax, outputBytesMax <= outputBytesTotalMax else {
            throw .limits(
                "the limits of waiting output must grow: soft \(outputBytesSoft), hard \(outputBytesMax), total \(outputBytesTotalMax)")
        }
    }

    /// Open files that a gateway with these limits may need, besides what the rest of the process does.
    package var descriptorsMax: Int { connectionsMax + refusedConnectionsMax + DescriptorLimit.otherFiles }
}
