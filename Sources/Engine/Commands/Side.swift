/// The side of an order.
package enum Side: UInt8, Sendable {
    case buy = 0
    case sell = 1

    package var opposite: Side { self == .buy ? .sell : .buy }
}

/// How long an order stands.
package enum TimeInForce: UInt8, Sendable {
    /// Rests until filled or cancelled.
    case goodTilCancelled = 0
    /// Fills what it can at once; the rest is dropped.
    case immediateOrCancel = 1
    /// Refused if any part would fill at once.
    case postOnly = 2
}
