import Dispatch
import Foundation
import Synchronization

/// The first reason to end: SIGTERM or SIGINT, or a part that cannot go on. Made before anything else, so that no signal ends the process
/// halfway through.
final class Ending: Sendable {
    private let state = Mutex<(isOver: Bool, reason: (any Error)?, waiter: CheckedContinuation<Void, Never>?)>((false, nil, nil))
    /// Only kept alive.
    nonisolated(unsafe) private var sources: [any DispatchSourceSignal] = []

    init() {
        // Neither a client that goes away nor a wish to read the certificate again ends the node, also not while it still starts.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGHUP, SIG_IGN)
        // A file that may not grow (ulimit -f) is an error like a full disk.
        signal(SIGXFSZ, SIG_IGN)
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number)
        }
        for source in sources {
            source.setEventHandler { [weak self] in self?.finish() }
            source.resume()
        }
    }

    /// Why, if it was not a signal; the first reason counts.
    var reason: (any Error)? { state.withLock { $0.reason } }

    func finish(because reason: (any Error)? = nil) {
        let waiter = state.withLock { state in
            if !state.isOver { state.reason = reason }
            state.isOver = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.waiter = continuation }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
    }
}
