import Engine
import Sequencer
import SeededRandom
import Testing

@testable import Gateway

@Suite struct ClientMessageTests {
    typealias Malformed = ClientMessage.Malformed

    static func code(_ bytes: [UInt8]) -> RejectCode {
        bytes.withUnsafeBytes { bytes in
            do throws(Malformed) {
                _ = try ClientMessage.decode(bytes)
                return .none
            } catch {
                return error.code
            }
        }
    }

    static let commands: [UInt8] = [1, 1, 0, 0] + [UInt8](repeating: 7, count: 92) + [2, 0, 1, 0] + [UInt8](repeating: 0, count: 8)
    static let query: [UInt8] = [4, 0, 0, 0, 9, 0, 0, 0, 5, 0, 1, 0, 10, 0, 0, 0] + [UInt8](repeating: 0, count: 20)

    static func bookQuery(depth: UInt16) -> [UInt8] {
        var query = query
        (query[12], query[13]) = (UInt8(truncatingIfNeeded: depth), UInt8(depth >> 8))
        return query
    }

    @Test func decodesCommands() throws {
        try Self.commands.withUnsafeBytes { bytes throws in
            guard case .commands(let envelope) = try ClientMessage.decode(bytes) else {
                Issue.record("not commands")
                return
            }
            #expect(envelope.count == Self.commands.count - 4)
            #expect(envelope.baseAddress == bytes.baseAddress! + 4)
        }
    }

    @Test func refusesMalformedCommands() {
        #expect(Self.code([]) == .malformedMessage)
        #expect(Self.code([1, 1, 0, 0]) == .malformedMessage)
        #expect(Self.code(Array(Self.commands[..<96])) == .malformedPayload)
        var scheme = Self.commands
        scheme[1] = 2
        #expect(Self.code(scheme) == .malformedMessage)
        var reserved = Self.commands
        reserved[3] = 1
        #expect(Self.code(reserved) == .malformedMessage)
        #expect(Self.code(Self.commands + [UInt8](repeating: 0, count: 16 << 10)) == .messageTooLarge)
        #expect(Self.code([9, 9, 9]) == .unknownMessageType)
    }

    @Test func namesTheNonceOfRefusedCommands() {
        var scheme = Self.commands
        scheme[1] = 9
        scheme.replaceSubrange(24..<32, with: [1, 2, 0, 0, 0, 0, 0, 0])
        let error = #expect(throws: Malformed.self) { try scheme.withUnsafeBytes { bytes throws in _ = try ClientMessage.decode(bytes) } }
        #expect(error == Malformed(code: .malformedMessage, type: 1, nonce: 513))
    }

    @Test func decodesSubscriptions() throws {
        func subscription(_ bytes: [UInt8]) throws -> ClientMessage.Subscription? {
            try bytes.withUnsafeBytes { bytes throws in
                switch try ClientMessage.decode(bytes) {
                case .subscribe(let subscription, after: nil), .unsubscribe(let subscription): subscription
                default: nil
                }
            }
        }
        #expect(try subscription([2, 1, 3, 1]) == ClientMessage.Subscription(channel: .book, market: 259))
        #expect(try subscription([3, 2, 3, 0]) == ClientMessage.Subscription(channel: .trades, market: 3))
        #expect(try subscription([2, 4, 0, 0]) == ClientMessage.Subscription(channel: .blocks))
        let account = try #require(try subscription([2, 3, 0, 0] + (1...20)))
        #expect(account.owner[0] == 1 && account.owner[19] == 20)
        #expect(account.subaccount == 0 && account.market == 0)
        #expect(
            try subscription([2, 3, 7, 0] + (1...20)) == ClientMessage.Subscription(channel: .account, owner: account.owner, subaccount: 7))
        #expect(try subscription([2, 7, 0, 0]) == ClientMessage.Subscription(channel: .receipts))
        #expect(Self.code([2, 7, 1, 0]) == .malformedMessage)
        // A position asks for a replay, of an account alone.
        let replay: [UInt8] = [2, 3, 7, 0] + (1...20) + [5, 0, 0, 0, 9, 0, 0, 0]
        try replay.withUnsafeBytes { bytes in
            guard case .subscribe(let subscription, let after) = try ClientMessage.decode(bytes) else {
                Issue.record("no subscription")
                return
            }
            #expect(subscription == ClientMessage.Subscription(channel: .account, owner: account.owner, subaccount: 7))
            #expect(after == StreamPosition(block: 9, batch: 4))
        }
        #expect(Self.code([3] + replay.dropFirst()) == .malformedMessage)
        #expect(Self.code(replay.dropLast()) == .malformedMessage)
        #expect(Self.code([2, 1] + replay.dropFirst(2)) == .malformedMessage)
        #expect(Self.code([2, 99, 0, 0]) == .unknownChannel)
        #expect(Self.code([2, 1, 0]) == .malformedMessage)
        #expect(Self.code([2, 1, 0, 0, 0]) == .malformedMessage)
        #expect(Self.code([2, 4, 1, 0]) == .malformedMessage)
        #expect(Self.code([2, 3, 0, 0] + (1...19)) == .malformedMessage)
    }

    @Test func decodesQueriesAndTime() {
        #expect(Self.code(Self.query) == .none)
        var unknown = Self.query
        unknown[8] = 99
        #expect(Self.code(unknown) == .unknownQuery)
        var reserved = Self.query
        reserved[14] = 1
        #expect(Self.code(reserved) == .malformedMessage)
        #expect(Self.code(Array(Self.query.dropLast())) == .malformedMessage)
        #expect(Self.code([5] + [UInt8](repeating: 0, count: 15)) == .none)
        #expect(Self.code([5, 1] + [UInt8](repeating: 0, count: 14)) == .malformedMessage)
    }

    /// Whatever comes, decoding ends with a message or one of the codes for messages, and never reads outside the bytes.
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func fuzz(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let expected: Set<RejectCode> = [
            .none, .malformedMessage, .malformedPayload, .messageTooLarge, .unknownMessageType, .unknownChannel, .unknownQuery,
        ]
        let seeds = [Self.commands, Self.query, [2, 1, 1, 0], [2, 3, 0, 0] + (1...20), [5] + [UInt8](repeating: 0, count: 15)]
        for round in 0..<20_000 {
            let code = Self.code(mutate(seeds[round % seeds.count], &generator))
            #expect(expected.contains(code), "seed \(seed) round \(round)")
        }
    }

    @Test func everyCodeHasASentenceThatFits() {
        for code in RejectCode.allCases {
            let text = "\(code.text)"
            #expect(text.hasSuffix(".") && text.utf8.count >= 9 && text.utf8.count < 200, "\(code)")
        }
        #expect(Set(RejectCode.allCases.map { "\($0.text)" }).count == RejectCode.allCases.count)
    }
}
