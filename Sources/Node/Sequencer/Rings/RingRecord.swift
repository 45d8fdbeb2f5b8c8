/// One record of a ``ByteRing`` or ``EventLog``: a header of 24 bytes and a body. All integers are little-endian.
///
/// | offset | field |
/// | --- | --- |
/// | 0 | bytes of the whole record, u32, a multiple of 8; 0xFFFF_FFFF marks the unused end of the ring |
/// | 4 | kind, u8: see ``ToExecutor`` and ``ToGateway`` |
/// | 5 | flags, u8: see ``Flags`` |
/// | 6 | zeroes behind the body, u8: 0 to 7 |
/// | 7 | zero, u8 |
/// | 8 | session, u32: whom a reply goes to (``Session``); 0 for nobody in particular |
/// | 12 | in an ``EventLog`` the record's check (``RecordCheck``), else bytes of the body, u32 |
/// | 16 | tag, u64: returned unchanged in the reply |
/// | 24 | body, zero padded to a multiple of 8 |
///
/// A value is a view into the ring: valid only inside the closure that receives it.
package struct RingRecord {
    package let kind: UInt8
    package let flags: UInt8
    package let session: UInt32
    package let tag: UInt64
    /// Aligned to 8 bytes.
    package let body: UnsafeRawBufferPointer

    package static let headerBytes = 24
    static let endMarker: UInt32 = .max

    enum Offset {
        static let length = 0
        static let kind = 4
        static let session = 8
        static let check = 12
        static let tag = 16
    }

    /// Kinds of record on the way from the gateway to the executor.
    package enum ToExecutor {
        /// Body: an envelope (``EnvelopeLayout``) whose signature was found good.
        package static let commands: UInt8 = 1
        /// Body: ``QueryLayout``.
        package static let query: UInt8 = 2
        /// The connection that a signer asked to have watched has ended. Body: the signer's address, 20 bytes. What it causes comes back as a
        /// `result` with session 0; if the engine refuses it (nothing is allowed to be cancelled), nothing comes back.
        package static let disconnected: UInt8 = 3
    }

    /// Kinds of record on the way from the executor to the gateway.
    package enum ToGateway {
        /// Reply to `commands`, or with session 0 what a `disconnected` caused. Body: ``ResultLayout``.
        package static let result: UInt8 = 1
        /// Reply to `query`. Body: forwarded verbatim to the client (``QueryReply``).
        package static let queryReply: UInt8 = 2
        /// What the opening of a block caused: inbox messages, timers, triggers, auctions. Body: `Event` x n.
        package static let events: UInt8 = 3
        /// A block was opened. Body: number u64, time in ms u64. Continued by `events` if that caused any.
        package static let blockOpened: UInt8 = 4
    }

    /// Bits of `flags`.
    package enum Flags {
        /// Another record with the same session and tag follows at once and carries further events of the same batch, or of the same opening of a block.
        package static let continues: UInt8 = 1
    }

    /// Bytes that a record with a body of `bodyBytes` takes in the ring.
    package static func byteCount(bodyBytes: Int) -> Int { (headerBytes + bodyBytes + 7) & ~7 }
}

/// Name of a connection: gateway thread in the 4 bits from 28, a generation, never 0, in the 12 from 16, slot in the low 16.
package enum Session {
    package static let generationMax: UInt32 = 0xFFF

    package static func name(thread: Int, generation: UInt32, slot: Int) -> UInt32 {
        precondition((0..<16).contains(thread) && (1...generationMax).contains(generation) && (0..<1 << 16).contains(slot))
        return UInt32(thread) << 28 | generation << 16 | UInt32(slot)
    }

    package static func thread(of session: UInt32) -> Int { Int(session >> 28) }

    package static func slot(of session: UInt32) -> Int { Int(session & 0xFFFF) }
}

/// A signed command batch as wire, rings, journal and batches carry it: signer | nonce | signature | payload.
package enum EnvelopeLayout {
    /// Address, 20 bytes.
    package static let signer = 0
    /// u64.
    package static let nonce = 20
    /// r || s, 64 bytes.
    package static let signature = 28
    package static let payload = 92
    /// Bytes before the payload.
    package static let headerBytes = 92
}

/// Body of a `ToGateway.result` record.
package enum ResultLayout {
    /// u64: position among all admitted batches since genesis, from 1. If refused as `nonceRepeated` or `nonceBelowRemembered`: 1 + log offset of the
    /// first record of the result that the same signer, nonce and payload had before (``EventHistory/cursor(at:)``), 0 if that is not known. Else 0.
    package static let sequence = 0
    /// u64: number of the block that the batch is in; of the open block if refused.
    package static let block = 8
    /// u64: nonce of the envelope.
    package static let nonce = 16
    /// u32: position in the block, from 0; 0xFFFF_FFFF if refused.
    package static let position = 24
    /// u16: a `RejectCode`; 0 means admitted.
    package static let rejectCode = 28
    /// u16: events that follow in this record.
    package static let eventCount = 30
    /// Address that the envelope is signed by, 20 bytes.
    package static let signer = 32
    /// u32: account that the first event of the batch names; 0 if none does.
    package static let account = 52
    /// u64: ``EnvelopeKey``; 0 for an envelope without signature.
    package static let envelopeKey = 56
    /// `Event` x eventCount, 64 bytes each, aligned to 8.
    package static let events = 64
    /// Events in one record; more go into further records, all but the last flagged `continues`.
    package static let eventsPerRecordMax = 4096

    /// Of this layout, of `Event` and of all records of an ``EventLog``: a log of another format is begun anew.
    static let formatVersion: UInt64 = 3
}

/// Tells apart what clients send: a checksum over signer, nonce and payload, but not the signature, of which there are many for the same.
package enum EnvelopeKey {
    package static func of(_ envelope: UnsafeRawBufferPointer) -> UInt64 {
        var checksum = Checksum(seed: 0)
        checksum.update(UnsafeRawBufferPointer(rebasing: envelope[..<EnvelopeLayout.signature]))
        checksum.update(UnsafeRawBufferPointer(rebasing: envelope[EnvelopeLayout.payload...]))
        return checksum.value
    }
}

/// Body of a `ToExecutor.query` record.
package enum QueryLayout {
    /// u8: a ``QueryKind``.
    package static let kind = 0
    /// u16: for `book` the market, for `account` the number of the sub-account (0: the main account).
    package static let market = 2
    /// u16: levels of each side, for `book`.
    package static let depth = 4
    /// Address of an owner or agent, for `account` and `accounts`.
    package static let address = 8
    /// u32: id of an account, for `balances`; the other 16 bytes are zero.
    package static let account = 8
    package static let bytes = 28
}

/// What can be asked of the executor.
package enum QueryKind: UInt8, Sendable, CaseIterable {
    case status = 1
    case tokens = 2
    case markets = 3
    case account = 4
    case book = 5
    /// All accounts of an owner.
    case accounts = 6
    /// What an account has of each token, by the account's id.
    case balances = 7
}
