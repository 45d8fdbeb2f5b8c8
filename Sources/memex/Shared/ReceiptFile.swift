import Engine
import Foundation
import Gateway
import Settlement
import Signing

/// A receipt and the commands that it is for, as `memex order --receipt` keeps them: `{"commands": "0x…", "receipt": "0x…"}`, both messages of the
/// protocol memex.v1.
struct ReceiptFile {
    /// A commands message.
    let commands: [UInt8]
    let receipt: ServerMessage.BatchReceipt

    init(commands: [UInt8], receipt: ServerMessage.BatchReceipt) {
        self.commands = commands
        self.receipt = receipt
    }

    /// Throws unless the file holds both, in the right form. What they say is checked by ``check(_:)``.
    init(path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure(.fileProblem, "cannot read the receipt file \(path): \(String(cString: strerror(errno)))")
        }
        guard let json = try? JSONDecoder().decode(JSONValue.self, from: data), let commands = Self.bytes("commands", json),
            let receipt = Self.bytes("receipt", json), commands.count > Wire.commandsHeaderBytes,
            case .receipt(let decoded)? = try? receipt.withUnsafeBytes({ try ServerMessage(decoding: $0) })
        else {
            throw CommandFailure(.fileProblem, "\(path) holds no receipt; `memex order --receipt FILE` writes one")
        }
        self.init(commands: commands, receipt: decoded)
    }

    private static func bytes(_ key: String, _ json: JSONValue) -> [UInt8]? { json[key]?.text.flatMap { try? Hex.decode($0) } }

    func write(to path: String) throws {
        let json: JSON = ["commands": .text(Hex.encode(commands)), "receipt": .text(Hex.encode(receipt.bytes))]
        do {
            try Data((json.line + "\n").utf8).write(to: URL(filePath: path))
        } catch {
            throw CommandFailure(.fileProblem, "cannot write the receipt file \(path): \(error.localizedDescription)")
        }
    }

    /// Who signed the commands.
    var signer: Address { commands.withUnsafeBytes { Address(loadingFrom: $0.baseAddress! + 4) } }

    /// Throws unless the deployment's sequencer signed the receipt, and for these commands.
    func check(_ deployment: Deployment) throws {
        guard receipt.signed.receipt.commands == commands[4...].withUnsafeBytes({ Keccak256.hash($0) }) else {
            throw CommandFailure(.mismatch, "the receipt is for other commands")
        }
        let domain = SigningDomain(chainId: deployment.chainId, rollup: deployment.rollup)
        guard receipt.signed.isSigned(by: deployment.sequencer, in: domain) else {
            throw CommandFailure(.mismatch, "the receipt is not signed by the sequencer \(deployment.sequencer)")
        }
    }
}

extension TradingSession {
    /// Asks for receipts of what is sent from here on.
    func subscribeToReceipts() throws {
        do {
            try client.subscribe(.receipts)
        } catch .rejected {
            throw CommandFailure(.refused, "this gateway signs no receipts; leave --receipt out. Nothing was sent")
        }
    }

    /// Waits for the receipt of an acknowledged batch.
    func receipt(nonce: UInt64) throws -> ServerMessage.BatchReceipt {
        while let message = try client.receive(timeoutMs: 5000) {
            if case .receipt(let receipt) = message, receipt.nonce == nonce { return receipt }
        }
        throw CommandFailure(.refused, "the order was acknowledged, but its receipt did not come")
    }
}
