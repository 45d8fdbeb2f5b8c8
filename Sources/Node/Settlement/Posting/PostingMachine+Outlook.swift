extension PostingMachine {
    package struct Rules: Equatable, Sendable {
        package var fees = FeePolicy()
        /// A transaction that the node no longer has is sent again after this long.
        package var resendAfterSeconds: Double = 4
        /// No reorganisation is deeper.
        package var reorganisationBlocks: UInt64 = 64
        /// Transactions that may wait for inclusion at once; pools keep few of one sender.
        package var inFlightMax = 24
        /// Those with blobs; geth keeps 16 of one sender.
        package var blobsInFlightMax = 8

        package init() {}
    }

    /// What the slots make of a look at L1.
    package struct Outlook: Equatable, Sendable {
        /// Numbers of the next batch to post and to claim, behind what is in flight.
        package var nextPost: UInt64
        package var nextClaim: UInt64
        package var reclaiming: Set<UInt64> = []
        package var inFlight = 0
        /// Slots that were first seen included, and whether by a process that has just begun: then it may not have been their sender.
        package var included: [PostingSlot] = []
        package var isFirst = false
        /// Of the last transaction in flight, or of the first nonce that was given up: the only kind that may follow. Nil: any.
        package var kind: TransactionKind?
        /// Nonces were given up, and have to be used for whatever has their kind.
        package var isReplacing = false
        /// Of the last slot at all: whose turn it was.
        package var lastKind: TransactionKind?
        /// False while it is not clear yet whether the slots fit L1: then nothing new is sent.
        package var isTrusted = true

        /// Which of the waiting calls may go out now, when the waiting posts are of kind `posts`.
        package func admits(_ posts: TransactionKind, hasPosts: Bool, hasOthers: Bool) -> TransactionKind? {
            let hasBlobs = hasPosts && posts == .blob
            let hasPlain = hasOthers || (hasPosts && posts == .plain)
            if isReplacing { return kind }
            return switch kind {
            case .plain?: hasBlobs ? nil : .plain
            case .blob?: hasPlain ? nil : .blob
            case nil: hasBlobs && (!hasPlain || lastKind != .blob) ? .blob : .plain
            }
        }
    }

    /// A call that wants a nonce.
    package struct Wish: Equatable, Sendable {
        package var call: PostingCall
        package var kind: TransactionKind
        package var gasLimit: UInt64
    }
}
