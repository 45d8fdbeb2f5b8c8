import Synchronization

/// What each client address has used of its allowance, for all of a gateway's threads.
///
/// A thread looks an address up when a connection comes and holds its entry as long as the connection lives; everything after that is
/// a few atomic numbers. An entry that is as good as new is forgotten when room is needed, so a client leaves nothing behind.
package final class AddressLimits: Sendable {
    /// One address.
    package final class Entry: Sendable {
        fileprivate let connectionCount = Atomic<Int>(0)
        fileprivate let handshakes = TokenBucket()
        fileprivate let messages = TokenBucket()
        fileprivate let badSignatures = TokenBucket()
        fileprivate let refusedUntilNs = Atomic<UInt64>(0)

        fileprivate func isAsNew(at nowNs: UInt64) -> Bool {
            connectionCount.load(ordering: .relaxed) == 0 && handshakes.isFull(at: nowNs) && messages.isFull(at: nowNs)
                && badSignatures.isFull(at: nowNs) && refusedUntilNs.load(ordering: .relaxed) <= nowNs
        }
    }

    /// What becomes of a new connection.
    package enum Decision: Equatable {
        case serve
        /// It may ask, and is told why it is not served.
        case explain(HTTPRefusal)
        /// Not even that: it is closed at once and was not counted.
        case drop
    }

    private let limits: GatewayLimits
    private let entries = Mutex<[ClientAddress: Entry]>([:])

    package init(_ limits: GatewayLimits) { self.limits = limits }

    /// Counts a new connection, unless it is dropped.
    package func connect(_ address: ClientAddress, at nowNs: UInt64) -> (Decision, Entry?) {
        guard let entry = entry(of: address, at: nowNs) else { return (.drop, nil) }
        // Whatever the answer, a handshake of TLS may come before it.
        guard entry.handshakes.take(of: limits.addressHandshakes, at: nowNs) else { return (.drop, nil) }
        let before = entry.connectionCount.add(1, ordering: .relaxed).oldValue
        let refusedUntilNs = entry.refusedUntilNs.load(ordering: .relaxed)
        if refusedUntilNs > nowNs {
            let seconds = (refusedUntilNs - nowNs + 999_999_999) / 1_000_000_000
            return (.explain(.tooManyBadSignatures(limits.addressBadSignatures, retryAfterSeconds: seconds)), entry)
        }
        if before >= limits.addressConnectionsMax {
            return (.explain(.tooManyConnections(open: before, allowed: limits.addressConnectionsMax)), entry)
        }
        return (.serve, entry)
    }

    package func disconnect(_ entry: Entry) {
        let before = entry.connectionCount.subtract(1, ordering: .relaxed).oldValue
        precondition(before > 0, "more connections of an address ended than began")
    }

    /// Counts a message; false if the address sends too many.
    package func takeMessage(_ entry: Entry, at nowNs: UInt64) -> Bool {
        entry.messages.take(of: limits.addressMessages, at: nowNs)
    }

    /// Counts a signature that did not fit. False once there were too many: the connection is to be closed, and for a while new ones of
    /// the address are refused.
    package func countBadSignature(_ entry: Entry, at nowNs: UInt64) -> Bool {
        guard !entry.badSignatures.take(of: limits.addressBadSignatures, at: nowNs) else { return true }
        _ = entry.refusedUntilNs.max(nowNs + limits.addressRefusalMs * 1_000_000, ordering: .relaxed)
        return false
    }

    /// Nil if there is no room for another address.
    private func entry(of address: ClientAddress, at nowNs: UInt64) -> Entry? {
        entries.withLock { entries in
            if let entry = entries[address] { return entry }
            if entries.count >= limits.addressesMax {
                entries = entries.filter { !$0.value.isAsNew(at: nowNs) }
                guard entries.count < limits.addressesMax else { return nil }
            }
            let entry = Entry()
            entries[address] = entry
            return entry
        }
    }

    /// Addresses that are remembered.
    var count: Int { entries.withLock { $0.count } }
}
