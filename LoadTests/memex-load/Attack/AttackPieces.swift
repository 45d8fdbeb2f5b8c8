import COpenSSL
import Gateway

/// What attackers send, made before the attack: it must cost them as little as it can.
struct AttackPieces {
    private let pieces: [AttackKind: [UInt8]]
    /// Bad signatures in a piece.
    let badSignatureCount: Int

    static let pingsPerPiece = 100
    private static let garbageBytes = 300

    /// `badMessages` are batches whose signatures do not fit.
    init(context: borrowing TLSContext, url: GatewayURL, badMessages: [[UInt8]]) throws {
        let hello = url.isSecure ? try Self.clientHello(context) : []
        var random = SystemRandomNumberGenerator()
        let garbage = (0..<Self.garbageBytes).map { _ in UInt8.random(in: 0...255, using: &random) }
        // Fields without end; they would be too many only after the time for the head is over.
        let head =
            Array("GET / HTTP/1.1\r\nHost: \(url.authority)\r\n".utf8) + Array(repeating: Array("X: y\r\n".utf8), count: 1000).joined()
        let message = ClientFrame.bytes([UInt8](repeating: 0, count: Wire.clientMessageBytesMax), mask: 0)
        let ping = ClientFrame.bytes([0x78], opcode: ClientFrame.ping, mask: 0x5A5A_A5A5)
        pieces = [
            .halfTLS: hello, .hellos: hello, .slowHeads: head, .slowFrames: message, .garbageRecords: garbage, .garbageFrames: garbage,
            .pings: Array(repeating: ping, count: Self.pingsPerPiece).flatMap { $0 },
            .badSignatures: badMessages.flatMap { ClientFrame.bytes($0, mask: 0x5A5A_A5A5) },
        ]
        badSignatureCount = badMessages.count
    }

    /// What a connection sends with its step `step`, from 0; empty if nothing.
    func piece(_ kind: AttackKind, step: Int) -> ArraySlice<UInt8> {
        let bytes = pieces[kind] ?? []
        switch kind {
        case .slowHeads, .slowFrames: return bytes[(step % bytes.count)...].prefix(1)
        case .pings, .badSignatures: return bytes[...]
        case .silent, .halfTLS, .hellos, .garbageRecords, .garbageFrames: return step == 0 ? bytes[...] : []
        }
    }

    /// The first flight of a client of TLS, good for any number of connections.
    private static func clientHello(_ context: borrowing TLSContext) throws -> [UInt8] {
        guard let ssl = SSL_new(context.handle), let input = BIO_new(BIO_s_mem()), let output = BIO_new(BIO_s_mem()) else {
            throw LoadFailure("no memory for TLS")
        }
        defer { SSL_free(ssl) }
        SSL_set_bio(ssl, input, output)
        _ = SSL_connect(ssl)
        ERR_clear_error()
        var hello = [UInt8](repeating: 0, count: 4096)
        let count = BIO_read(output, &hello, Int32(hello.count))
        guard count > 0 else { throw LoadFailure("TLS made no hello") }
        return Array(hello[..<Int(count)])
    }
}
