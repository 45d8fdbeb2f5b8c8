import BigInt
import Blobs
import Engine
import Signing

/// A transaction with a fee cap and a tip (EIP-1559, type 2), or one that carries blobs besides (EIP-4844, type 3); without an access list.
package struct Transaction: Equatable, Sendable {
    /// What makes it one of type 3.
    package struct Blobs: Equatable, Sendable {
        /// Wei a unit of blob gas.
        package var maxFeePerBlobGas: BigUInt
        package var sidecars: [BlobSidecar]

        package init(maxFeePerBlobGas: BigUInt, sidecars: [BlobSidecar]) {
            self.maxFeePerBlobGas = maxFeePerBlobGas
            self.sidecars = sidecars
        }
    }

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
    package var blobs: Blobs?

    package init(
        chainId: UInt64, nonce: UInt64, maxPriorityFeePerGas: BigUInt, maxFeePerGas: BigUInt, gasLimit: UInt64, to: Address,
        value: BigUInt, data: [UInt8], blobs: Blobs? = nil
    ) {
        self.chainId = chainId
        self.nonce = nonce
        self.maxPriorityFeePerGas = maxPriorityFeePerGas
        self.maxFeePerGas = maxFeePerGas
        self.gasLimit = gasLimit
        self.to = to
        self.value = value
        self.data = data
        self.blobs = blobs
    }

    private var type: UInt8 { blobs == nil ? 2 : 3 }

    private var fields: [RLP] {
        let common: [RLP] = [
            .number(chainId), .number(nonce), .number(maxPriorityFeePerGas), .number(maxFeePerGas), .number(gasLimit), .bytes(to.bytes),
            .number(value), .bytes(data), .list([]),
        ]
        guard let blobs else { return common }
        return common + [.number(blobs.maxFeePerBlobGas), .list(blobs.sidecars.map { .bytes($0.versionedHash.bytes) })]
    }

    /// What is signed: keccak-256 of the type byte and the list of fields.
    package var digest: Hash256 { keccak256([type] + RLP.list(fields).encoded) }

    /// The bytes for `eth_sendRawTransaction`, and the hash, which names the transaction. With blobs the bytes are its network form since Fusaka
    /// (EIP-7594), which carries blobs, commitments and cell proofs; the hash never covers those.
    package func signed(by key: PrivateKey) -> SignedTransaction {
        let signature = key.sign(digest)
        let list = RLP.list(
            fields + [
                .number(UInt64(signature.recoveryId)), .number(signature.signature.r.number), .number(signature.signature.s.number),
            ])
        let body = [type] + list.encoded
        guard let sidecars = blobs?.sidecars else { return SignedTransaction(raw: body) }
        let network = RLP.list([
            list, .bytes([Self.sidecarVersion]), .list(sidecars.map { .bytes($0.blob) }), .list(sidecars.map { .bytes($0.commitment) }),
            .list(sidecars.flatMap(\.cellProofs).map { .bytes($0) }),
        ])
        return SignedTransaction(raw: [type] + network.encoded, hash: keccak256(body))
    }

    /// Cell proofs instead of one proof a blob.
    private static let sidecarVersion: UInt8 = 1
}

/// A transaction as it travels.
package struct SignedTransaction: Equatable, Sendable {
    package let raw: [UInt8]
    package let hash: Hash256

    init(raw: [UInt8], hash: Hash256? = nil) {
        self.raw = raw
        self.hash = hash ?? keccak256(raw)
    }
}
