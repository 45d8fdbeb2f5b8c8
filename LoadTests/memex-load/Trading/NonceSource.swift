import Gateway
import Synchronization

/// Nonces of one key, shared by all its sessions: present time in milliseconds, never twice.
final class NonceSource: Sendable {
    private let last = Mutex<UInt64>(0)

    func next() -> UInt64 {
        last.withLock { last in
            last = max(WallClock.milliseconds(), last + 1)
            return last
        }
    }
}
