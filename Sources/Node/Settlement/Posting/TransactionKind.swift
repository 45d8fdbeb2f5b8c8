/// The kinds of transactions that L1's pools keep apart. One account never has both waiting at once: a node refuses the other kind until all of one
/// are included (geth: `address already reserved`).
package enum TransactionKind: Sendable {
    /// Without a blob (EIP-1559).
    case plain
    /// With one (EIP-4844).
    case blob
}
