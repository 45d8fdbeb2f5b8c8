/// Sums up trades: what op files' expected outcomes are compared by.
struct TradeHash: MatchingPolicy {
    /// Id of the order that is being matched.
    var taker: UInt64 = 0
    /// Price in ticks that price code 0 stands for.
    let ticksAtCodeZero: Int64
    private(set) var trades: UInt64 = 0
    private(set) var volume: UInt64 = 0
    private(set) var notional: UInt64 = 0
    /// Depends on the order of the trades.
    private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325

    init(ticksAtCodeZero: Int64) { self.ticksAtCodeZero = ticksAtCodeZero }

    @inline(__always)
    mutating func meet(_ maker: UnsafePointer<Order>, slot: UInt32, priceCode: UInt32, lots: UInt64) -> MakerEncounter { .fill }

    /// The op file's id of the maker is what the book keeps as the order's account.
    @inline(__always)
    mutating func filled(_ maker: UnsafePointer<Order>, slot: UInt32, priceCode: UInt32, lots: UInt64, remaining: UInt64) {
        trades &+= 1
        volume &+= lots
        notional &+= UInt64(bitPattern: Int64(priceCode) &+ ticksAtCodeZero) &* lots
        hash = (hash ^ (UInt64(maker.pointee.account) &* 0x9E37_79B9_7F4A_7C15 &+ taker &* 31 &+ lots)) &* 0x100_0000_01B3
    }

    @inline(__always)
    mutating func reduced(_ maker: UnsafePointer<Order>, slot: UInt32, priceCode: UInt32, lots: UInt64, remaining: UInt64) {}

    @inline(__always)
    mutating func leaving(_ maker: UnsafePointer<Order>, slot: UInt32) {}
}
