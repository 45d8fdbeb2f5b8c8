import BigInt
import Engine

/// The few calls of an ERC-20 token (EIP-20) that a deposit needs.
package struct ERC20: Sendable {
    package let client: EthereumClient
    package let address: Address

    package init(client: EthereumClient, address: Address) {
        self.client = client
        self.address = address
    }

    /// Call data that lets `spender` take up to `units`.
    package static func approve(spender: Address, units: BigUInt) -> [UInt8] {
        ABI.call("approve(address,uint256)", [.address(spender), .uint(units)])
    }

    package func balance(of owner: Address) async throws(EthereumError) -> BigUInt {
        try await number("balanceOf(address)", [.address(owner)])
    }

    /// What `spender` may still take from `owner`.
    package func allowance(owner: Address, spender: Address) async throws(EthereumError) -> BigUInt {
        try await number("allowance(address,address)", [.address(owner), .address(spender)])
    }

    private func number(_ signature: String, _ arguments: [ABI.Value]) async throws(EthereumError) -> BigUInt {
        try await client.read(signature, arguments, of: address) { (reader) throws(ABIError) in try reader.uint() }
    }
}
