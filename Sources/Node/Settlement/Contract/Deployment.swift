import Engine
import Foundation
import Signing

/// Where a rollup lives: the file that deploying it wrote. Everything else is read from the contract itself.
package struct Deployment: Equatable, Sendable {
    package var chainId: UInt64
    package var rollup: Address
    /// L1 block that holds the deployment: logs are searched from there.
    package var deployedAtBlock: UInt64
    package var sequencer: Address

    package init(chainId: UInt64, rollup: Address, deployedAtBlock: UInt64, sequencer: Address) {
        self.chainId = chainId
        self.rollup = rollup
        self.deployedAtBlock = deployedAtBlock
        self.sequencer = sequencer
    }

    /// Reads `{"chainId": 1337, "rollup": "0x…", "deployedAtBlock": 1, "sequencer": "0x…", …}`; further keys are for people.
    package init(path: String) throws(DeploymentError) {
        guard access(path, R_OK) == 0 else { throw .cannotRead(path: path, reason: String(cString: strerror(errno))) }
        let data: Data
        do { data = try Data(contentsOf: URL(filePath: path)) } catch {
            throw .cannotRead(path: path, reason: error.localizedDescription)
        }
        let json: JSONValue
        do { json = try JSONDecoder().decode(JSONValue.self, from: data) } catch { throw .notJSON(path: path) }
        chainId = try Self.integer("chainId", in: json, path: path)
        deployedAtBlock = try Self.integer("deployedAtBlock", in: json, path: path)
        rollup = try Self.address("rollup", in: json, path: path)
        sequencer = try Self.address("sequencer", in: json, path: path)
    }

    private static func integer(_ key: String, in json: JSONValue, path: String) throws(DeploymentError) -> UInt64 {
        guard let number = json[key]?.number, let integer = UInt64(exactly: number) else {
            throw .badValue(path: path, key: key, expected: "a whole number")
        }
        return integer
    }

    private static func address(_ key: String, in json: JSONValue, path: String) throws(DeploymentError) -> Address {
        guard let text = json[key]?.text, let address = try? Address(checked: text) else {
            throw .badValue(path: path, key: key, expected: "an address: 0x, then 40 hexadecimal digits whose case, if mixed, fits EIP-55")
        }
        return address
    }

    /// The contract through `client`, after checking that the node is on the right chain and that there is a contract.
    package func contract(through client: EthereumClient) async throws(EthereumError) -> RollupContract {
        let actual = try await client.chainId()
        guard actual == chainId else { throw .wrongChain(expected: chainId, actual: actual) }
        guard try await client.hasCode(at: rollup) else { throw .noContract(rollup) }
        return RollupContract(client: client, address: rollup)
    }

    /// The L1 block in which the rollup was deployed. Its hash tells one devnet from the next.
    package func block(through client: EthereumClient) async throws(EthereumError) -> L1Block {
        guard let block = try await client.block(.number(deployedAtBlock)) else { throw .noDeploymentBlock(deployedAtBlock) }
        return block
    }
}

/// Why a deployment file cannot be used.
package enum DeploymentError: Error, Equatable, CustomStringConvertible {
    case cannotRead(path: String, reason: String)
    case notJSON(path: String)
    case badValue(path: String, key: String, expected: String)

    package var description: String {
        switch self {
        case .cannotRead(let path, let reason): "cannot read the deployment file \(path): \(reason); Deploy/deploy writes one"
        case .notJSON(let path): "the deployment file \(path) is not JSON; Deploy/deploy writes one"
        case .badValue(let path, let key, let expected): "in the deployment file \(path), \"\(key)\" must be \(expected)"
        }
    }
}
