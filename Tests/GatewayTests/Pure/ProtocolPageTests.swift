import Engine
import Foundation
import Signing
import Testing

@testable import Gateway

/// The examples of the protocol page are what this code computes and understands.
@Suite struct ProtocolPageTests {
    static let key = try! PrivateKey(hex: String(repeating: "46", count: 32))
    static let domain = SigningDomain(chainId: 1337, rollup: ServerMessageTests.address(0x42))
    static let nonce: UInt64 = 1_700_000_000_000
    static let commands: [Command] = [
        .place(
            market: 1, side: .sell, timeInForce: .postOnly, priceCode: PriceCode.code(mantissa: 12_500, exponent: 21), lots: 10,
            clientOrderId: 7),
        .cancelByClientId(market: 1, clientOrderId: 6),
    ]

    static func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
    static func hex(_ hash: Hash256) -> String { withUnsafeBytes(of: hash) { hex($0) } }

    static var examples: [(name: String, hex: String)] {
        let message = CommandsMessage.encode(commands, nonce: nonce, key: key, domain: domain)
        let payload = message[Wire.commandsHeaderBytes...]
        let digest = payload.withUnsafeBytes { domain.commandsDigest(nonce: nonce, payload: $0) }
        return [
            ("private key", String(repeating: "46", count: 32)), ("signer", withUnsafeBytes(of: key.address) { hex($0) }),
            ("domain separator", hex(domain.separator)), ("payload", hex(payload)),
            ("payload hash", hex(payload.withUnsafeBytes { Keccak256.hash($0) })), ("digest", hex(digest)),
            ("signature", hex(message[32..<96])), ("message", hex(message)),
        ] + ServerMessageTests.all.map { ("message \(String($0.bytes[0], radix: 16))", hex($0.bytes)) }
    }

    static let page = try! String(
        contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../Sources/Node/Gateway/Gateway.docc/Protocol.md").standardized, encoding: .utf8)

    @Test func examplesAreOnThePage() {
        // A whole query reply would not fit a line.
        for example in Self.examples where example.name != "message 84" {
            #expect(Self.page.contains(example.hex), "\(example.name): \(example.hex)")
        }
    }

    /// Every line of hexadecimal digits on the page is a message that one side can decode, or part of the worked example.
    @Test func messagesOnThePageDecode() throws {
        let worked = Set(Self.examples.map(\.hex))
        var count = 0
        for line in Self.page.split(separator: "\n") where line.hasPrefix("    ") {
            guard let word = line.split(separator: " ").first, word.count >= 8, word.count % 2 == 0, word.allSatisfy(\.isHexDigit) else {
                continue
            }
            let digits = Array(word)
            let bytes = stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
            count += 1
            if bytes[0] >= 0x80 {
                #expect(try ServerMessageTests.decoded(bytes) != nil, "\(word)")
            } else {
                #expect(ClientMessageTests.code(bytes) == .none || worked.contains(String(word)), "\(word)")
            }
        }
        #expect(count >= 15)
    }

    @Test func everyCodeIsOnThePage() {
        for code in RejectCode.allCases where code != .none {
            #expect(Self.page.contains("| \(code.rawValue) | \(code) | \(code.text) |"), "\(code)")
        }
    }

    @Test func limitsAreThoseOfThePage() {
        let limits = GatewayLimits()
        #expect(Wire.clientMessageBytesMax == 16480 && Self.page.contains("16480 bytes"))
        #expect(limits.pingIntervalMs == 15_000 && limits.idleTimeoutMs == 45_000 && limits.handshakeTimeoutMs == 10_000)
    }
}
