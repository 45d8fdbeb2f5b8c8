import Engine
import Sequencer

/// The fixed part of the executor's answer to a batch (`ResultLayout`).
struct BatchOutcome {
    /// Among all admitted batches; of a refused one see ``answeredBefore``.
    let sequence: UInt64
    let block: UInt64
    let nonce: UInt64
    /// Position in the block.
    let position: UInt32
    /// `RejectCode`.
    let code: UInt16
    let signer: Address
    /// The one that the first event names, 0 if none does.
    let account: UInt32
    private let envelopeKey: UInt64

    /// Reads a record of kind `result`.
    init(_ record: RingRecord) {
        let body = record.body
        sequence = body.load(fromByteOffset: ResultLayout.sequence, as: UInt64.self)
        block = body.load(fromByteOffset: ResultLayout.block, as: UInt64.self)
        nonce = body.load(fromByteOffset: ResultLayout.nonce, as: UInt64.self)
        position = body.load(fromByteOffset: ResultLayout.position, as: UInt32.self)
        code = body.load(fromByteOffset: ResultLayout.rejectCode, as: UInt16.self)
        signer = body.loadUnaligned(fromByteOffset: ResultLayout.signer, as: Address.self)
        account = body.load(fromByteOffset: ResultLayout.account, as: UInt32.self)
        envelopeKey = body.load(fromByteOffset: ResultLayout.envelopeKey, as: UInt64.self)
    }

    var isAdmitted: Bool { code == 0 }

    /// Of an admitted batch.
    var streamPosition: StreamPosition { StreamPosition(block: block, batch: position) }

    /// Log offset of the answer that the same batch got before; nil if it is not known.
    var answeredBefore: Int? { isAdmitted || sequence == 0 ? nil : Int(exactly: sequence - 1) }

    /// Whether both are answers to the same commands of the same signer under the same nonce.
    func isSameBatch(as other: BatchOutcome) -> Bool {
        nonce == other.nonce && signer == other.signer && envelopeKey == other.envelopeKey
    }
}
