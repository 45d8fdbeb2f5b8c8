import Engine

/// One entry of a journal row.
///
/// A row's bytes are entries one after the other: u32 kind | u32 bytes of the content | content, zero padded to a multiple of 8. Content:
///
/// | kind | content |
/// | --- | --- |
/// | 1 block opened | number u64, time in ms u64, L1 origin u64, inbox messages 160 bytes each |
/// | 2 commands | envelope (``EnvelopeLayout``), admitted by the engine |
/// | 3 block closed | number u64 |
enum JournalRecord {
    case blockOpened(BlockOpening, messages: UnsafeRawBufferPointer)
    case commands(envelope: UnsafeRawBufferPointer)
    case blockClosed(number: UInt64)

    enum Kind {
        static let blockOpened: UInt32 = 1
        static let commands: UInt32 = 2
        static let blockClosed: UInt32 = 3
    }

    static let headerBytes = 8
    static let openingBytes = 24
}

/// What is fixed when a block opens.
package struct BlockOpening: Equatable, Sendable {
    package var number: UInt64
    package var timeMs: UInt64
    package var l1Origin: UInt64

    package init(number: UInt64, timeMs: UInt64, l1Origin: UInt64) {
        self.number = number
        self.timeMs = timeMs
        self.l1Origin = l1Origin
    }
}

/// The bytes of a row under construction. Keeps its memory from group to group.
struct JournalGroup {
    private(set) var bytes: [UInt8] = []

    var isEmpty: Bool { bytes.isEmpty }

    init() { bytes.reserveCapacity(1 << 20) }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func appendBlockOpened(_ opening: BlockOpening, messages: ArraySlice<InboxMessage>) {
        appendHeader(JournalRecord.Kind.blockOpened, contentBytes: JournalRecord.openingBytes + messages.count * InboxMessage.bytes)
        append(opening.number)
        append(opening.timeMs)
        append(opening.l1Origin)
        for message in messages { withUnsafeBytes(of: message) { bytes.append(contentsOf: $0) } }
    }

    mutating func appendCommands(_ envelope: UnsafeRawBufferPointer) {
        appendHeader(JournalRecord.Kind.commands, contentBytes: envelope.count)
        bytes.append(contentsOf: envelope)
        while bytes.count & 7 != 0 { bytes.append(0) }
    }

    mutating func appendBlockClosed(_ number: UInt64) {
        appendHeader(JournalRecord.Kind.blockClosed, contentBytes: 8)
        append(number)
    }

    private mutating func appendHeader(_ kind: UInt32, contentBytes: Int) {
        append(UInt64(kind) | UInt64(contentBytes) << 32)
    }

    private mutating func append(_ value: UInt64) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }
}

/// Walks the entries of a row.
struct JournalRowReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The next entry, or nil at the end. Throws what is wrong, in words, if the bytes are no row.
    mutating func next() throws(MalformedRow) -> JournalRecord? {
        guard offset < bytes.count else { return nil }
        guard offset + JournalRecord.headerBytes <= bytes.count else { throw MalformedRow(reason: "an entry is cut off at byte \(offset)") }
        let kind = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        let contentBytes = Int(bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
        let start = offset + JournalRecord.headerBytes
        guard start + contentBytes <= bytes.count else {
            throw MalformedRow(reason: "the entry at byte \(offset) claims \(contentBytes) bytes, \(bytes.count - start) are left")
        }
        let content = UnsafeRawBufferPointer(rebasing: bytes[start..<start + contentBytes])
        let entry = offset
        offset = start + (contentBytes + 7) & ~7
        switch kind {
        case JournalRecord.Kind.blockOpened:
            guard contentBytes >= JournalRecord.openingBytes, (contentBytes - JournalRecord.openingBytes) % InboxMessage.bytes == 0 else {
                throw MalformedRow(reason: "a block opening of \(contentBytes) bytes at byte \(entry)")
            }
            let opening = BlockOpening(
                number: content.loadUnaligned(as: UInt64.self), timeMs: content.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                l1Origin: content.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
            return .blockOpened(opening, messages: UnsafeRawBufferPointer(rebasing: content[JournalRecord.openingBytes...]))
        case JournalRecord.Kind.commands:
            guard contentBytes >= EnvelopeLayout.headerBytes else {
                throw MalformedRow(reason: "an envelope of \(contentBytes) bytes at byte \(entry)")
            }
            return .commands(envelope: content)
        case JournalRecord.Kind.blockClosed:
            guard contentBytes == 8 else { throw MalformedRow(reason: "a block closing of \(contentBytes) bytes at byte \(entry)") }
            return .blockClosed(number: content.loadUnaligned(as: UInt64.self))
        default:
            throw MalformedRow(reason: "an entry of unknown kind \(kind) at byte \(entry)")
        }
    }
}

struct MalformedRow: Error {
    let reason: String
}
