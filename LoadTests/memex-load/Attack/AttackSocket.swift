import COpenSSL
import Foundation
import Gateway

/// A socket of an attacker: nothing about it ever waits. Owned by one thread.
final class AttackSocket {
    let descriptor: Int32
    private let ssl: OpaquePointer?

    typealias Transfer = LoadSocket.Transfer

    /// Begins to connect from the IPv4 address `source`; nil lets the system choose.
    init(_ address: sockaddr_in, source: String?, context: borrowing TLSContext, isSecure: Bool) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw LoadFailure("no more sockets for attackers: \(String(cString: strerror(errno)))") }
        ssl = isSecure ? SSL_new(context.handle) : nil
        if let ssl {
            SSL_set_fd(ssl, descriptor)
            SSL_set_connect_state(ssl)
        }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        // It leaves without a farewell, and leaves no state behind.
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        if let source, var own = Self.address(source, port: 0) { _ = Self.with(&own) { bind(descriptor, $0, $1) } }
        var target = address
        _ = Self.with(&target) { connect(descriptor, $0, $1) }
    }

    deinit {
        if let ssl { SSL_free(ssl) }
        close(descriptor)
    }

    static func address(_ text: String, port: UInt16) -> sockaddr_in? {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        return inet_pton(AF_INET, text, &address.sin_addr) == 1 ? address : nil
    }

    private static func with(_ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }

    /// Goes on with TLS: `.bytes(0)` when that is done.
    func secure() -> Transfer {
        guard let ssl else { return .bytes(0) }
        let result = SSL_do_handshake(ssl)
        return result == 1 ? .bytes(0) : failure(ssl, result)
    }

    /// Hands over a prefix of `bytes`, past TLS if `isRaw`.
    func send(_ bytes: ArraySlice<UInt8>, isRaw: Bool) -> Transfer {
        bytes.withUnsafeBytes { bytes in
            if let ssl, !isRaw {
                let count = SSL_write(ssl, bytes.baseAddress, Int32(clamping: bytes.count))
                return count > 0 ? .bytes(Int(count)) : failure(ssl, count)
            }
            return transferred(Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)))
        }
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer, isRaw: Bool) -> Transfer {
        if let ssl, !isRaw {
            let count = SSL_read(ssl, buffer.baseAddress, Int32(clamping: buffer.count))
            return count > 0 ? .bytes(Int(count)) : failure(ssl, count)
        }
        let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        return count == 0 ? .ended : transferred(count)
    }

    private func transferred(_ count: Int) -> Transfer {
        if count >= 0 { return .bytes(count) }
        // A connection under way takes nothing yet.
        return errno == EAGAIN || errno == EINTR || errno == ENOTCONN ? .wouldBlock : .ended
    }

    private func failure(_ ssl: OpaquePointer, _ result: Int32) -> Transfer {
        let error = SSL_get_error(ssl, result)
        ERR_clear_error()
        return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? .wouldBlock : .ended
    }
}
