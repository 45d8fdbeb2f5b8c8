import SeededRandom
import Testing

@testable import Gateway

/// Two ends of TLS in one thread, without a socket.
@Suite struct TLSStreamTests {
    /// Hands bytes over in pieces; the pieces are overwritten as soon as the stream may not use them any more.
    static func carry(_ bytes: UnsafeRawBufferPointer, to stream: borrowing TLSStream, step: Int, _ read: (borrowing TLSStream) -> Void) {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            var piece = Array(rest.prefix(step))
            rest = rest.dropFirst(piece.count)
            piece.withUnsafeBytes {
                stream.receive($0)
                read(stream)
                stream.holdInput()
            }
            for index in piece.indices { piece[index] = 0xEE }
        }
    }

    @Test(arguments: [1, 7, 1000, Int.max], [1, 100, 16384])
    func carriesBytesHoweverCut(step: Int, readBytes: Int) throws {
        let files = Rig.certificate
        let server = try TLSStream.server(TLSContext.server(certificatePath: files.certificatePath, keyPath: files.keyPath))
        let client = try TLSStream.client(TLSContext.client(trust: .file(files.certificatePath)), host: "localhost")
        var received: [UInt8] = []
        var toServer = ByteBuffer()
        var toClient = ByteBuffer()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: readBytes, alignment: 1)
        defer { buffer.deallocate() }
        let message = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var sent = 0
        client.startHandshake()
        for _ in 0..<20 where received.count < message.count {
            client.takeOutput(into: &toServer)
            Self.carry(toServer.bytes, to: server, step: step) { stream in
                // At most one read a piece: what is left stays for later, as with a connection whose turn is over.
                if case .bytes(let count) = stream.read(into: buffer) { received += buffer[..<count] }
            }
            toServer.removeAll()
            while case .bytes(let count) = server.read(into: buffer) { received += buffer[..<count] }
            let isLeft = server.hasInput
            #expect(!isLeft)
            server.takeOutput(into: &toClient)
            Self.carry(toClient.bytes, to: client, step: step) { #expect($0.read(into: buffer) == .wantsInput) }
            toClient.removeAll()
            while client.isHandshakeDone, sent < message.count {
                sent += try message[sent...].withUnsafeBytes { try client.write($0) }
            }
        }
        #expect(received == message)
    }

    @Test func garbageFailsAndLeavesNoErrorBehind() throws {
        let files = Rig.certificate
        let server = try TLSStream.server(TLSContext.server(certificatePath: files.certificatePath, keyPath: files.keyPath))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 1)
        defer { buffer.deallocate() }
        // What was received and not yet read lies where it came.
        let result = Array("GET / HTTP/1.1\r\n\r\n".utf8).withUnsafeBytes { request in
            server.receive(request)
            return server.read(into: buffer)
        }
        guard case .failed = result else {
            Issue.record("took a request for a handshake")
            return
        }
        // The next connection of the thread must not see the failure.
        try carriesBytesHoweverCut(step: 1000, readBytes: 100)
    }
}
