import COpenSSL
import Foundation
import Gateway

/// A WebSocket of the load harness, opened blocking and then driven by `epoll`: whole frames are handed in and bytes of frames come out.
///
/// Cheaper than a `ClientConnection`: TLS reads and writes the socket itself, frames are made in advance and nothing is copied on the way.
/// Owned by one thread at a time.
final class LoadSocket {
    let descriptor: Int32
    private let ssl: OpaquePointer?
    /// What came behind the answer to the upgrade.
    private(set) var early: [UInt8] = []

    enum Transfer: Equatable {
        case bytes(Int)
        case wouldBlock
        /// The peer ended the connection, or it broke.
        case ended
    }

    /// Connects and completes both handshakes, within `timeoutMs` each. `tls` is for `wss`.
    init(_ url: GatewayURL, tls: borrowing LoadTLS, timeoutMs: Int32 = 10_000) throws {
        descriptor = try Self.connect(url)
        ssl = url.isSecure ? try tls.stream(descriptor, host: url.host) : nil
        var timeout = timeval(tv_sec: Int(timeoutMs / 1000), tv_usec: Int(timeoutMs % 1000) * 1000)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &timeout, socklen_t(MemoryLayout<timeval>.size))
        }
        if let ssl, SSL_connect(ssl) != 1 { throw LoadFailure("\(url): TLS failed: \(Self.reason())") }
        try upgrade(url)
        _ = setNonBlocking()
    }

    deinit {
        if let ssl { SSL_free(ssl) }
        close(descriptor)
    }

    /// Whether decrypted or received bytes wait in TLS, of which `epoll` knows nothing.
    var hasPending: Bool { ssl.map { SSL_has_pending($0) == 1 } ?? false }

    /// Hands over a prefix of `bytes`, at most one TLS record.
    @inline(__always)
    func send(_ bytes: UnsafeRawBufferPointer) -> Transfer {
        while true {
            if let ssl {
                let count = SSL_write(ssl, bytes.baseAddress, Int32(clamping: bytes.count))
                return count > 0 ? .bytes(Int(count)) : failure(ssl, count)
            }
            let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count >= 0 { return .bytes(count) }
            if errno != EINTR { return errno == EAGAIN ? .wouldBlock : .ended }
        }
    }

    @inline(__always)
    func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        while true {
            if let ssl {
                let count = SSL_read(ssl, buffer.baseAddress, Int32(clamping: buffer.count))
                return count > 0 ? .bytes(Int(count)) : failure(ssl, count)
            }
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .ended }
            if errno != EINTR { return errno == EAGAIN ? .wouldBlock : .ended }
        }
    }

    private func failure(_ ssl: OpaquePointer, _ result: Int32) -> Transfer {
        let error = SSL_get_error(ssl, result)
        ERR_clear_error()
        return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? .wouldBlock : .ended
    }

    // MARK: Opening

    private static func connect(_ url: GatewayURL) throws -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(url.host, String(url.port), &hints, &list) == 0 else { throw LoadFailure("\(url): no such host") }
        defer { freeaddrinfo(list) }
        var reason = "no address"
        var next = list
        while let address = next?.pointee {
            let descriptor = socket(address.ai_family, address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), address.ai_protocol)
            if descriptor >= 0, Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 {
                var one: Int32 = 1
                setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
                return descriptor
            }
            reason = String(cString: strerror(errno))
            if descriptor >= 0 { close(descriptor) }
            next = address.ai_next
        }
        throw LoadFailure("\(url): cannot connect: \(reason)")
    }

    private func upgrade(_ url: GatewayURL) throws {
        let request = WebSocketUpgradeRequest(authority: url.authority, path: "/")
        let text = Array(request.text.utf8)
        guard text.withUnsafeBytes({ send($0) }) == .bytes(text.count) else { throw LoadFailure("\(url): hung up") }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let transfer = buffer.withUnsafeMutableBytes { receive(into: $0) }
            if case .bytes(let count) = transfer { answer += buffer[..<count] }
            let isAtEnd = transfer == .ended || transfer == .wouldBlock
            switch answer.withUnsafeBytes({ request.judge($0, isAtEnd: isAtEnd) }) {
            case .incomplete: continue
            case .refused(let refused): throw LoadFailure("\(url): \(refused)")
            case .accepted(let headBytes):
                early = Array(answer[headBytes...])
                return
            }
        }
    }

    private func setNonBlocking() -> Bool { fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 }

    private static func reason() -> String {
        defer { ERR_clear_error() }
        let code = ERR_get_error()
        guard code != 0 else { return String(cString: strerror(errno)) }
        var text = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(code, &text, text.count)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// TLS settings of the harness's connections.
struct LoadTLS: ~Copyable {
    private let context: TLSContext

    init(trust: TLSContext.Trust) throws {
        context = try TLSContext.client(trust: trust)
        // One system call takes in all records that have come, instead of two calls a record.
        SSL_CTX_ctrl(context.handle, SSL_CTRL_SET_READ_AHEAD, 1, nil)
        SSL_CTX_set_default_read_buffer_len(context.handle, 64 << 10)
    }

    fileprivate func stream(_ descriptor: Int32, host: String) throws -> OpaquePointer {
        guard let ssl = SSL_new(context.handle), SSL_set_fd(ssl, descriptor) == 1 else { throw LoadFailure("no memory for TLS") }
        let isAddress = host.contains(":") || host.allSatisfy { $0 == "." || $0.isNumber }
        if isAddress {
            X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host)
        } else {
            SSL_set1_host(ssl, host)
            _ = host.withCString {
                SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), UnsafeMutableRawPointer(mutating: $0))
            }
        }
        return ssl
    }
}

/// The harness cannot go on; says why in a sentence.
struct LoadFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
