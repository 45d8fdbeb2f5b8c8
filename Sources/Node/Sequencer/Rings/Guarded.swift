import Glibc

/// A value behind a lock of pthread's.
///
/// Like `Synchronization.Mutex`, whose lock the kernel hands from thread to thread where they contend for it, unseen by ThreadSanitizer, which then reports the
/// accesses behind it as races. For what is contended for in tests under that sanitizer.
package final class Guarded<Value>: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var value: Value

    package init(_ value: Value) {
        self.value = value
        let code = pthread_mutex_init(lock, nil)
        precondition(code == 0, "pthread_mutex_init: \(code)")
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return try body(&value)
    }
}
