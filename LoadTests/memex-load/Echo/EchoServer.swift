import CLibuv
import Foundation
import Gateway

/// WebSocket echo over the gateway's own framing (``WebSocketEndpoint``) on libuv, without TLS: the counterpart of `echo_serve` in C.
final class EchoServer {
    fileprivate let loop: UnsafeMutablePointer<uv_loop_t>
    private let listener = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
    fileprivate let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)

    init() { loop = uv_default_loop() }

    /// Serves on 127.0.0.1 until the process is killed; `ready` gets the port. Returns only on an error.
    func serve(port: UInt16, ready: (UInt16) -> Void) -> Int32 {
        var address = sockaddr_in()
        var length = Int32(MemoryLayout<sockaddr_in>.size)
        uv_ip4_addr("127.0.0.1", Int32(port), &address)
        uv_tcp_init(loop, listener)
        uv_handle_set_data(Self.handle(listener), Unmanaged.passUnretained(self).toOpaque())
        let bound = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                let result = uv_tcp_bind(listener, generic, 0)
                let stream = UnsafeMutableRawPointer(listener).assumingMemoryBound(to: uv_stream_t.self)
                let listening =
                    result < 0
                    ? result
                    : uv_listen(stream, 128) { server, status in
                        guard let server, status == 0,
                            let data = uv_handle_get_data(UnsafeMutableRawPointer(server).assumingMemoryBound(to: uv_handle_t.self))
                        else { return }
                        EchoPeer.accept(Unmanaged<EchoServer>.fromOpaque(data).takeUnretainedValue(), server)
                    }
                return listening < 0 ? listening : uv_tcp_getsockname(listener, generic, &length)
            }
        }
        guard bound == 0 else { return bound }
        ready(UInt16(bigEndian: address.sin_port))
        return uv_run(loop, UV_RUN_DEFAULT)
    }

    fileprivate static func handle(_ pointer: UnsafeMutableRawPointer) -> UnsafeMutablePointer<uv_handle_t> {
        pointer.assumingMemoryBound(to: uv_handle_t.self)
    }
}

/// One connection of the echo server.
private final class EchoPeer: WebSocketEndpointHandler {
    private let server: EchoServer
    private let tcp = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
    private let request = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)
    private var head: [UInt8] = []
    private var endpoint: WebSocketEndpoint?
    /// What the socket did not take at once, while it is under way.
    private var late: UnsafeMutableRawBufferPointer?

    private var stream: UnsafeMutablePointer<uv_stream_t> { UnsafeMutableRawPointer(tcp).assumingMemoryBound(to: uv_stream_t.self) }

    private init(_ server: EchoServer) { self.server = server }

    deinit {
        tcp.deallocate()
        request.deallocate()
        late?.deallocate()
    }

    static func accept(_ server: EchoServer, _ listener: UnsafeMutablePointer<uv_stream_t>) {
        let peer = EchoPeer(server)
        uv_tcp_init(server.loop, peer.tcp)
        // Released when the handle is closed.
        uv_handle_set_data(EchoServer.handle(peer.tcp), Unmanaged.passRetained(peer).toOpaque())
        guard uv_accept(listener, peer.stream) == 0 else { return peer.drop() }
        uv_tcp_nodelay(peer.tcp, 1)
        uv_read_start(
            peer.stream,
            { handle, _, buffer in
                let peer = EchoPeer.from(handle)
                buffer?.pointee = uv_buf_init(
                    peer.server.readBuffer.baseAddress?.assumingMemoryBound(to: CChar.self), UInt32(peer.server.readBuffer.count))
            },
            { stream, count, buffer in
                let peer = EchoPeer.from(stream)
                guard count >= 0 else { return peer.drop() }
                peer.received(UnsafeRawBufferPointer(start: buffer?.pointee.base, count: count))
            })
    }

    private static func from(_ handle: UnsafeMutableRawPointer?) -> EchoPeer {
        guard let handle, let data = uv_handle_get_data(EchoServer.handle(handle)) else { preconditionFailure("libuv lost its context") }
        return Unmanaged<EchoPeer>.fromOpaque(data).takeUnretainedValue()
    }

    func receivedMessage(_ message: UnsafeRawBufferPointer) -> Bool {
        endpoint?.send(message)
        return true
    }
    func receivedPong() {}

    private func received(_ bytes: UnsafeRawBufferPointer) {
        guard let endpoint else { return open(bytes) }
        _ = endpoint.receive(bytes)
        flush(endpoint)
    }

    private func open(_ bytes: UnsafeRawBufferPointer) {
        head += bytes
        switch head.withUnsafeBytes({ WebSocketUpgrade.decide($0) }) {
        case .incomplete: return
        case .accept(let key, let headBytes):
            let endpoint = WebSocketEndpoint(role: .server, messageBytesMax: Wire.clientMessageBytesMax, handler: self)
            self.endpoint = endpoint
            endpoint.output.append(text: WebSocketUpgrade.response(key: key))
            head[headBytes...].withUnsafeBytes { _ = endpoint.receive($0) }
            flush(endpoint)
        case .health, .refuse: drop()
        }
    }

    private func flush(_ endpoint: WebSocketEndpoint) {
        guard late == nil, !endpoint.output.isEmpty else { return }
        var buffer = Self.buffer(endpoint.output.bytes)
        let count = uv_try_write(stream, &buffer, 1)
        guard count >= 0 || count == UV_EAGAIN.rawValue else { return drop() }
        endpoint.output.consume(max(0, Int(count)))
        guard !endpoint.output.isEmpty else { return }
        let rest = UnsafeMutableRawBufferPointer.allocate(byteCount: endpoint.output.count, alignment: 16)
        rest.copyMemory(from: endpoint.output.bytes)
        endpoint.output.removeAll()
        late = rest
        buffer = Self.buffer(UnsafeRawBufferPointer(rest))
        let result = uv_write(request, stream, &buffer, 1) { request, status in
            let peer = EchoPeer.from(request?.pointee.handle)
            peer.late?.deallocate()
            peer.late = nil
            guard status == 0, let endpoint = peer.endpoint else { return peer.drop() }
            peer.flush(endpoint)
        }
        if result < 0 { drop() }
    }

    private static func buffer(_ bytes: UnsafeRawBufferPointer) -> uv_buf_t {
        uv_buf_init(UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: CChar.self)), UInt32(bytes.count))
    }

    private func drop() {
        guard uv_is_closing(EchoServer.handle(tcp)) == 0 else { return }
        uv_close(EchoServer.handle(tcp)) { handle in
            guard let data = uv_handle_get_data(handle) else { return }
            Unmanaged<EchoPeer>.fromOpaque(data).release()
        }
    }
}
