/// The input region: what the L1 contract fixes about one batch, then the inbox messages it consumes, then its bytes.
///
/// | offset | field |
/// | --- | --- |
/// | 0 | inbox messages, u64 |
/// | 8 | bytes of the batch, u64 |
/// | 16 | inbox cursor after the batch, u64 |
/// | 24 | time of the first block in ms, u64 |
/// | 32 | time of the last block in ms, u64 |
/// | 40 | chain id, u64 |
/// | 48 | rollup contract, 20 bytes |
/// | 68 | zero |
/// | 128 | messages, 160 bytes each |
/// | after them | the batch |
///
/// Whoever writes the region (the machine's host; on L1 the contract, which commits to it) answers for the counts being those of the bytes that follow.
struct GuestInput {
    static let messagesOffset = 128

    let messageCount: UInt64
    let inboxEnd: UInt64
    let firstTimeMs: UInt64
    let lastTimeMs: UInt64
    let domain: SigningDomain
    let batch: UnsafeRawBufferPointer
    private let messages: UnsafeRawPointer

    init(_ region: UnsafeRawPointer) {
        messageCount = region.load(fromByteOffset: 0, as: UInt64.self)
        let batchBytes = region.load(fromByteOffset: 8, as: UInt64.self)
        inboxEnd = region.load(fromByteOffset: 16, as: UInt64.self)
        firstTimeMs = region.load(fromByteOffset: 24, as: UInt64.self)
        lastTimeMs = region.load(fromByteOffset: 32, as: UInt64.self)
        domain = SigningDomain(
            chainId: region.load(fromByteOffset: 40, as: UInt64.self), rollup: Address(loadingFrom: region + 48))
        messages = region + Self.messagesOffset
        batch = UnsafeRawBufferPointer(
            start: messages + Int(messageCount) * InboxMessage.bytes, count: Int(batchBytes))
    }

    /// The message at `index`, from 0.
    func message(_ index: UInt64) -> InboxMessage { InboxMessage(loadingFrom: messages + Int(index) * InboxMessage.bytes) }
}
