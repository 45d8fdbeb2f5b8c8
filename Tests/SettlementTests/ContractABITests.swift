import Engine
import Foundation
import Signing
import Testing

@testable import Settlement

/// The bindings against Sources/Contracts/Rollup.abi.json, which a test of the contracts keeps equal to what Vyper compiles.
@Suite struct ContractABITests {
    private struct Entry {
        var kind: String
        var signature: String
        var indexed: [Bool]
    }

    private func entries() throws -> [Entry] {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/Contracts/Rollup.abi.json")
        let json = try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: url))
        return try #require(json.items).compactMap { item in
            guard let kind = item["type"]?.text, let name = item["name"]?.text, let inputs = item["inputs"]?.items else { return nil }
            return Entry(
                kind: kind, signature: "\(name)(\(inputs.compactMap(Self.type).joined(separator: ",")))",
                indexed: inputs.map { $0["indexed"] == .bool(true) })
        }
    }

    /// The type as signatures name it: a tuple is what it consists of.
    private static func type(_ argument: JSONValue) -> String? {
        guard let name = argument["type"]?.text, name.hasPrefix("tuple") else { return argument["type"]?.text }
        let components = (argument["components"]?.items ?? []).compactMap(type).joined(separator: ",")
        return "(\(components))" + name.dropFirst("tuple".count)
    }

    @Test func `every function that is called exists with these types`() throws {
        let functions = Set(try entries().filter { $0.kind == "function" }.map(\.signature))
        #expect(functions.count > 30)
        for signature in RollupCall.Signature.all + RollupContract.Signature.all {
            #expect(functions.contains(signature), "\(signature) is not in the contract")
        }
    }

    @Test func `every event that is read exists with these types, indexed ones first`() throws {
        let events = try entries().filter { $0.kind == "event" }
        for signature in RollupEvent.Signature.all + [RollupContract.proposedEvent] {
            let entry = try #require(events.first { $0.signature == signature }, "\(signature) is not in the contract")
            // The decoder reads indexed arguments before the others.
            #expect(entry.indexed.sorted { $0 && !$1 } == entry.indexed)
        }
    }

    @Test func `inbox messages and accumulators are what the reference computes`() throws {
        let messages = try #require(Vectors.load("inbox")["messages"]?.items)
        var accumulator = Hash256.zero
        for (index, item) in messages.enumerated() {
            let bytes = try Hex.decode(text(item["message"]))
            let log = EthereumLog(
                address: .zero, topics: [RollupEvent.inboxMessageTopic, try #require(Hash256(.init(index)))], data: bytes, blockNumber: 1,
                transactionHash: .zero, logIndex: 0)
            guard case .inboxMessage(let found, let message)? = try RollupEvent(log) else {
                Issue.record("not an inbox message")
                continue
            }
            #expect(found == UInt64(index))
            #expect(message.encoded == bytes)
            accumulator = message.extending(accumulator)
            #expect(accumulator.hex == item["accumulator"]?.text)
            let forced = ForcedCommands(message)
            #expect((forced == nil) == (item["kind"]?.text != "forced"))
            if let forced {
                #expect(forced.sender == (try Address(checked: text(item["sender"]))))
                #expect(forced.payload == (try Hex.decode(text(item["payload"]))))
            }
        }
    }

    @Test func `logs of other kinds are nil and broken ones are refused`() throws {
        let unknown = EthereumLog(
            address: .zero, topics: [.random()], data: [], blockNumber: 1, transactionHash: .zero, logIndex: 0)
        #expect(try RollupEvent(unknown) == nil)
        for signature in RollupEvent.Signature.all {
            let broken = EthereumLog(
                address: .zero, topics: [ABI.topic(signature)], data: [1, 2, 3], blockNumber: 1, transactionHash: .zero, logIndex: 0)
            #expect(throws: ABIError.self) { try RollupEvent(broken) }
        }
    }
}
