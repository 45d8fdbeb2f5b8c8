import Foundation
import Testing

@testable import Engine

/// Bytes that the contracts' tests check too: Tests/Vectors, made by independent code (Python).
@Suite struct GoldenVectorTests {
    @Test func balanceCells() throws {
        let entries = try vectors("cells", "balances")
        #expect(entries.count > 2)
        for entry in entries {
            var cell = Balance()
            cell.owner = try address(entry["owner"])
            cell.token = UInt32(try number(entry["token"]))
            cell.free = try number(entry["free"])
            cell.locked = try number(entry["locked"])
            cell.account = UInt32(try number(entry["account"]))
            try expectCell(cell, entry)
        }
    }

    @Test func withdrawalCells() throws {
        let entries = try vectors("cells", "withdrawals")
        #expect(entries.count > 1)
        for entry in entries {
            var cell = Withdrawal()
            cell.owner = try address(entry["owner"])
            cell.token = UInt32(try number(entry["token"]))
            cell.amount = try number(entry["amount"])
            cell.id = try number(entry["id"])
            cell.blockNumber = try number(entry["block"])
            #expect(try UInt64(Layout.withdrawalCell(id: cell.id)) == number(entry["index"]))
            try expectCell(cell, entry)
        }
    }

    @Test func tokenCells() throws {
        let entries = try vectors("cells", "tokens")
        #expect(entries.count > 2)
        for entry in entries {
            var cell = Token()
            cell.l1Address = try address(entry["l1Address"])
            cell.id = UInt32(try number(entry["id"]))
            cell.supply = try number(entry["supply"])
            cell.decimals = UInt32(try number(entry["decimals"]))
            cell.unitExponent = UInt32(try number(entry["unitExponent"]))
            let symbol = Array(try #require(entry["symbol"] as? String).utf8)
            cell.symbol = (symbol + [UInt8](repeating: 0, count: 16 - symbol.count)).withUnsafeBytes {
                TokenSymbol(loadingFrom: $0.baseAddress!)
            }
            #expect(cell.symbol.isValid && (cell.supply == 0) == (cell.id < Layout.bornTokensStart))
            try expectCell(cell, entry)
        }
    }

    @Test func inboxMessagesFillTheState() throws {
        let test = try TestExchange()
        var accumulator = Hash256.zero
        let entries = try vectors("inbox", "messages")
        #expect(entries.count > 3)
        for entry in entries {
            let bytes = try hex(entry["message"])
            try #require(bytes.count == InboxMessage.bytes)
            test.host.exchange.clearEvents()
            bytes.withUnsafeBytes { test.host.exchange.consume(InboxMessage(loadingFrom: $0.baseAddress!)) }
            #expect(test.host.exchange.events.last?.kind != Event.Kind.inboxIgnored, "\(entry)")
            if let sender = entry["sender"] {
                let message = try hex(entry["payload"]).withUnsafeBytes { InboxMessage(forced: $0, sender: try address(sender)) }
                #expect(withUnsafeBytes(of: message) { Array($0) } == bytes)
            }
            var hash = Keccak256()
            hash.update(accumulator)
            hash.update(bytes.withUnsafeBytes { Keccak256.hash($0) })
            accumulator = hash.finish()
            #expect(withUnsafeBytes(of: accumulator) { Array($0) } == (try hex(entry["accumulator"])))
        }
        // The first of the forced messages takes everything out that was deposited before.
        #expect(test.host.exchange.withdrawal(1)?.amount == UInt64.max / 2)
    }

    private func expectCell<Record>(_ cell: Record, _ entry: [String: Any]) throws {
        let expected = (cell: try hex(entry["cell"]), leaf: try hex(entry["leaf"]))
        withUnsafeBytes(of: cell) { bytes in
            #expect(Array(bytes) == expected.cell)
            let leaf = Keccak256.hash(bytes)
            #expect(withUnsafeBytes(of: leaf) { Array($0) } == expected.leaf)
        }
    }

    private func vectors(_ file: String, _ key: String) throws -> [[String: Any]] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: root.appendingPathComponent("Vectors/\(file).json"))
        let object = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        return try #require(object?[key] as? [[String: Any]])
    }

    private func number(_ value: Any?) throws -> UInt64 { try #require(value as? NSNumber).uint64Value }

    private func address(_ value: Any?) throws -> Address {
        let bytes = try hex(value)
        try #require(bytes.count == 20)
        return bytes.withUnsafeBytes { Address(loadingFrom: $0.baseAddress!) }
    }

    private func hex(_ value: Any?) throws -> [UInt8] {
        let digits = Array(try #require(value as? String).dropFirst(2))
        return try stride(from: 0, to: digits.count, by: 2).map { try #require(UInt8(String(digits[$0...($0 + 1)]), radix: 16)) }
    }
}
