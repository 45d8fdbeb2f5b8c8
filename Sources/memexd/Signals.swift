import Dispatch
import Foundation
import Synchronization

/// SIGTERM and SIGINT as events. Made before anything else, so that no signal ends the process halfway through.
final class Signals: Sendable {
    /// Used by one thread, and only once: to attach the handlers.
    nonisolated(unsafe) fileprivate let sources: [any DispatchSourceSignal]

    init() {
        // A client that goes away must not end the node.
        signal(SIGPIPE, SIG_IGN)
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number)
        }
    }
}

/// The first reason to end: a signal, or a part that cannot go on.
final class Ending: Sendable {
    private let state = Mutex<(isOver: Bool, waiter: CheckedContinuation<Void, Never>?)>((false, nil))
    private let signals: Signals

    init(_ signals: Signals) {
        self.signals = signals
        for source in signals.sources {
            source.setEventHandler { [self] in finish() }
            source.resume()
        }
    }

    func finish() {
        let waiter = state.withLock { state in
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
