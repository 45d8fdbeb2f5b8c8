import Foundation
import Signing
import Testing

@testable import Settlement

/// Nodes word the same refusal differently; people should read the contract's reason in every case.
@Suite struct EthereumErrorTests {
    /// Error(string) with "rollup: already paid".
    private static let data = Hex.encode([0x08, 0xC3, 0x79, 0xA0] + ABI.encode([.string("rollup: already paid")]))

    @Test(arguments: [
        ("already known", SendRefusal.alreadyKnown), ("nonce too low: next nonce 5, tx nonce 4", .nonceUsed),
        ("replacement transaction underpriced", .underpriced), ("max fee per gas less than block base fee: 1 < 7", .underpriced),
        ("FeeTooLow, MaxFeePerGas too low.", .underpriced), ("OldNonce", .nonceUsed), ("AlreadyKnown", .alreadyKnown),
        ("insufficient funds for gas * price + value", .other),
    ])
    func `what a node means when it does not take a transaction`(message: String, meaning: SendRefusal) {
        #expect(EthereumError.node(method: "eth_sendRawTransaction", code: -32000, message: message).sendRefusal == meaning)
        #expect(EthereumError.timedOut(url: "", seconds: 1).sendRefusal == nil)
    }

    @Test(arguments: [
        // geth, reth
        #"{"code":3,"message":"execution reverted: rollup: already paid","data":"DATA"}"#,
        // anvil
        #"{"code":3,"message":"execution reverted: rollup: already paid, data: \"DATA\"","data":"DATA"}"#,
        // Hardhat
        #"{"code":-32603,"message":"Error: VM Exception while processing transaction: reverted with reason string 'rollup: already paid'","data":{"message":"x","data":"DATA"}}"#,
        // OpenEthereum and its heirs
        #"{"code":-32015,"message":"VM execution error.","data":"Reverted DATA"}"#,
        // Without data
        #"{"code":3,"message":"execution reverted: rollup: already paid"}"#,
        #"{"code":-32603,"message":"VM Exception while processing transaction: reverted with reason string 'rollup: already paid'"}"#,
    ])
    func `the contract's reason is found`(text: String) throws {
        let json = try JSONDecoder().decode(JSONValue.self, from: Data(text.replacing("DATA", with: Self.data).utf8))
        guard case .reverted(let reason, _) = EthereumError.from(method: "eth_call", error: json) else {
            Issue.record("not seen as a revert")
            return
        }
        #expect(reason == "rollup: already paid")
    }

    @Test func `other refusals keep the node's words`() throws {
        let json: JSONValue = ["code": .number(-32000), "message": "insufficient funds for gas * price + value"]
        #expect(
            EthereumError.from(method: "eth_sendRawTransaction", error: json)
                == .node(method: "eth_sendRawTransaction", code: -32000, message: "insufficient funds for gas * price + value"))
        #expect("\(EthereumError.from(method: "x", error: json))".hasSuffix("needs more ether, for gas and what is sent along"))
        #expect(EthereumError.from(method: "x", error: "denied") == .node(method: "x", code: 0, message: "denied"))
        #expect(EthereumError.from(method: "x", error: .null) == .node(method: "x", code: 0, message: "no message"))
        #expect(
            EthereumError.from(method: "x", error: ["code": .number(1e300), "message": "odd"])
                == .node(method: "x", code: 0, message: "odd"))
    }

    @Test func `only trouble with the connection is worth another try`() {
        #expect(EthereumError.timedOut(url: "", seconds: 1).isTransient)
        #expect(EthereumError.httpStatus(url: "", status: 503, body: "").isTransient)
        #expect(EthereumError.httpStatus(url: "", status: 429, body: "").isTransient)
        #expect(!EthereumError.httpStatus(url: "", status: 404, body: "").isTransient)
        #expect(!EthereumError.reverted(reason: nil, data: []).isTransient)
    }
}
