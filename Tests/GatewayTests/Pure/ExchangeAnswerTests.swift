@testable import Engine
@testable import Gateway
import Sequencer
import Testing

/// Answers built byte by byte from the table of ``QueryReply``.
struct ExchangeAnswerTests {
    private func answer(_ kind: QueryKind, count: UInt32, isFound: Bool = true, _ fields: [any BitwiseCopyable]) -> [UInt8] {
        var bytes: [UInt8] = []
        func append<Value: BitwiseCopyable>(_ value: Value) { withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) } }
        append(kind.rawValue)
        append(UInt8(isFound ? 1 : 0))
        append(UInt16(3))
        append(count)
        append(UInt64(11))
        append(UInt64(22))
        for field in fields { append(field) }
        return bytes
    }

    @Test func status() throws {
        let root = Hash256.random()
        let bytes = answer(
            .status, count: 1, [UInt64(1), UInt64(2), UInt64(3), UInt32(4), UInt32(5), UInt64(6), root, Hash256.zero])
        #expect(bytes.count == QueryReply.Status.bytes)
        let status = try ExchangeStatus(decoding: bytes)
        #expect(status.position == AnswerPosition(sequence: 11, block: 22))
        #expect(status.blockTimeMs == 1 && status.inboxCursor == 2 && status.withdrawalCount == 3)
        #expect(status.accountCount == 4 && status.openOrderCount == 5 && status.sealedBlock == 6 && status.stateRoot == root)
    }

    @Test func account() throws {
        var account = Account()
        account.id = 7
        var balance = Balance()
        balance.free = 9
        let bytes = answer(
            .account, count: 1,
            [
                account, AccountSchedule(), UInt32(2), UInt32(0), balance, UInt64(100), UInt64(5), UInt64(3), UInt32(1234), UInt16(2),
                UInt8(1), UInt8(0), UInt64(0), UInt32(0), UInt32(PlaceFlags(side: .sell, timeInForce: .postOnly).rawValue),
                UInt64(99), UInt64(0), UInt64(4), UInt32(1233), UInt16(1), UInt8(0), UInt8(1), UInt64(77),
                UInt32(1300), UInt32(PlaceFlags(side: .buy, timeInForce: .market, firesAbove: true).rawValue),
            ])
        let answer = try #require(try AccountAnswer(decoding: bytes))
        #expect(answer.account.id == 7)
        #expect(answer.balances.map(\.free) == [9])
        #expect(
            answer.orders == [
                AccountAnswer.OpenOrder(
                    orderId: 100, clientOrderId: 5, lots: 3, priceCode: 1234, market: 2, side: .sell,
                    flags: PlaceFlags(side: .sell, timeInForce: .postOnly)),
                AccountAnswer.OpenOrder(
                    orderId: 99, clientOrderId: 0, lots: 4, priceCode: 1233, market: 1, side: .buy, expiryMs: 77,
                    triggerPriceCode: 1300, flags: PlaceFlags(side: .buy, timeInForce: .market, firesAbove: true)),
            ])
        for count in 0..<bytes.count {
            #expect(throws: MalformedServerMessage.self) { _ = try AccountAnswer(decoding: Array(bytes.prefix(count))) }
        }
        #expect(try AccountAnswer(decoding: self.answer(.account, count: 0, isFound: false, [])) == nil)
    }

    @Test func book() throws {
        let fields: [any BitwiseCopyable] = [
            UInt32(1), UInt32(1), UInt32(50), UInt32(0), UInt64(5), UInt32(60), UInt32(1), UInt64(6),
        ]
        let book = try #require(try BookAnswer(decoding: answer(.book, count: 2, fields)))
        #expect(book.bids == [BookLevel(priceCode: 50, side: .buy, lots: 5)])
        #expect(book.asks == [BookLevel(priceCode: 60, side: .sell, lots: 6)])
        // Counts that promise more than there is are refused before anything is made room for.
        #expect(throws: MalformedServerMessage.self) {
            _ = try BookAnswer(decoding: answer(.book, count: 2, [UInt32.max, UInt32.max, UInt64(0)]))
        }
        #expect(throws: MalformedServerMessage.self) { _ = try BookAnswer(decoding: answer(.status, count: 2, fields)) }
    }
}
