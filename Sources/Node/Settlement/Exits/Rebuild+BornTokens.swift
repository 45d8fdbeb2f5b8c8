import Engine
import Proof

/// A token born on the exchange, with the Merkle path by which L1 creates its ERC-20.
package struct BornToken: Sendable {
    package var token: Token
    /// Twenty-nine sibling hashes, from the cell up.
    package var path: [Hash256]

    /// Index of a token's cell in the arena.
    package static func cell(of id: UInt32) -> UInt32 { UInt32(Layout.tokens / Layout.cellBytes) + id }

    /// Creates the ERC-20 by the state after `batch`, which must be final.
    package func call(batch: UInt64) -> RollupCall { .createToken(batch: batch, token: token, path: path) }
}

extension Rebuild {
    /// All tokens born on the exchange, by id.
    package var bornTokens: [Token] {
        (0..<derivation.hosted.exchange.schedule.bornTokenCount).compactMap { token(Layout.bornTokensStart + $0) }
    }

    /// A token with its path in the state after the batches applied so far; nil if that has no such token, or L1 listed it.
    package func bornToken(_ id: UInt32) -> BornToken? {
        guard let token = token(id), token.isBorn else { return nil }
        return BornToken(token: token, path: derivation.tree.path(cell: BornToken.cell(of: id)))
    }
}
