import CLibuv
import Glibc

/// A bound TCP socket of one loop.
enum ListeningSocket {
    /// Binds `tcp` to `host` and `port`; 0 lets the system choose. Returns the port.
    ///
    /// With `isShared`, several loops of this process bind the same port and the kernel spreads connections among them (SO_REUSEPORT). That would let a
    /// second node of the same user share it as well, so the first socket must find the port free.
    static func bind(
        _ tcp: UnsafeMutablePointer<uv_tcp_t>, in loop: UnsafeMutablePointer<uv_loop_t>, host: String, port: UInt16, isShared: Bool,
        isFirst: Bool
    ) throws(GatewayError) -> UInt16 {
        let action = "bind \(host):\(port)"
        var address = sockaddr_storage()
        let parsed = withUnsafeMutablePointer(to: &address) { storage -> Int32 in
            let raw = UnsafeMutableRawPointer(storage)
            let v4 = uv_ip4_addr(host, Int32(port), raw.assumingMemoryBound(to: sockaddr_in.self))
            return v4 == 0 ? 0 : uv_ip6_addr(host, Int32(port), raw.assumingMemoryBound(to: sockaddr_in6.self))
        }
        try check(action, parsed)
        if isShared, isFirst, port != 0 { try check(action, probe(&address)) }
        // Makes the socket at once, so that options can be set before it is bound.
        try check("make a socket", uv_tcp_init_ex(loop, tcp, UInt32(address.ss_family)))
        if isShared {
            var descriptor: Int32 = -1
            var one: Int32 = 1
            uv_fileno(UnsafeMutableRawPointer(tcp).assumingMemoryBound(to: uv_handle_t.self), &descriptor)
            let result = setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &one, socklen_t(MemoryLayout<Int32>.size))
            try check("share the port \(port)", result == 0 ? 0 : -errno)
        }
        try check(action, withSockaddr(&address) { uv_tcp_bind(tcp, $0, 0) })
        var length = Int32(MemoryLayout<sockaddr_storage>.size)
        try check(
            action,
            withUnsafeMutableBytes(of: &address) { bytes in
                uv_tcp_getsockname(tcp, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
            })
        // The port stands at the same place for both families, big-endian.
        return withUnsafeBytes(of: &address) { UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self)) }
    }

    /// Whether somebody has the port: 0, or libuv's code of the error. As libuv does, it overlooks connections that have just ended.
    private static func probe(_ address: inout sockaddr_storage) -> Int32 {
        let descriptor = socket(Int32(address.ss_family), Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return -errno }
        defer { close(descriptor) }
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        let length = socklen_t(address.ss_family == UInt16(AF_INET) ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size)
        return withSockaddr(&address) { Glibc.bind(descriptor, $0, length) } == 0 ? 0 : -errno
    }

    private static func withSockaddr<Result>(_ address: inout sockaddr_storage, _ body: (UnsafePointer<sockaddr>?) -> Result) -> Result {
        withUnsafeBytes(of: &address) { body($0.baseAddress?.assumingMemoryBound(to: sockaddr.self)) }
    }

    private static func check(_ action: String, _ result: Int32) throws(GatewayError) {
        guard result == 0 else { throw GatewayError(action, result) }
    }
}
