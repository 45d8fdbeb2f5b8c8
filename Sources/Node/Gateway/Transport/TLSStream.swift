import COpenSSL
import Glibc

/// One TLS connection as a pure transformer of bytes: it never touches a socket.
///
/// Feed it what the peer sent with ``receive(_:)``, take plaintext with ``read(into:)``, give plaintext to ``write(_:)``, and send
/// what ``takeOutput(into:)`` yields after every one of these, also while the handshake lasts. Owned by one thread.
package struct TLSStream: ~Copyable {
    private let ssl: OpaquePointer
    private let channel: UnsafeMutablePointer<TLSChannel>

    package enum ReadResult: Equatable {
        case bytes(Int)
        /// Nothing more to read until the peer sends more.
        case wantsInput
        /// The peer ended its side in order.
        case closed
        /// The peer broke TLS, or the handshake failed; an alert may wait in the output.
        case failed(OpenSSLFailure)
    }

    /// The server's end of a connection.
    package static func server(_ context: borrowing TLSContext) throws(OpenSSLFailure) -> TLSStream {
        let stream = try TLSStream(context: context)
        SSL_set_accept_state(stream.ssl)
        return stream
    }

    /// The client's end of a connection to `host`: sent as server name, and checked against the certificate unless the context trusts anybody.
    package static func client(_ context: borrowing TLSContext, host: String) throws(OpenSSLFailure) -> TLSStream {
        let stream = try TLSStream(context: context)
        let ssl = stream.ssl
        SSL_set_connect_state(ssl)
        let isAddress = host.contains(":") || host.allSatisfy { $0 == "." || $0.isNumber }
        if isAddress {
            guard X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1 else {
                throw OpenSSLFailure("expect a certificate for \(host)")
            }
        } else {
            guard SSL_set1_host(ssl, host) == 1 else { throw OpenSSLFailure("expect a certificate for \(host)") }
            _ = host.withCString { name in
                SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), UnsafeMutableRawPointer(mutating: name))
            }
        }
        return stream
    }

    private init(context: borrowing TLSContext) throws(OpenSSLFailure) {
        let channel = UnsafeMutablePointer<TLSChannel>.allocate(capacity: 1)
        channel.initialize(to: TLSChannel())
        guard let ssl = SSL_new(context.handle), let bio = TLSChannel.bio(channel) else {
            // Only for want of memory, after which little else will work either; what was made is left.
            throw OpenSSLFailure("make a TLS connection")
        }
        // The stream owns both directions of the one BIO.
        SSL_set_bio(ssl, bio, bio)
        self.ssl = ssl
        self.channel = channel
    }

    deinit {
        SSL_free(ssl)
        channel.deinitialize(count: 1)
        channel.deallocate()
    }

    package var isHandshakeDone: Bool { SSL_is_init_finished(ssl) == 1 }

    /// Hands over bytes from the peer, which must stay where they are until ``read(into:)`` says `wantsInput` or ``holdInput()`` is called.
    package func receive(_ bytes: UnsafeRawBufferPointer) { channel.pointee.receive(bytes) }

    /// Copies what has not been read of the bytes last handed over.
    package func holdInput() { channel.pointee.holdInput() }

    /// Whether ``read(into:)`` may yield something without further input.
    package var hasInput: Bool { channel.pointee.hasInput || SSL_pending(ssl) > 0 }

    /// Decrypts into `buffer`, going on with the handshake first where needed.
    package func read(into buffer: UnsafeMutableRawBufferPointer) -> ReadResult {
        let count = SSL_read(ssl, buffer.baseAddress, Int32(clamping: buffer.count))
        if count > 0 { return .bytes(Int(count)) }
        switch SSL_get_error(ssl, count) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wantsInput
        case SSL_ERROR_ZERO_RETURN: return .closed
        default: return .failed(failure("read from the TLS connection"))
        }
    }

    /// Encrypts a prefix of `bytes` and returns its length: 0 while the handshake lasts.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(OpenSSLFailure) -> Int {
        guard bytes.count > 0 else { return 0 }
        let count = SSL_write(ssl, bytes.baseAddress, Int32(clamping: bytes.count))
        if count > 0 { return Int(count) }
        switch SSL_get_error(ssl, count) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return 0
        default: throw failure("write to the TLS connection")
        }
    }

    /// Begins or continues the handshake of a client, which speaks first.
    package func startHandshake() { _ = SSL_do_handshake(ssl) }

    /// Announces the end of this side.
    package func shutdown() {
        if SSL_is_init_finished(ssl) == 1 { _ = SSL_shutdown(ssl) }
        ERR_clear_error()
    }

    /// Bytes to be sent to the peer.
    package var outputCount: Int { channel.pointee.output.count }

    /// Moves what is to be sent to the end of `buffer`.
    package func takeOutput(into buffer: inout ByteBuffer) {
        guard !channel.pointee.output.isEmpty else { return }
        channel.pointee.output.move(to: &buffer)
    }

    /// Gives back memory that a burst took, as far as it is not in use.
    package func releaseMemory() { channel.pointee.releaseMemory() }

    /// Also clears the thread's queue of errors, so that it is empty whenever OpenSSL is called, as ``SSL_get_error`` demands.
    private func failure(_ action: String) -> OpenSSLFailure {
        let verification = SSL_get_verify_result(ssl)
        if verification != Int(X509_V_OK), SSL_is_server(ssl) == 0 {
            let reason = String(cString: X509_verify_cert_error_string(verification))
            ERR_clear_error()
            return OpenSSLFailure("verify the server's certificate", reason: reason)
        }
        return OpenSSLFailure(action)
    }
}
