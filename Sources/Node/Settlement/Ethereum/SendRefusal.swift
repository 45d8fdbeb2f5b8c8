/// Why a node did not take a transaction, as far as the sender can do something about it.
package enum SendRefusal: Equatable, Sendable {
    /// The node has it.
    case alreadyKnown
    /// Its nonce was used by a transaction that is included.
    case nonceUsed
    /// It offers too little: for the base fee, or for the place of another transaction.
    case underpriced
    /// The node holds transactions of this account of the other kind, with blobs or without, and takes none of this kind before they are included.
    case otherKindWaits
    /// The node lacks one before it, and keeps none with a blob behind a gap.
    case gap
    /// Anything else: no money, no room.
    case other
}

extension EthereumError {
    /// What a failed `eth_sendRawTransaction` means; nil if the node did not answer it. Nodes agree on the words, not on the codes.
    package var sendRefusal: SendRefusal? {
        guard case .node(_, _, let message) = self else { return nil }
        let text = message.lowercased()
        func says(_ words: String...) -> Bool { words.contains { text.contains($0) } }
        if says("already known", "already imported", "known transaction", "alreadyknown") { return .alreadyKnown }
        if says("nonce too low", "oldnonce", "nonce is too low") { return .nonceUsed }
        if says("underpriced", "less than block base fee", "fee too low", "feetoolow", "gas price too low") { return .underpriced }
        // geth, reth, Nethermind.
        if says("address already reserved", "conflicting", "pendingtxsofconflictingtype") { return .otherKindWaits }
        if says("nonce too high", "noncegap", "nonce gap") { return .gap }
        return .other
    }
}
