import BigInt
import Engine
import Signing

/// A transaction with a fee cap and a tip (EIP-1559, type 2), without an access list.
package struct Transaction: Equatable, Sendable {
    package var chainId: UInt64
    package var nonce: UInt64
    /// Tip and cap in wei a unit of gas.
    package var maxPriorityFeePerGas: BigUInt
    package var maxFeePerGas: BigUInt
    package var gasLimit: UInt64
    package var to: Address
    /// Wei sent along.
    package var value: BigUInt
    package var data: [UInt8]

    package init(
        chainId: UInt64, nonce: UInt64, maxPriorityFeePerGas: BigUInt, maxFeePerGas: BigUInt, gasLimit: UInt64, to: Address,
        value: BigUInt, data: [UInt8]
    ) {
        self.chainId = chainId
        self.nonce = nonce
        self.maxPriorityFeePerGas = maxPriorityFeePerGas
        self.maxFeePerGas = maxFeePerGas
        self.gasLimit = gasLimit
        self.to = to
        self.value = value
        self.data = data
    }

    private var fields: [RLP] {
        [
            .number(chainId), .number(nonce), .number(maxPriorityFeePerGas), .number(maxFeePerGas), .number(gasLimit), .bytes(to.bytes),
            .number(value), .bytes(data), .list([]),
        ]
    }

    /// What is signed: keccak-256 of the type byte and the list of fields.
    package var digest: Hash256 { keccak256([2] + RLP.list(fields).encoded) }

    /// The bytes for `eth_sendRawTransaction`, and their hash, which names the transaction.
    package func signed(by key: PrivateKey) -> SignedTransaction {
        let signature = key.sign(digest)
        let list = RLP.list(
            fields + [
                .number(UInt64(signature.recoveryId)), .number(signature.signature.r.number), .number(signature.signature.s.number),
            ])
        return SignedTransaction(raw: [2] + list.encoded)
    }
}

/// A transaction as it travels.
package struct SignedTransaction: Equatable, Sendable {
    package let raw: [UInt8]
    package let hash: Hash256

    init(raw: [UInt8]) {
        self.raw = raw
        hash = keccak256(raw)
    }
}
