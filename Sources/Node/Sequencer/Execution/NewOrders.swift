import Engine

/// Which envelopes wait while L1 is behind. Pure.
enum NewOrders {
    /// Whether an envelope's payload has a command that adds to the book: place (at once, with an expiry, behind a trigger) and modify. What is
    /// malformed the executor refuses.
    static func areIn(_ envelope: UnsafeRawBufferPointer) -> Bool {
        var offset = EnvelopeLayout.payload
        while offset < envelope.count {
            let type = envelope[offset]
            if type == 1 || type == 7 || type == 8 || type == 9 { return true }
            let byteCount = Command.byteCount(type: type)
            guard byteCount > 0 else { return false }
            offset += byteCount
        }
        return false
    }
}
