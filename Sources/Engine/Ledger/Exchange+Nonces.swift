/// Nonces: unordered and idempotent. The 64 highest of each signer are remembered, in no order, 0 in an unused place.
///
/// A nonce is good when it lies within two days before and one day after block time, is not remembered, and is above the
/// lowest one remembered (Hyperliquid's rule). So a command batch is applied at most once, whatever is sent again.
extension Exchange {
    /// Says whether the signer may use `nonce` now, and at which place to remember it.
    func checkNonce(_ nonce: UInt64, signer: UInt32) -> (code: RejectCode, place: Int) {
        let now = pointer(Layout.header, as: StateHeader.self).pointee.blockTimeMs
        if nonce <= now.subtractingSaturated(Layout.nonceAgeMsMax) { return (.nonceTooOld, 0) }
        if nonce >= now.addingSaturated(Layout.nonceLeadMsMax) { return (.nonceTooNew, 0) }
        let remembered = pointer(noncesOffset(signer), as: UInt64.self)
        var lowest = UInt64.max
        var place = 0
        for index in 0..<Layout.noncesPerSigner {
            let value = remembered[index]
            if value == nonce { return (.nonceRepeated, 0) }
            if value < lowest {
                lowest = value
                place = index
            }
        }
        return nonce < lowest ? (.nonceBelowRemembered, 0) : (.none, place)
    }

    /// Remembers a nonce that was found good, in place of the lowest.
    mutating func remember(_ nonce: UInt64, signer: UInt32, place: Int) {
        writable(noncesOffset(signer) + place * 8, as: UInt64.self).pointee = nonce
    }
}

extension UInt64 {
    @inline(__always)
    func subtractingSaturated(_ other: UInt64) -> UInt64 { self > other ? self - other : 0 }

    @inline(__always)
    func addingSaturated(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
