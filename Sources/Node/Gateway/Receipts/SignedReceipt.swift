import Engine
import Signing

/// A receipt with what proves it: its way up to the root of its group, and the sequencer's signature over that root.
package struct SignedReceipt: Hashable, Sendable {
    package var receipt: Receipt
    /// Index of the receipt in its group, and how many there are.
    package var index: UInt32
    package var count: UInt32
    package var signature: Signature
    /// Siblings from the leaf up: see ``ReceiptTree``.
    package var path: [Hash256]

    package init(receipt: Receipt, index: UInt32, count: UInt32, signature: Signature, path: [Hash256]) {
        self.receipt = receipt
        self.index = index
        self.count = count
        self.signature = signature
        self.path = path
    }

    /// Whether `sequencer` signed it for the exchange of `domain`.
    package func isSigned(by sequencer: Address, in domain: SigningDomain) -> Bool {
        guard let root = ReceiptTree.root(leaf: receipt.leaf, index: index, count: count, path: path) else { return false }
        let digest = domain.receiptsDigest(root: root)
        return (27...28).contains { PublicKey.recover(digest: digest, signature: signature, v: $0)?.address == sequencer }
    }
}
