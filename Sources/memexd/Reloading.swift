import Dispatch
import Foundation

/// Calls its body at each SIGHUP, one call at a time, until its end. Without one, SIGHUP ends a process.
final class Reloading {
    private let source: any DispatchSourceSignal

    init(_ body: @escaping @Sendable () -> Void) {
        signal(SIGHUP, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: SIGHUP)
        source.setEventHandler(handler: body)
        source.resume()
    }

    func end() { source.cancel() }
}
