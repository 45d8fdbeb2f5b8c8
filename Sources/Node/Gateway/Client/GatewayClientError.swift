/// What can go wrong between a client and the gateway.
package enum GatewayClientError: Error, Equatable, Sendable, CustomStringConvertible {
    case badURL(String)
    case cannotConnect(GatewayURL, reason: String)
    case tls(OpenSSLFailure)
    /// The server did not open a WebSocket.
    case refused(WebSocketRefused)
    /// The connection ended: close code (RFC 6455, 7.4.1), 1006 without a close frame.
    case closed(code: UInt16)
    /// Nothing came for so long.
    case timedOut(milliseconds: Int)
    case malformed(MalformedServerMessage)
    /// The server refused what was asked; nothing was applied.
    case rejected(ServerMessage.Reject)
    /// The server speaks another version of the protocol.
    case version(UInt8)
    /// The exchange has lost something that this client had heard of. The subscription goes on; ask for the state of the account.
    case historyLost(HistoryLost)
    /// Behind the same address another exchange answers than before.
    case otherExchange(GatewayURL)

    package var description: String {
        switch self {
        case .badURL(let text): "\(text) is no gateway address; write wss://host:port"
        case .cannotConnect(let url, let reason):
            "cannot connect to \(url): \(reason); does memexd run there, and is this the port of its --listen?"
        case .tls(let failure): failure.description
        case .refused(let refused): refused.description
        case .closed(let code): "the connection ended (close code \(code)\(Self.meaning(of: code)))"
        case .timedOut(let milliseconds): "the gateway did not answer within \(milliseconds) ms"
        case .malformed(let malformed): malformed.description
        case .rejected(let reject): reject.description
        case .historyLost(let lost): lost.description
        case .otherExchange(let url): "\(url) serves another exchange than before"
        case .version(let version): "the gateway speaks version \(version) of memex.v1; this client knows \(Wire.version)"
        }
    }

    private static func meaning(of code: UInt16) -> String {
        switch code {
        case 1001: ", the gateway is shutting down"
        case 1002: ", protocol violated"
        case 1003: ", text messages are not accepted"
        case 1006: ", no close frame"
        case 1008: ", read too slowly or no pong"
        case 1009: ", message too large"
        default: ""
        }
    }
}
