import Engine
import Signing

/// What can go wrong between us and an L1 node.
package enum EthereumError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The node could not be reached, or the connection broke, also after retries.
    case cannotConnect(url: String, reason: String)
    case timedOut(url: String, seconds: Double)
    case httpStatus(url: String, status: Int, body: String)
    /// The node answered with something that is not what Ethereum's JSON-RPC prescribes.
    case malformedReply(method: String, detail: String)
    /// The node refused the request.
    case node(method: String, code: Int, message: String)
    /// The contract refused: its reason, if it gave one.
    case reverted(reason: String?, data: [UInt8])
    /// A transaction was included but failed.
    case transactionFailed(hash: Hash256, reason: String?)
    /// Another transaction with the same nonce was included instead of ours.
    case nonceTaken(nonce: UInt64, sender: Address)
    /// Not included in time; it may still be later.
    case notIncluded(hash: Hash256, seconds: Double)
    case wrongChain(expected: UInt64, actual: UInt64)
    /// The node does not have the block in which the rollup was deployed.
    case noDeploymentBlock(UInt64)
    /// There is no contract at the address.
    case noContract(Address)
    /// There is one, which has no such function.
    case otherContract(Address, function: String)

    package var description: String { text(of: "the L1 node") }

    /// In words, with a name for the one that was asked.
    package func text(of node: String) -> String {
        switch self {
        case .cannotConnect(let url, let reason): "cannot connect to \(node) at \(url): \(reason)"
        case .timedOut(let url, let seconds): "\(node) at \(url) did not answer within \(seconds) s"
        case .httpStatus(let url, let status, let body): "\(node) at \(url) answered with HTTP status \(status): \(body.prefix(200))"
        case .malformedReply(let method, let detail): "\(node)'s reply to \(method) is malformed: \(detail)"
        case .node(let method, let code, let message):
            "\(node) refused \(method): \(message) (code \(code))"
                + (message.contains("insufficient funds")
                    ? "; the key's own account on L1 needs more ether, for gas and what is sent along" : "")
        case .reverted(let reason?, _): "the contract refused: \(reason)"
        case .reverted(nil, let data): "the contract refused without a reason (\(data.count) bytes of revert data)"
        case .transactionFailed(let hash, let reason): "transaction \(hash.hex) failed on L1: \(reason ?? "no reason given")"
        case .nonceTaken(let nonce, let sender):
            "another transaction of \(sender) with nonce \(nonce) was included instead; does another program use the same key?"
        case .notIncluded(let hash, let seconds): "transaction \(hash.hex) was not included within \(Int(seconds)) s; it may still be"
        case .wrongChain(let expected, let actual):
            "\(node) is on chain \(actual), but the deployment is on chain \(expected): name a node of that, or the other deployment file"
        case .noDeploymentBlock(let number):
            "\(node) has no block \(number), in which the deployment file says the rollup was deployed: it has not caught up, or is another chain's, or the file is"
        case .noContract(let address):
            "there is no contract at \(address) on this chain; check the address in the deployment file, and that L1 has caught up"
        case .otherContract(let address, let function):
            "the contract at \(address) does not answer \(function), so it is not what it is taken for; check the address in the deployment file"
        }
    }

    /// Whether trying again later makes sense: the node is away or overloaded, as opposed to having said no.
    package var isTransient: Bool {
        switch self {
        case .cannotConnect, .timedOut: true
        case .httpStatus(_, let status, _): status == 429 || status >= 500
        default: false
        }
    }
}

extension EthereumError {
    /// The error that a node's JSON-RPC error object stands for: a revert if it carries revert data or says so.
    static func from(method: String, error: JSONValue) -> EthereumError {
        let message = error["message"]?.text ?? error.text ?? "no message"
        let data = revertData(error["data"])
        if let data, !data.isEmpty { return .reverted(reason: revertReason(data) ?? reason(inMessage: message), data: data) }
        if message.lowercased().contains("revert") { return .reverted(reason: reason(inMessage: message), data: data ?? []) }
        return .node(method: method, code: error["code"]?.number.flatMap { Int(exactly: $0) } ?? 0, message: message)
    }

    /// Nodes put the data there as text, or inside an object, or after the word "Reverted".
    private static func revertData(_ data: JSONValue?) -> [UInt8]? {
        switch data {
        case .string(let text):
            let hex = text.split(separator: " ").last.map(String.init) ?? text
            return hex.hasPrefix("0x") ? try? Hex.decode(hex) : nil
        case .object(let members): return revertData(members["data"] ?? members["result"])
        default: return nil
        }
    }

    private static func reason(inMessage message: String) -> String? {
        guard let range = message.range(of: "reverted") else { return nil }
        var rest = message[range.upperBound...].drop { ": ".contains($0) }
        for wrapper in ["with reason string ", "VM Exception while processing transaction: "] where rest.hasPrefix(wrapper) {
            rest = rest.dropFirst(wrapper.count)
        }
        let reason = rest.trimmingPrefix("'").prefix { $0 != "'" }
        return reason.isEmpty ? nil : String(reason)
    }

    /// The text of `Error(string)`, or the meaning of `Panic(uint256)`, or nil for anything else.
    package static func revertReason(_ data: [UInt8]) -> String? {
        var reader = ABIReader(data.dropFirst(4))
        if data.starts(with: [0x08, 0xC3, 0x79, 0xA0]) { return try? reader.string() }
        if data.starts(with: [0x4E, 0x48, 0x7B, 0x71]), let code = try? reader.uint() {
            return switch Int(code) {
            case 0x11: "arithmetic overflow (panic 0x11)"
            case 0x12: "division by zero (panic 0x12)"
            case 0x32: "index out of bounds (panic 0x32)"
            default: "panic 0x" + String(code, radix: 16)
            }
        }
        return nil
    }
}
