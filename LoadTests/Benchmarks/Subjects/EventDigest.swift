import Engine

/// A sum over what an exchange did, that two exchanges can only share if they did the same: every event in order, all of it but the names that
/// the exchange gives to orders.
struct EventDigest {
    private var ordered: UInt64 = 0xCBF2_9CE4_8422_2325
    /// Over orders whose time was over: which of those of one millisecond goes first says nothing about an exchange.
    private var unordered: UInt64 = 0
    var value: UInt64 { ordered ^ unordered }
    private(set) var fills = 0
    private(set) var rejects = 0
    /// Bit k: an event of kind k was among them.
    private(set) var kinds: UInt64 = 0
    /// The trades as op files sum them up.
    private(set) var trades = TradeDigest()
    private var command = 0

    /// Adds the events of the next commands of `stream`.
    mutating func add(_ events: UnsafeBufferPointer<Event>, of stream: EnvelopeStream) {
        for event in events {
            kinds |= 1 << UInt64(event.kind)
            if event.kind == Event.Kind.reduced && event.code == Reduction.expired.rawValue {
                unordered &+= Self.mixed(0x9E37_79B9_7F4A_7C15, event)
            } else {
                ordered = Self.mixed(ordered, event)
            }
            switch event.kind {
            case Event.Kind.fill:
                fills += 1
                addTrade(event, of: stream)
            case Event.Kind.rejected:
                rejects += 1
                if event.commandIndex != 0xFFFF { command += 1 }
            case Event.Kind.reduced, Event.Kind.triggered: break
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

    private static func mixed(_ start: UInt64, _ event: Event) -> UInt64 {
        var value = start
        func mix(_ word: UInt64) {
            value = (value ^ word) &* 0x9E37_79B9_7F4A_7C15
            value ^= value >> 29
        }
        mix(
            UInt64(event.kind) | UInt64(event.side) << 8 | UInt64(event.market) << 16 | UInt64(event.code) << 32 | UInt64(
                event.commandIndex) << 48)
        mix(UInt64(event.account) | UInt64(event.counterAccount) << 32)
        mix(UInt64(event.priceCode) | UInt64(event.otherPriceCode) << 32)
        mix(event.lots)
        mix(event.remaining)
        mix(event.clientOrderId)
        return value
    }
}
