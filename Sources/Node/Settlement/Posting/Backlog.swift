/// What is not on L1 yet.
package struct Backlog: Equatable, Sendable {
    package var batches: UInt64
    package var bytes: UInt64
    /// Time of the oldest block in it, in milliseconds since 1970; nil: none.
    package var oldestTimeMs: UInt64?

    package init(batches: UInt64 = 0, bytes: UInt64 = 0, oldestTimeMs: UInt64? = nil) {
        self.batches = batches
        self.bytes = bytes
        self.oldestTimeMs = oldestTimeMs
    }

    package func ageMs(at nowMs: UInt64) -> UInt64 { oldestTimeMs.map { nowMs > $0 ? nowMs - $0 : 0 } ?? 0 }
}

/// From which backlog on no new orders are taken: what cannot be posted in time, a halt would undo.
package struct BacklogLimits: Equatable, Sendable {
    package var ageMs: UInt64
    package var bytes: UInt64

    package init(ageMs: UInt64, bytes: UInt64) {
        self.ageMs = ageMs
        self.bytes = bytes
    }

    /// Half of the contract's drift leaves the other half to an operator.
    package static func ageMsDefault(timeDriftSeconds: UInt64) -> UInt64 { timeDriftSeconds * 500 }
    package static let bytesDefault: UInt64 = 64 << 20

    /// Whether to take no new orders, given whether none are taken now: once it is on, a quarter of the limit must be gone before it is off.
    package func isExceeded(_ backlog: Backlog, nowMs: UInt64, wasExceeded: Bool) -> Bool {
        let parts: UInt64 = wasExceeded ? 3 : 4
        return backlog.ageMs(at: nowMs) / parts > ageMs / 4 || backlog.bytes / parts > bytes / 4
    }
}
