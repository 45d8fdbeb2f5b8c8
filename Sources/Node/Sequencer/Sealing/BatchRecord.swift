import Engine

/// How far a batch has come on L1. It only moves forward.
package enum BatchStatus: Int64, Sendable, CaseIterable, CustomStringConvertible {
    /// Encoded and stored here.
    case cut = 0
    /// Included by the rollup contract.
    case posted = 1
    /// Its state root is claimed.
    case claimed = 2
    /// The claim can no longer be challenged.
    case final = 3

    package var description: String {
        switch self {
        case .cut: "cut"
        case .posted: "posted"
        case .claimed: "claimed"
        case .final: "final"
        }
    }
}

/// A run of whole blocks, encoded for L1, and what `post_batch` and `claim_state` need of it.
package struct BatchRecord: Equatable, Sendable {
    /// From 0.
    package var number: UInt64
    package var firstBlock: UInt64
    package var lastBlock: UInt64
    /// Inbox messages consumed before the first block and up to the last.
    package var inboxStart: UInt64
    package var inboxEnd: UInt64
    package var firstTimeMs: UInt64
    package var lastTimeMs: UInt64
    /// State root after the last block.
    package var stateRoot: Hash256
    package var envelopeCount: UInt64
    package var bytes: [UInt8]
    package var status = BatchStatus.cut
    package var postTransaction: Hash256?
    package var claimTransaction: Hash256?

    package init(
        number: UInt64, firstBlock: UInt64, lastBlock: UInt64, inboxStart: UInt64, inboxEnd: UInt64, firstTimeMs: UInt64,
        lastTimeMs: UInt64,
        stateRoot: Hash256, envelopeCount: UInt64, bytes: [UInt8]
    ) {
        self.number = number
        self.firstBlock = firstBlock
        self.lastBlock = lastBlock
        self.inboxStart = inboxStart
        self.inboxEnd = inboxEnd
        self.firstTimeMs = firstTimeMs
        self.lastTimeMs = lastTimeMs
        self.stateRoot = stateRoot
        self.envelopeCount = envelopeCount
        self.bytes = bytes
    }

    /// Over everything but the progress on L1.
    var checksum: UInt64 {
        var checksum = Checksum(seed: number)
        for value in [firstBlock, lastBlock, inboxStart, inboxEnd, firstTimeMs, lastTimeMs, envelopeCount] {
            withUnsafeBytes(of: value) { checksum.update($0) }
        }
        withUnsafeBytes(of: stateRoot) { checksum.update($0) }
        bytes.withUnsafeBytes { checksum.update($0) }
        return checksum.value
    }
}
