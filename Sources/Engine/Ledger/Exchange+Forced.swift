/// Forced commands: what owners have the exchange do through L1, past its operator.
extension Exchange {
    /// Applies the commands of an inbox message just as if its sender had signed them, with all limits of a signed payload; only that there is no
    /// nonce, since L1 gives each message once. Whatever is wrong with them rejects that message alone.
    ///
    /// Returns false if the message has not the form that L1 gives it; then nothing was done.
    mutating func force(_ message: InboxMessage) -> Bool {
        guard let byteCount = message.forcedByteCount else { return false }
        withUnsafeBytes(of: message) { bytes in
            guard let start = bytes.baseAddress else { return }
            let sender = Address(loadingFrom: start + InboxMessage.senderOffset)
            force(UnsafeRawBufferPointer(start: start + InboxMessage.payloadOffset, count: byteCount), by: sender)
        }
        return true
    }

    private mutating func force(_ payload: UnsafeRawBufferPointer, by sender: Address) {
        let slot = findSigner(sender)
        let home = slot == 0 ? Actor() : homeAccount(signer: slot)
        var code = checkPayload(payload)
        if home.account == 0 { code = slot == 0 ? .unknownSigner : .agentExpired }
        var event = Event()
        event.kind = Event.Kind.forced
        event.code = code.rawValue
        event.account = home.account
        // The cursor is past the message already.
        event.orderId = pointer(Layout.header, as: StateHeader.self).pointee.inboxCursor - 1
        emit(event)
        if code == .none { run(payload, signer: slot, home: home) }
    }
}

extension InboxMessage {
    /// Where word a has the sender.
    fileprivate static let senderOffset = 32 + 12
    /// Where word b begins.
    fileprivate static let payloadOffset = 64

    /// Bytes of forced commands, which word a has above the sender; nil if no message has so many.
    fileprivate var forcedByteCount: Int? {
        let count = UInt32(truncatingIfNeeded: a.word1).byteSwapped
        return a.word0 == 0 && count >= 1 && count <= Self.forcedBytesMax ? Int(count) : nil
    }
}
