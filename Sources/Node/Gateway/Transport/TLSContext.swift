import COpenSSL
import Glibc

/// Settings shared by the TLS connections of one server or one client: TLS 1.2 at least.
///
/// Owns its `SSL_CTX`; OpenSSL counts references, so a ``TLSStream`` may outlive it. Threads may share it: once it is made, nothing of it is set any more.
package struct TLSContext: ~Copyable, @unchecked Sendable {
    package let handle: OpaquePointer

    /// Whom a client believes.
    package enum Trust: Equatable, Sendable {
        /// The authorities of the operating system.
        case system
        /// The certificates in this PEM file alone.
        case file(String)
        /// Anybody: for tests on loopback. Encrypts, but does not authenticate the server.
        case insecure
    }

    /// A server's context from PEM files: the certificate (leaf first, then the chain) and its private key.
    package static func server(certificatePath: String, keyPath: String) throws(OpenSSLFailure) -> TLSContext {
        let context = try TLSContext(method: TLS_server_method())
        let handle = context.handle
        // Renegotiation is a TLS 1.2 client's way to make a server work for nothing; nobody needs it here.
        SSL_CTX_set_options(handle, UInt64(1) << 30 | UInt64(1) << 22)
        SSL_CTX_set_num_tickets(handle, 0)
        // OpenSSL would ask whoever is at the terminal for a passphrase.
        SSL_CTX_set_default_passwd_cb(handle) { _, _, _, _ in -1 }
        guard SSL_CTX_use_certificate_chain_file(handle, certificatePath) == 1 else {
            throw OpenSSLFailure("load the certificate chain \(certificatePath) (PEM, the server's own first)")
        }
        guard SSL_CTX_use_PrivateKey_file(handle, keyPath, SSL_FILETYPE_PEM) == 1 else {
            throw OpenSSLFailure("use \(keyPath) as the private key (PEM, no passphrase) of the certificate \(certificatePath)")
        }
        guard SSL_CTX_check_private_key(handle) == 1 else {
            throw OpenSSLFailure("use \(keyPath) with \(certificatePath)")
        }
        return context
    }

    /// A client's context.
    package static func client(trust: Trust) throws(OpenSSLFailure) -> TLSContext {
        let context = try TLSContext(method: TLS_client_method())
        let handle = context.handle
        switch trust {
        case .system:
            SSL_CTX_set_verify(handle, SSL_VERIFY_PEER, nil)
            guard SSL_CTX_set_default_verify_paths(handle) == 1 else {
                throw OpenSSLFailure("load the certificate authorities of the system")
            }
        case .file(let path):
            SSL_CTX_set_verify(handle, SSL_VERIFY_PEER, nil)
            guard SSL_CTX_load_verify_file(handle, path) == 1 else {
                throw OpenSSLFailure("load the trusted certificates \(path)")
            }
        case .insecure:
            SSL_CTX_set_verify(handle, SSL_VERIFY_NONE, nil)
        }
        return context
    }

    /// Seconds until a server's certificate is over; negative if it is.
    var certificateSecondsLeft: Int {
        var (days, seconds): (Int32, Int32) = (0, 0)
        guard let certificate = SSL_CTX_get0_certificate(handle),
            ASN1_TIME_diff(&days, &seconds, nil, X509_get0_notAfter(certificate)) == 1
        else { return 0 }
        return Int(days) * 86_400 + Int(seconds)
    }

    deinit { SSL_CTX_free(handle) }

    private init(method: OpaquePointer?) throws(OpenSSLFailure) {
        guard let handle = SSL_CTX_new(method) else { throw OpenSSLFailure("make a TLS context") }
        self.handle = handle
        // The C macros behind these calls do not reach Swift.
        SSL_CTX_ctrl(handle, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
        let mode = SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS
        SSL_CTX_ctrl(handle, SSL_CTRL_MODE, Int(mode), nil)
        // Sessions kept for later would hold memory for clients that are gone; whoever comes back shakes hands again.
        SSL_CTX_ctrl(handle, SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_OFF), nil)
    }
}
