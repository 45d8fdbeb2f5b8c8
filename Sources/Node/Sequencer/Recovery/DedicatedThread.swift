import CLinux
import Glibc

/// A thread of its own that can be joined. Signals go to other threads.
final class DedicatedThread: @unchecked Sendable {
    private var handle = pthread_t()

    private final class Body {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// Starts `run` on a thread that tools show as `name`, at most 15 bytes.
    init(name: String, run: @escaping @Sendable () -> Void) throws {
        let body = Unmanaged.passRetained(Body(name: name, run: run))
        // The new thread inherits a mask that blocks every signal.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let code = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                linux_name_thread(body.name)
                body.run()
                return nil
            }, body.toOpaque())
        guard code == 0 else {
            body.release()
            throw SystemCallFailed("pthread_create", code, subject: name)
        }
    }

    /// Waits for the end of the thread. Call it once.
    func join() { pthread_join(handle, nil) }
}
