import Engine

/// What a payload costs of its account's quota. Pure.
package enum CommandCost {
    /// Commands in it that are charged for: all but cancels, which must never be throttled, and `use account`, without which a cancel cannot be
    /// aimed. Counts as far as the payload can be read; what is malformed the executor refuses.
    package static func count(_ payload: UnsafeRawBufferPointer) -> UInt64 {
        var count: UInt64 = 0
        var offset = 0
        while offset < payload.count {
            let type = payload[offset]
            let byteCount = Command.byteCount(type: type)
            guard byteCount > 0 else { return count + 1 }
            if !isFree(type) { count += 1 }
            offset += byteCount
        }
        return count
    }

    /// Cancel, cancel by client order id, cancel all, schedule cancel; use account.
    private static func isFree(_ type: UInt8) -> Bool {
        switch type {
        case 2, 3, 10, 11, 14: true
        default: false
        }
    }
}
