import BigInt
import Engine
import Signing

/// Values of the contract ABI (https://docs.soliditylang.org/en/latest/abi-spec.html), as far as the rollup contract needs them.
package enum ABI {
    package enum Value: Equatable, Sendable {
        /// Any uintN; the caller keeps it within N bits.
        case uint(BigUInt)
        case address(Address)
        case bool(Bool)
        case bytes32(Hash256)
        case bytes([UInt8])
        case string(String)
        /// `bytes32[n]`, n fixed.
        case fixedHashes([Hash256])
        /// An array of static tuples, or of static values, which are encoded as tuples of one.
        case tuples([[Value]])

        /// A uint of at most 64 bits.
        package static func uint(_ value: UInt64) -> Value { .uint(BigUInt(value)) }
        package static func uint(_ value: UInt32) -> Value { .uint(BigUInt(value)) }
    }

    /// Encodes the arguments of a function, head first.
    package static func encode(_ values: [Value]) -> [UInt8] {
        var head: [UInt8] = []
        var tail: [UInt8] = []
        let headBytes = values.reduce(0) { $0 + $1.headBytes }
        for value in values {
            if let (count, dynamic) = value.dynamic {
                head += word(BigUInt(headBytes + tail.count))
                tail += word(BigUInt(count)) + dynamic
                tail += [UInt8](repeating: 0, count: (32 - dynamic.count % 32) % 32)
            } else {
                head += value.staticBytes
            }
        }
        return head + tail
    }

    /// Call data: the selector of `signature`, for example `deposit(uint256,uint256,address)`, and the arguments.
    package static func call(_ signature: String, _ values: [Value] = []) -> [UInt8] {
        selector(signature) + encode(values)
    }

    /// First four bytes of the signature's keccak-256.
    package static func selector(_ signature: String) -> [UInt8] { Array(keccak256(Array(signature.utf8)).bytes[..<4]) }

    /// Topic 0 of an event.
    package static func topic(_ signature: String) -> Hash256 { keccak256(Array(signature.utf8)) }

    /// A number as a 32-byte word. Traps above 256 bits.
    static func word(_ value: BigUInt) -> [UInt8] {
        guard let word = Hash256(value) else { preconditionFailure("\(value) does not fit a uint256") }
        return word.bytes
    }
}

extension ABI.Value {
    fileprivate var headBytes: Int {
        if case .fixedHashes(let hashes) = self { return 32 * hashes.count }
        return 32
    }

    /// What stands behind the head: how many there are, of bytes or of tuples, and these. Nil for a static value.
    fileprivate var dynamic: (count: Int, bytes: [UInt8])? {
        switch self {
        case .bytes(let bytes): (bytes.count, bytes)
        case .string(let text): (text.utf8.count, Array(text.utf8))
        case .tuples(let tuples): (tuples.count, tuples.flatMap { $0.flatMap(\.staticBytes) })
        default: nil
        }
    }

    fileprivate var staticBytes: [UInt8] {
        switch self {
        case .uint(let value): ABI.word(value)
        case .address(let address): [UInt8](repeating: 0, count: 12) + address.bytes
        case .bool(let flag): ABI.word(flag ? 1 : 0)
        case .bytes32(let hash): hash.bytes
        case .fixedHashes(let hashes): hashes.flatMap(\.bytes)
        case .bytes, .string, .tuples: []
        }
    }
}
