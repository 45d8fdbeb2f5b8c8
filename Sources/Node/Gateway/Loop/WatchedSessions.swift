import Engine

/// Signers who asked that their orders be cancelled when their connection ends, and those of whom the executor has yet to be told. Loop's
/// thread; pure.
///
/// The connection is the one whose batch turned cancel-on-disconnect on; a later one that does so takes over.
struct WatchedSessions {
    private var sessions: [Address: UInt32] = [:]
    private var signers: [UInt32: [Address]] = [:]
    /// Batches on their way to the executor that turn it on: their signers, by the tag that the result will carry.
    private var requests: [UInt64: Address] = [:]
    private var lastTag: UInt64 = 0
    /// Signers whose connection has ended, oldest first: kept until the ring takes them.
    private var waiting: [Address] = []

    var hasEnded: Bool { !waiting.isEmpty }

    /// The tag with which a payload is to go to the executor: 0 if it asks for nothing.
    mutating func tag(of payload: UnsafeRawBufferPointer, signer: Address) -> UInt64 {
        guard Self.turnsOn(payload) else { return 0 }
        lastTag += 1
        requests[lastTag] = signer
        return lastTag
    }

    /// The batch with this tag was refused, or never went out.
    mutating func forget(tag: UInt64) {
        if tag != 0 { requests[tag] = nil }
    }

    /// The batch with this tag was applied; `isOpen` says whether the connection it came from still is.
    mutating func applied(tag: UInt64, session: UInt32, isOpen: Bool) {
        guard tag != 0, let signer = requests.removeValue(forKey: tag) else { return }
        guard isOpen else { return end(signer) }
        if let before = sessions.updateValue(session, forKey: signer) {
            if before == session { return }
            remove(signer, from: before)
        }
        signers[session, default: []].append(signer)
    }

    /// A connection of another thread has taken over the signer.
    mutating func tookOver(_ signer: Address) {
        if let session = sessions.removeValue(forKey: signer) { remove(signer, from: session) }
    }

    /// A connection has ended.
    mutating func ended(session: UInt32) {
        for signer in signers.removeValue(forKey: session) ?? [] {
            sessions[signer] = nil
            end(signer)
        }
    }

    /// Passes signers on, oldest first, as long as `write` takes them.
    mutating func takeEnded(_ write: (Address) -> Bool) {
        var count = 0
        while count < waiting.count, write(waiting[count]) { count += 1 }
        waiting.removeFirst(count)
    }

    /// The same signer twice in a row is one statement.
    private mutating func end(_ signer: Address) {
        if !waiting.contains(signer) { waiting.append(signer) }
    }

    private mutating func remove(_ signer: Address, from session: UInt32) {
        signers[session]?.removeAll { $0 == signer }
        if signers[session]?.isEmpty == true { signers[session] = nil }
    }

    /// Whether one of the commands turns cancel-on-disconnect on. That the engine may refuse that one command does no harm: then it
    /// refuses what follows from it as well.
    private static func turnsOn(_ payload: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        while offset < payload.count {
            let start = offset
            offset += max(4, Command.byteCount(type: payload[start]))
            if payload[start] == 12, payload.count - start >= 2, payload[start + 1] == 1 { return true }
        }
        return false
    }
}
