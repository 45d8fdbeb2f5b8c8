import BigInt
import Engine
import Signing

/// Ethereum's JSON-RPC writes numbers as hex without leading zeros, and bytes as hex with all digits.
extension JSONValue {
    package static func quantity(_ value: BigUInt) -> JSONValue { .string("0x" + String(value, radix: 16)) }
    package static func quantity(_ value: UInt64) -> JSONValue { .string("0x" + String(value, radix: 16)) }
    package static func bytes(_ bytes: [UInt8]) -> JSONValue { .string(Hex.encode(bytes)) }

    func quantity(_ method: String, _ name: String = "result") throws(EthereumError) -> BigUInt {
        guard let text, text.hasPrefix("0x"), let value = BigUInt(text.dropFirst(2), radix: 16) else {
            throw .malformedReply(method: method, detail: "\(name) is not a hexadecimal number: \(self)")
        }
        return value
    }

    func integer(_ method: String, _ name: String = "result") throws(EthereumError) -> UInt64 {
        let value = try quantity(method, name)
        guard let integer = UInt64(exactly: value) else {
            throw .malformedReply(method: method, detail: "\(name) exceeds 64 bits: \(value)")
        }
        return integer
    }

    func data(_ method: String, _ name: String = "result") throws(EthereumError) -> [UInt8] {
        guard let text, text.hasPrefix("0x"), let bytes = try? Hex.decode(text) else {
            throw .malformedReply(method: method, detail: "\(name) is not hexadecimal data")
        }
        return bytes
    }

    func hash(_ method: String, _ name: String = "result") throws(EthereumError) -> Hash256 {
        guard let hash = Hash256(bytes: try data(method, name)) else {
            throw .malformedReply(method: method, detail: "\(name) is not 32 bytes long")
        }
        return hash
    }

    func address(_ method: String, _ name: String = "result") throws(EthereumError) -> Address {
        guard let address = Address(bytes: try data(method, name)) else {
            throw .malformedReply(method: method, detail: "\(name) is not 20 bytes long")
        }
        return address
    }

    /// The member `name`, which must be there.
    func member(_ name: String, of method: String) throws(EthereumError) -> JSONValue {
        guard let value = self[name], !value.isNull else { throw .malformedReply(method: method, detail: "\(name) is missing") }
        return value
    }
}
