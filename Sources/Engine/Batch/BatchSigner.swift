/// What the coding of a signer's commands goes by: the last ones before, in the batch.
package struct BatchSigner {
    /// Of the last order that had one; before, of the first cancel.
    package var clientOrderId: UInt64 = 0
    /// Of the last cancel by client order id.
    package var cancelledClientOrderId: UInt64 = 0
    package var market: UInt16 = 0
    /// Type byte of the last command; 0: none yet.
    package var type: UInt8 = 0
    /// ``PlaceFlags`` of the last order.
    package var flags: UInt8 = 0
    private var reserved: UInt32 = 0

    package init() {}

    /// Takes note of a cancel by client order id.
    package mutating func cancelled(_ id: UInt64) {
        cancelledClientOrderId = id
        if clientOrderId == 0 { clientOrderId = id }
    }
}

/// The last price codes by market and side.
package enum BatchPrices {
    package static let count = 2 * BatchFormat.lastPriceCount

    /// Where the last price of the market on the side (0 or 1) stands.
    package static func index(market: UInt16, side: UInt8) -> Int { Int(market) % BatchFormat.lastPriceCount &* 2 &+ Int(side & 1) }
}
