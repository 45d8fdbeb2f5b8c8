import Engine

/// A sum over what an exchange did, that two exchanges can only share if they did the same: every event in order, all of it but the names that
/// the exchange gives to orders.
struct EventDigest {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325
    private(set) var fills = 0
    private(set) var rejects = 0
    /// The trades as op files sum them up.
    private(set) var trades = TradeDigest()
    private var command = 0

    /// Adds the events of the next commands of `stream`.
    mutating func add(_ events: UnsafeBufferPointer<Event>, of stream: EnvelopeStream) {
        for event in events {
            mix(
                UInt64(event.kind) | UInt64(event.side) << 8 | UInt64(event.market) << 16 | UInt64(event.code) << 32 | UInt64(
                    event.commandIndex) << 48)
            mix(UInt64(event.account) | UInt64(event.counterAccount) << 32)
            mix(UInt64(event.priceCode))
            mix(event.lots)
            mix(event.remaining)
            mix(event.clientOrderId)
            switch event.kind {
            case Event.Kind.fill:
                fills += 1
                addTrade(event, of: stream)
            case Event.Kind.rejected:
                rejects += 1
                command += 1
            case Event.Kind.reduced, Event.Kind.triggered, Event.Kind.accountCancelled: break
            default: if event.commandIndex != 0xFFFF { command += 1 }
            }
        }
    }

    private mutating func addTrade(_ fill: Event, of stream: EnvelopeStream) {
        guard command < stream.operationIds.count, fill.clientOrderId != 0, fill.counterAccount >= 2 else { return }
        let ids = stream.idsByClientOrder[Int(fill.counterAccount) - 2]
        guard fill.clientOrderId < UInt64(ids.count) else { return }
        trades.add(maker: ids[Int(fill.clientOrderId)], taker: stream.operationIds[command], lots: fill.lots)
    }

    @inline(__always)
    private mutating func mix(_ word: UInt64) {
        value = (value ^ word) &* 0x9E37_79B9_7F4A_7C15
        value ^= value >> 29
    }
}
