import BigInt
import Engine

@testable import Settlement

extension FakeL1 {
    struct PoolTransaction {
        var nonce: UInt64
        var fees: Fees
        var payload: PostingPayload
        var hash: Hash256
    }

    /// What waits of one account, by the rules of pools: replacement for an eighth more, with blobs for twice as much; never both kinds at once; with
    /// blobs no gaps, and few.
    struct Pool {
        /// What becomes of transactions with blobs that a reorganisation leaves behind a gap.
        enum Gapped: CaseIterable {
            /// geth.
            case dropped
            case kept
        }

        static let blobsMax = 16
        var gapped = Gapped.dropped
        private(set) var transactions: [UInt64: PoolTransaction] = [:]

        subscript(nonce: UInt64) -> PoolTransaction? {
            get { transactions[nonce] }
            set { transactions[nonce] = newValue }
        }

        var nonces: [UInt64] { transactions.keys.sorted() }
        var kinds: Set<TransactionKind> { Set(transactions.values.map(\.fees.kind)) }

        func pendingNonce(from nonce: UInt64) -> UInt64 {
            var nonce = nonce
            while transactions[nonce] != nil { nonce += 1 }
            return nonce
        }

        mutating func add(_ transaction: PoolTransaction, nonce: UInt64) throws(EthereumError) {
            func refuse(_ message: String) -> EthereumError { .node(method: "eth_sendRawTransaction", code: -32000, message: message) }
            let isBlob = transaction.fees.kind == .blob
            guard transaction.nonce >= nonce else { throw refuse("nonce too low") }
            guard kinds.allSatisfy({ $0 == transaction.fees.kind }) else { throw refuse("address already reserved") }
            if isBlob, transaction.nonce > pendingNonce(from: nonce) { throw refuse("nonce too high: gapped") }
            if let other = transactions[transaction.nonce] {
                guard other.hash != transaction.hash else { throw refuse("already known") }
                guard Self.replaces(transaction.fees, other.fees) else { throw refuse("replacement transaction underpriced") }
            } else if isBlob, transactions.count >= Self.blobsMax {
                throw refuse("account limit exceeded")
            }
            transactions[transaction.nonce] = transaction
        }

        /// The stricter of the rules in use.
        private static func replaces(_ new: Fees, _ old: Fees) -> Bool {
            guard let blobCap = new.blobCap, let oldBlobCap = old.blobCap else {
                return new.cap * 8 >= old.cap * 9 && new.tip * 8 >= old.tip * 9
            }
            return new.cap >= 2 * old.cap && new.tip >= 2 * old.tip && blobCap >= 2 * oldBlobCap
        }

        /// A reorganisation gives a transaction back; it is lost where the other kind waits.
        mutating func takeBack(_ transaction: PoolTransaction) {
            guard transactions[transaction.nonce] == nil, kinds.allSatisfy({ $0 == transaction.fees.kind }) else { return }
            transactions[transaction.nonce] = transaction
        }

        /// Forgets what can be included no more.
        mutating func forget(below nonce: UInt64) {
            transactions = transactions.filter { $0.key >= nonce }
            if gapped == .dropped, kinds == [.blob] { transactions = transactions.filter { $0.key < pendingNonce(from: nonce) } }
        }
    }
}
