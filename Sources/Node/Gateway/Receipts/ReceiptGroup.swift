import Engine
import Signing

/// Receipts that are signed together: one signature for all of them.
package enum ReceiptGroup {
    /// Receipts of one group: a path is then at most 12 hashes long.
    package static let countMax = 4096

    /// Signs `receipts`, of which there must be at least one, in their order: some 40 us for the signature and 1 us for each of them.
    package static func sign(_ receipts: [Receipt], key: PrivateKey, domain: SigningDomain) -> [SignedReceipt] {
        let tree = ReceiptTree(leaves: receipts.map(\.leaf))
        let signature = key.sign(domain.receiptsDigest(root: tree.root)).signature
        return receipts.enumerated().map { index, receipt in
            SignedReceipt(
                receipt: receipt, index: UInt32(index), count: UInt32(receipts.count), signature: signature, path: tree.path(of: index))
        }
    }
}
