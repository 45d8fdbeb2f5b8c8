/// Nonces: unordered and idempotent. The 64 highest of each signer are remembered, 0 in an unused place.
///
/// A nonce is good when it lies within two days before and one day after block time, is not remembered, and is above the
/// lowest one remembered (Hyperliquid's rule). So a command batch is applied at most once, whatever is sent again.
///
/// Invariant: they ascend in a ring that begins at `Signer.firstNonce`. Nonces mostly come in order, and then one is compared and one
/// written; a scan of all 64 was an eighth of the time of a singly signed order.
extension Exchange {
    /// Says whether the signer may use `nonce` now, and how many of the remembered ones are higher.
    func checkNonce(_ nonce: UInt64, signer: UInt32) -> (code: RejectCode, higher: Int) {
        let now = pointer(Layout.header, as: StateHeader.self).pointee.blockTimeMs
        if nonce <= now.subtractingSaturated(Layout.nonceAgeMsMax) { return (.nonceTooOld, 0) }
        if nonce >= now.addingSaturated(Layout.nonceLeadMsMax) { return (.nonceTooNew, 0) }
        let remembered = pointer(noncesOffset(signer), as: UInt64.self)
        let first = Int(pointer(signerOffset(signer), as: Signer.self).pointee.firstNonce)
        for higher in 0..<Layout.noncesPerSigner {
            let value = remembered[noncePlace(first - 1 - higher)]
            if value < nonce { return (.none, higher) }
            if value == nonce { return (.nonceRepeated, 0) }
        }
        return (.nonceBelowRemembered, 0)
    }

    /// Remembers a nonce that was found good, and forgets the lowest.
    mutating func remember(_ nonce: UInt64, signer: UInt32, higher: Int) {
        let record = writable(signerOffset(signer), as: Signer.self)
        let first = Int(record.pointee.firstNonce)
        // The place of the lowest becomes that of the highest, and what is higher than the new one moves up by one.
        for place in 0..<higher {
            let value = pointer(nonceOffset(signer, first - 1 - place), as: UInt64.self).pointee
            writable(nonceOffset(signer, first - place), as: UInt64.self).pointee = value
        }
        writable(nonceOffset(signer, first - higher), as: UInt64.self).pointee = nonce
        record.pointee.firstNonce = UInt32(noncePlace(first + 1))
    }

    /// A place of the ring, counted on either side of its start.
    @inline(__always)
    private func noncePlace(_ place: Int) -> Int { place & (Layout.noncesPerSigner - 1) }

    @inline(__always)
    func nonceOffset(_ signer: UInt32, _ place: Int) -> Int { noncesOffset(signer) + noncePlace(place) * 8 }
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
