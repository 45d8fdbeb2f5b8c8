import Dispatch
import Foundation

/// Calls its body at each SIGHUP, one call at a time, until its end. ``Ending`` keeps the signal from ending the process.
final class Reloading {
    private let source: any DispatchSourceSignal

    init(_ body: @escaping @Sendable () -> Void) {
        source = DispatchSource.makeSignalSource(signal: SIGHUP)
        source.setEventHandler(handler: body)
        source.resume()
    }

    func end() { source.cancel() }
}
