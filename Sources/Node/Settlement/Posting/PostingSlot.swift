import Engine

/// What a transaction of the sequencer does.
package enum PostingCall: Hashable, Sendable {
    /// Posts the batch with this number.
    case post(UInt64)
    /// Claims the state after the batch with this number.
    case claim(UInt64)
    /// Takes the bond of this final claim back.
    case reclaim(UInt64)
    /// Uses a nonce up and does nothing.
    case nothing
}

extension PostingCall {
    /// As stores keep it. The kinds are part of the file format.
    package var row: (kind: Int64, number: UInt64) {
        switch self {
        case .nothing: (0, 0)
        case .post(let number): (1, number)
        case .claim(let number): (2, number)
        case .reclaim(let number): (3, number)
        }
    }

    /// Nil for kinds of other versions.
    package init?(kind: Int64, number: UInt64) {
        switch kind {
        case 0: self = .nothing
        case 1: self = .post(number)
        case 2: self = .claim(number)
        case 3: self = .reclaim(number)
        default: return nil
        }
    }
}

extension PostingCall: CustomStringConvertible {
    package var description: String {
        switch self {
        case .post(let number): "post batch \(number)"
        case .claim(let number): "claim batch \(number)"
        case .reclaim(let number): "take back bond \(number)"
        case .nothing: "fill a nonce"
        }
    }
}

/// A nonce of the sequencer's account and the one call it carries. All versions that were signed for it differ in their fees and, seldom, in their
/// kind.
package struct PostingSlot: Equatable, Sendable {
    package let nonce: UInt64
    package let call: PostingCall
    package fileprivate(set) var gasLimit: UInt64
    /// Of the newest version; with a fee for blob gas it is one with a blob.
    package var fees: Fees
    /// Of all versions, oldest first.
    package var hashes: [Hash256] = []
    /// When this process sent the newest version; nil: not yet.
    var sentAtSeconds: Double?
    /// The L1 block in which the nonce was first seen used; nil while it is not.
    var includedAtBlock: UInt64?

    package init(nonce: UInt64, call: PostingCall, gasLimit: UInt64, fees: Fees, hashes: [Hash256] = []) {
        self.nonce = nonce
        self.call = call
        self.gasLimit = gasLimit
        self.fees = fees
        self.hashes = hashes
    }

    package var kind: TransactionKind { fees.kind }

    /// Lets the next version be of another kind.
    mutating func change(to fees: Fees, gasLimit: UInt64) {
        self.fees = fees
        self.gasLimit = gasLimit
    }
}

extension Fees {
    /// Of the transaction that offers them.
    var kind: TransactionKind { blobCap == nil ? .plain : .blob }
}
