import CLibuv
import Engine

/// One TCP connection of the gateway and everything it owns. Lives on the loop's thread; libuv's handle keeps it alive until closed.
///
///     opening --101--> open --close frame either way--> closing --all sent, nothing more to read--> draining --> gone
///        \------------- HTTP response that is no upgrade ------------------------------------->/
final class Connection {
    enum Phase { case opening, open, closing, draining, gone }
    /// The list in which a connection waits to be flushed.
    enum FlushList { case urgent, market }
    /// Who reports that there is something to read: nobody while something is left over, libuv, or the set of strangers' sockets.
    enum Watch { case none, byLoop, asStranger }

    unowned let loop: GatewayLoop
    /// Index in the loop's table.
    let slot: Int
    /// Name of this connection in rings and hello: see `Session`.
    let session: UInt32
    let tcp: UnsafeMutablePointer<uv_tcp_t>
    /// Made when the socket first takes less than it is given.
    var writeRequest: UnsafeMutablePointer<uv_write_t>?
    var shutdownRequest: UnsafeMutablePointer<uv_shutdown_t>?

    var phase = Phase.opening
    /// What its client's address has used up.
    let address: AddressLimits.Entry
    /// Why it will not be served, if so: the answer to its request.
    let refusal: HTTPRefusal?
    var tls: TLSStream?
    var endpoint: WebSocketEndpoint?

    // Input: see Connection+Input.
    /// The request's head until it is whole.
    var head = ByteBuffer(capacity: 0)
    /// Received, and decrypted, but not yet looked at.
    var held = ByteBuffer(capacity: 0)
    var budget = InputBudget()
    var standing = Standing()
    var watch = Watch.none

    // Output: see Connection+Output.
    /// The HTTP response.
    var response = ByteBuffer(capacity: 0)
    /// Bytes on their way to the socket. Frozen while ``isWriting``.
    var wire = ByteBuffer(capacity: 0)
    var isWriting = false
    var waitsFor: FlushList?
    /// Whether something other than market data waits.
    var hasUrgentOutput = false
    /// What the loop's sum holds of ``waitingBytes``.
    var countedBytes = 0
    /// Whether so much waits that no market data is added until most of it was read.
    var isLagging = false
    var laggingSinceMs: UInt64 = 0
    /// Whether more waits than may: it is closed with the next flush, and nothing more is added.
    var isOverflowing = false

    /// Loop time of the last input, for pings; of the present phase's beginning, for its timeout.
    var lastInputMs: UInt64
    var lastPingMs: UInt64
    var phaseBeganMs: UInt64
    /// Answers that the executor owes.
    var inFlightCount = 0
    /// Those of them that are to queries.
    var queryCount = 0
    var subscriptions: [ClientMessage.Subscription] = []
    /// The quota of the last signer.
    var quota: AccountLimits.Known?
    /// Whether it subscribed to receipts of its batches.
    var wantsReceipts = false
    /// Of its batches on their way for which a receipt is owed: keccak256 of the envelopes, oldest first.
    var envelopeHashes = Fifo<Hash256>()

    init(
        loop: GatewayLoop, slot: Int, session: UInt32, tcp: UnsafeMutablePointer<uv_tcp_t>, address: AddressLimits.Entry,
        refusal: HTTPRefusal?
    ) {
        self.loop = loop
        self.slot = slot
        self.session = session
        self.tcp = tcp
        self.address = address
        self.refusal = refusal
        let nowMs = loop.nowMs
        lastInputMs = nowMs
        lastPingMs = nowMs
        phaseBeganMs = nowMs
    }

    deinit {
        tcp.deallocate()
        writeRequest?.deallocate()
        shutdownRequest?.deallocate()
    }

    var descriptor: Int32 {
        var descriptor: Int32 = -1
        uv_fileno(UnsafeMutableRawPointer(tcp).assumingMemoryBound(to: uv_handle_t.self), &descriptor)
        return descriptor
    }

    var stream: UnsafeMutablePointer<uv_stream_t> { UnsafeMutableRawPointer(tcp).assumingMemoryBound(to: uv_stream_t.self) }

    func enter(_ next: Phase) {
        guard phase != next else { return }
        phase = next
        phaseBeganMs = loop.nowMs
    }

    /// A close frame was sent or received: no more data in either direction.
    func startedClosing() {
        guard phase == .open else { return }
        enter(.closing)
        loop.closed(self)
    }

    static func from(_ pointer: UnsafeMutableRawPointer) -> Connection {
        guard let data = uv_handle_get_data(pointer.assumingMemoryBound(to: uv_handle_t.self)) else {
            preconditionFailure("libuv lost its context")
        }
        return Unmanaged<Connection>.fromOpaque(data).takeUnretainedValue()
    }
}
