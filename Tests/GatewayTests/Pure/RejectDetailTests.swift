import Engine
import Proof
import Sequencer
import Testing

@testable import Gateway

/// What is said behind a code's sentence.
@Suite struct RejectDetailTests {
    static func payload(_ bytes: [UInt8]) -> String? { bytes.withUnsafeBytes { RejectDetail.malformed(payload: $0) } }
    static func message(_ code: RejectCode, _ bytes: [UInt8]) -> String { bytes.withUnsafeBytes { RejectDetail.malformed(code, $0) } }
    static let cancel: [UInt8] = [2, 0, 1, 0] + [UInt8](repeating: 7, count: 8)

    @Test(
        arguments: [
            ([], nil), (cancel + cancel, nil), (cancel + [99, 0], "Command 1, at byte 12 of the payload: no command has the type 99."),
            (cancel.dropLast(), "Command 0, at byte 0 of the payload: a command of the type 2 has 12 bytes, here are 11."),
            (
                cancel + cancel + [10, 3, 0, 0],
                "Command 2, at byte 24 of the payload: its bits or numbers are not those of a command of the type 10."
            ),
            ([13, 0, 0, 0], "Command 0, at byte 0 of the payload: its bits or numbers are not those of a command of the type 13."),
        ] as [([UInt8], String?)])
    func aPayloadsFaultIsFound(payload: [UInt8], detail: String?) { #expect(Self.payload(payload) == detail) }

    /// It finds a fault exactly where the engine does.
    @Test func itAgreesWithTheEngine() throws {
        let exchange = try HostedExchange()
        for type in UInt8.min...UInt8.max {
            for flags: UInt8 in [0, 1, 3, 64, 128] {
                let payload = [type, flags] + [UInt8](repeating: 0, count: max(2, Command.byteCount(type: type)) - 2)
                let code = payload.withUnsafeBytes { exchange.exchange.checkPayload($0) }
                #expect((code == .malformedPayload) == (Self.payload(payload) != nil), "\(payload)")
            }
        }
    }

    @Test func aMessageIsMeasured() {
        #expect(Self.message(.malformedMessage, []) == "It has 0 bytes.")
        #expect(Self.message(.malformedMessage, [4, 0, 0]) == "It has 3 bytes; one of type 4 has 36, with zeros at 1 to 3, 9, 14 and 15.")
        #expect(Self.message(.malformedMessage, [1]).hasPrefix("It has 1 bytes; one of type 1 has 97 to 16480"))
        #expect(Self.message(.unknownMessageType, [77]) == "It begins with 77.")
        #expect(Self.message(.unknownChannel, [2, 9]) == "The channel is 9.")
        #expect(Self.message(.malformedPayload, [1]).isEmpty)
    }

    @Test func figuresAreThoseOfTheRule() {
        #expect(RejectDetail.nonce(.nonceTooOld, 5, nowMs: 1_700_000_000_000) == "It is 5, and the time is 1700000000000.")
        #expect(RejectDetail.nonce(.nonceRepeated, 5, nowMs: 9) == "It is 5." && RejectDetail.nonce(.unknownSigner, 5, nowMs: 9).isEmpty)
        let rate = Rate(perSecond: 1000, burst: 600)
        #expect(
            RejectDetail.quota(512, remaining: 12, rate)
                == "The batch has 512 commands that count, 12 are left, and 1000 a second come in: enough in 500 ms.")
        #expect(RejectDetail.quota(601, remaining: 600, rate) == "The batch has 601 commands that count, and 600 may come at once.")
        #expect(RejectDetail.oldest(StreamPosition(block: 8, batch: 6)) == "Kept is what came after 34359738375: block 8, place 7.")
    }
}
