import Engine

/// Where a gateway listens and for which exchange it speaks.
package struct GatewayConfiguration: Sendable {
    /// Address to listen on, IPv4 or IPv6.
    package var host = "127.0.0.1"
    /// Port to listen on; 0 lets the system choose one.
    package var port: UInt16 = 8443
    /// PEM files of the certificate chain and its key. Nil means `ws://` without encryption: only where someone asked for it.
    package var tls: TLSFiles?
    /// Names the domain in which commands are signed.
    package var chainId: UInt64
    package var rollup: Address
    package var limits = GatewayLimits()

    package struct TLSFiles: Sendable, Equatable {
        package var certificatePath: String
        package var keyPath: String

        package init(certificatePath: String, keyPath: String) {
            self.certificatePath = certificatePath
            self.keyPath = keyPath
        }
    }

    package init(chainId: UInt64, rollup: Address) {
        self.chainId = chainId
        self.rollup = rollup
    }
}

/// Every bound of the gateway. Clients learn theirs from hello.
package struct GatewayLimits: Sendable, Equatable {
    /// Open WebSockets; further upgrades get HTTP 503. At the default of 4 MiB of output each this bounds memory at 4 GiB.
    package var connectionsMax = 1024
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
    /// Bytes that may wait for a client to read them; beyond that it is closed with 1008.
    package var outputBytesMax = 4 << 20
    /// Subscriptions of one connection.
    package var subscriptionsMax = 256
    /// Command batches and queries of one connection that may await their answer; beyond that they are refused as `busy`.
    package var inFlightMax = 4096
    /// Queries that may await their answer, of one connection and of all: one takes the executor up to some milliseconds, in which no order
    /// is executed. Further ones are refused as `busy`.
    package var queriesInFlightPerConnectionMax = 8
    package var queriesInFlightMax = 64
    /// Questions of the gateway's own to the executor, whose answers account subscriptions await: at once, and in all before further
    /// subscriptions to unknown accounts are refused as `busy`.
    package var lookUpsInFlightMax = 16
    package var lookUpsWaitingMax = 8192
    /// Levels of each side in a book snapshot: 2 x 16384 x 16 bytes stay under ``Wire/serverMessageBytesMax``.
    package var snapshotLevelsMax = 16_384
    /// Levels in one book update, for the same reason.
    package var updateLevelsMax = 32_768
    /// Records from the executor handled in one turn of the loop, so that input is not starved.
    package var recordsPerTurnMax = 4096

    package init() {}
}
