import Engine
import Sequencer

/// Receipts for the batches of connections that asked for them.
extension GatewayLoop {
    /// Marks the tag of a batch for which a receipt is owed; the bits below are those of ``WatchedSessions``.
    static let receiptTag: UInt64 = 1 << 63

    /// The executor answered a batch for which a receipt is owed; `position` is nil if it was not admitted now. Answers come in the order of
    /// the batches, so its hash is the oldest.
    func settleReceipt(_ connection: Connection, nonce: UInt64, block: UInt64, position: UInt32?) {
        guard let hash = connection.envelopeHashes.popFirst(), let position, connection.wantsReceipts, let receiptSigner else { return }
        // Only for the very bytes that were admitted: one that was sent before may have had another signature.
        let receipt = Receipt(block: block, position: position, commands: hash)
        receiptSigner.append(.init(session: connection.session, nonce: nonce, receipt: receipt))
    }

    /// Has the receipts that wait signed, but not so often that signatures cost more than they say.
    func signReceipts() {
        guard let receiptSigner, receiptSigner.isReady else { return }
        let dueMs = receiptsSignedMs + limits.receiptsIntervalMs
        guard nowMs >= dueMs else { return takeTurn(at: dueMs) }
        receiptsSignedMs = nowMs
        receiptSigner.sign(on: loop)
    }

    func deliverReceipt(_ request: ReceiptSigner.Request, _ signed: SignedReceipt) {
        guard let connection = connection(session: request.session), connection.wantsReceipts else { return }
        send(to: connection) { $0.append(receipt: .init(nonce: request.nonce, signed: signed)) }
    }
}
