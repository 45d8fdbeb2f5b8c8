import Engine

/// Why a posted batch has no effect on the state. The next batch goes on from the state before it: same block number, and every inbox
/// message that it should have consumed still to be consumed.
package enum BatchFault: Error, Equatable, Sendable, CustomStringConvertible {
    /// The bytes are no batch.
    case undecodable(BatchError)
    /// The first block is not the one after the state's last.
    case wrongBlock(expected: UInt64, actual: UInt64)
    /// The first block is older than the state's last.
    case timeGoesBack(last: UInt64, first: UInt64)
    /// The times of the first and last block are not those it was posted with.
    case wrongTimes(firstMs: UInt64, lastMs: UInt64, posted: BatchParameters)
    /// Its blocks consume this many inbox messages, but from the state's cursor to the posted end there are others.
    case wrongInboxCount(consumed: UInt64, cursor: UInt64, postedEnd: UInt64)

    package var description: String {
        switch self {
        case .undecodable(let error): "the bytes are no batch: \(error)"
        case .wrongBlock(let expected, let actual): "the batch starts with block \(actual), but block \(expected) is next"
        case .timeGoesBack(let last, let first): "the batch starts at \(first) ms, before the last block at \(last) ms"
        case .wrongTimes(let first, let last, let posted):
            "its blocks span \(first)...\(last) ms, but it was posted for \(posted.firstTimeMs)...\(posted.lastTimeMs) ms"
        case .wrongInboxCount(let consumed, let cursor, let postedEnd):
            "it consumes \(consumed) inbox messages, but was posted to consume from \(cursor) up to \(postedEnd)"
        }
    }
}

/// What a posted batch did.
package enum BatchOutcome: Equatable, Sendable {
    /// Its blocks were executed.
    case applied(DerivedBatch)
    /// It is no-op, and nothing changed.
    case ignored(BatchFault)
}

/// The blocks of a batch, derived from its bytes.
package struct DerivedBatch: Equatable, Sendable {
    /// One a block. The last one's state root is what may be claimed for the batch.
    package var headers: [BlockHeader]
    package var envelopeCount = 0
    package var commandCount = 0
    /// Envelopes without effect because the signature is not the signer's; an honest sequencer posts none.
    package var badSignatures = 0
    /// Envelopes that the exchange refused as a whole (nonce, unknown signer, ...); an honest sequencer posts none.
    package var refused = 0
}

/// An inbox message that the batch consumes is not there: what was read from L1 is incomplete. Nothing changed; try again with all of it.
package struct MissingInboxMessage: Error, Equatable, CustomStringConvertible {
    package let index: UInt64

    package var description: String { "inbox message \(index) is consumed by the batch, but was not read from L1" }
}
