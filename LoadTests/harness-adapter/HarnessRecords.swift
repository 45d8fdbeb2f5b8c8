/// The records of the harness's C interface, as byte offsets: little-endian, packed as its documentation fixes them.
///
/// Messages: new order (32 bytes), cancel (16), modify (32), and the tagged message of a batch (40: tag, then one of the three at offset 8).
enum HarnessRecord {
    /// Tags of a batch's messages; also the order in which the harness numbers them.
    static let newOrder: UInt8 = 0
    static let cancel: UInt8 = 1
    static let messageBytes = 40
    static let messagePayload = 8

    // The same in all three messages.
    static let orderId = 0
    static let sequence = 8
    // In a new order and in a modify.
    static let priceTicks = 16
    static let quantity = 24
    static let side = 28
    /// In a new order only.
    static let immediateOrCancel = 29
}

/// What the engine says about one message; the raw values are the harness's.
enum ReportKind: UInt8 {
    case orderAccepted = 0
    case trade = 1
    case cancelAccepted = 2
    case modifyAccepted = 3
    case cancelRejected = 4
    case modifyRejected = 5
}

/// One report as the matcher writes it: half of the harness's 64-byte record, which the draining side fills in.
struct Report: BitwiseCopyable {
    /// Quantity in the low 32 bits, then 24 bits of price code, the kind in bits 56...58 and the side in bit 63.
    var packed: UInt64
    /// Sequence number of the message that caused the report.
    var sequence: UInt64
    /// The order that the report is about; of a trade, the incoming one.
    var orderId: UInt64
    /// The resting order of a trade, else 0.
    var makerId: UInt64

    @inline(__always)
    init(
        _ kind: ReportKind, sequence: UInt64, orderId: UInt64, side: Side = .buy, priceCode: UInt32 = 0, lots: UInt64 = 0,
        makerId: UInt64 = 0
    ) {
        packed = lots | UInt64(priceCode) << 32 | UInt64(kind.rawValue) << 56 | UInt64(side.rawValue) << 63
        self.sequence = sequence
        self.orderId = orderId
        self.makerId = makerId
    }

    /// Bytes of the harness's report record.
    static let harnessBytes = 64

    /// Writes the harness's record: u8 kind, u8 side, 6 zero | u64 sequence | u64 order | i64 ticks | u32 quantity, u32 zero | u64 maker |
    /// u64 taker | u64 zero.
    @inline(__always)
    func expand(into record: UnsafeMutableRawPointer) {
        let kind = packed >> 56 & 7
        let ticks = PriceTicks.ticks(priceCode: UInt32(truncatingIfNeeded: packed >> 32 & 0xFF_FFFF))
        let words = record.assumingMemoryBound(to: UInt64.self)
        words[0] = kind | (packed >> 63) << 8
        words[1] = sequence
        words[2] = orderId
        words[3] = UInt64(bitPattern: kind >= UInt64(ReportKind.cancelRejected.rawValue) ? 0 : ticks)
        words[4] = packed & 0xFFFF_FFFF
        words[5] = makerId
        words[6] = kind == UInt64(ReportKind.trade.rawValue) ? orderId : 0
        words[7] = 0
    }
}

/// The harness's signed price ticks as price codes.
///
/// A book takes from a code nothing but its order and that neighbours are dense, so one tick is one code, and tick 0 lies in the middle.
enum PriceTicks {
    private static let zero = Int64(PriceCode.count / 2)

    /// The code of a tick; nil outside -1,620,000 ..< 1,620,000, that is 8,100 dollars to either side.
    @inline(__always)
    static func code(ticks: Int64) -> UInt32? {
        let code = ticks &+ zero
        guard UInt64(bitPattern: code) < UInt64(PriceCode.count) else { return nil }
        return UInt32(truncatingIfNeeded: code)
    }

    @inline(__always)
    static func ticks(priceCode: UInt32) -> Int64 { Int64(priceCode) - zero }
}
