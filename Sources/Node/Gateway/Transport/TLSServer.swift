import Synchronization

/// The settings of all TLS connections of a gateway, shared by its threads.
final class TLSServer: Sendable {
    private let files: GatewayConfiguration.TLSFiles
    private let context: Mutex<TLSContext>

    init(_ files: GatewayConfiguration.TLSFiles) throws(OpenSSLFailure) {
        self.files = files
        context = Mutex(try Self.read(files))
    }

    func stream() throws(OpenSSLFailure) -> TLSStream {
        try context.withLock { context throws(OpenSSLFailure) in try TLSStream.server(context) }
    }

    /// Reads the files again, for connections made from now on: those that live keep what they began with. If that fails, all stays as it is.
    func reload() throws(OpenSSLFailure) {
        // Connections are made meanwhile: the lock is not held while the disk is waited for.
        var fresh = Optional(try Self.read(files))
        context.withLock { context in
            if let taken = fresh.take() { context = taken }
        }
    }

    /// Seconds until the certificate is over; negative if it is.
    var certificateSecondsLeft: Int { context.withLock { $0.certificateSecondsLeft } }

    private static func read(_ files: GatewayConfiguration.TLSFiles) throws(OpenSSLFailure) -> TLSContext {
        try TLSContext.server(certificatePath: files.certificatePath, keyPath: files.keyPath)
    }
}
