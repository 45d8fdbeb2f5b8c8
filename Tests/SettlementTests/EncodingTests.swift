import BigInt
import Engine
import Foundation
import Signing
import Testing

@testable import Settlement

@Suite struct EncodingTests {
    @Test func `RLP is what Python's rlp writes`() throws {
        let cases = try #require(Vectors.load("ethereum")["rlp"]?.items)
        #expect(cases.count == 16)
        for item in cases {
            let value = try rlp(#require(item["item"]))
            #expect(Hex.encode(value.encoded) == item["encoded"]?.text)
        }
    }

    @Test func `ABI values are what eth_abi writes, and read back`() throws {
        let cases = try #require(Vectors.load("ethereum")["abi"]?.items)
        #expect(cases.count == 8)
        for item in cases {
            let types = try #require(item["types"]?.items).compactMap(\.text)
            let values = try #require(item["values"]?.items)
            let abi = try zip(types, values).map { try abiValue(type: $0, value: $1) }
            let encoded = ABI.encode(abi)
            #expect(Hex.encode(encoded) == item["encoded"]?.text)
            var reader = ABIReader(encoded)
            for value in abi { #expect(try read(like: value, from: &reader) == value) }
            // Every prefix is refused or, where only padding is missing, read alike: nothing traps.
            for count in 0..<encoded.count {
                var reader = ABIReader(Array(encoded[..<count]))
                for value in abi { _ = try? read(like: value, from: &reader) }
            }
        }
    }

    @Test func `offsets and lengths beyond the data are refused`() {
        let huge = [UInt8](repeating: 0xFF, count: 32)
        let offset = ABI.encode([.uint(UInt64(32))])
        for bytes in [huge, offset + huge, offset + ABI.encode([.uint(UInt64(1))]), ABI.encode([.uint(UInt64(1) << 31)])] {
            var reader = ABIReader(bytes)
            #expect(throws: ABIError.self) { try reader.dynamicBytes() }
        }
        var reader = ABIReader(huge)
        #expect(throws: ABIError.self) { try reader.address() }
        reader = ABIReader(huge)
        #expect(throws: ABIError.self) { try reader.bool() }
        reader = ABIReader(huge)
        #expect(throws: ABIError.outOfRange(value: BigUInt(2).power(256) - 1, bits: 64)) { try reader.integer(UInt64.self) }
    }

    @Test func `selectors and revert reasons`() throws {
        let vectors = try Vectors.load("ethereum")
        guard case .object(let selectors)? = vectors["selectors"] else { throw ABIError.truncated(needed: 1, available: 0) }
        for (signature, selector) in selectors { #expect(Hex.encode(ABI.selector(signature)) == selector.text) }
        #expect(EthereumError.revertReason(try Hex.decode(text(vectors["revert"]))) == "rollup: not the sequencer")
        #expect(EthereumError.revertReason(try Hex.decode(text(vectors["panic"]))) == "arithmetic overflow (panic 0x11)")
        #expect(EthereumError.revertReason([1, 2, 3, 4]) == nil)
        #expect(EthereumError.revertReason([]) == nil)
    }

    @Test func `transactions are what eth_account signs`() throws {
        let key = try PrivateKey(hex: #require(Vectors.load("signing")["privateKey"]?.text))
        let cases = try #require(Vectors.load("transactions").items)
        #expect(cases.count == 3)
        for item in cases {
            func integer(_ name: String) throws -> UInt64 { UInt64(try #require(item[name]?.number)) }
            let transaction = Transaction(
                chainId: try integer("chainId"), nonce: try integer("nonce"),
                maxPriorityFeePerGas: BigUInt(try integer("maxPriorityFeePerGas")), maxFeePerGas: BigUInt(try integer("maxFeePerGas")),
                gasLimit: try integer("gas"), to: try Address(hex: text(item["to"])),
                value: try #require(BigUInt(text(item["value"]))), data: try Hex.decode(text(item["data"])))
            let signed = transaction.signed(by: key)
            #expect(Hex.encode(signed.raw) == item["raw"]?.text)
            #expect(signed.hash.hex == item["hash"]?.text)
        }
    }

    @Test func `numbers turn into words and back`() throws {
        for value: BigUInt in [0, 1, 255, 256, BigUInt(UInt64.max), BigUInt(UInt64.max) + 1, BigUInt(2).power(256) - 1] {
            #expect(try #require(Hash256(value)).number == value)
        }
        #expect(Hash256(BigUInt(2).power(256)) == nil)
    }

    private func rlp(_ json: JSONValue) throws -> RLP {
        if let items = json.items { return .list(try items.map(rlp)) }
        return .bytes(try Hex.decode(text(json)))
    }

    private func abiValue(type: String, value: JSONValue) throws -> ABI.Value {
        switch type {
        case "uint256": .uint(try #require(BigUInt(text(value))))
        case "address": .address(try Address(hex: text(value)))
        case "bool": .bool(value == .bool(true))
        case "bytes32": .bytes32(try Hash256(hex: text(value)))
        case "bytes": .bytes(try Hex.decode(text(value)))
        case "string": .string(try text(value))
        default: .fixedHashes(try #require(value.items).map { try Hash256(hex: text($0)) })
        }
    }

    private func read(like value: ABI.Value, from reader: inout ABIReader) throws -> ABI.Value {
        switch value {
        case .uint: .uint(try reader.uint())
        case .address: .address(try reader.address())
        case .bool: .bool(try reader.bool())
        case .bytes32: .bytes32(try reader.hash())
        case .bytes: .bytes(try reader.dynamicBytes())
        case .string: .string(try reader.string())
        case .fixedHashes(let hashes): .fixedHashes(try hashes.map { _ in try reader.hash() })
        // Only written, and tested in PayManyTests.
        case .tuples: throw MissingText()
        }
    }
}
