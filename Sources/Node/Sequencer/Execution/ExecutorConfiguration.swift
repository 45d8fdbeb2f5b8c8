import Engine

/// How the executor cuts time and work.
package struct ExecutorConfiguration: Sendable {
    /// A block closes this long after it opened.
    package var blockIntervalMs: UInt64 = 250
    /// An empty block is made when this long passed since the last one closed.
    package var idleBlockIntervalMs: UInt64 = 10_000
    /// Records of the input rings in one group: one journal row, one publication.
    package var groupRecordsMax = 256
    /// Journal bytes at which a group ends.
    package var groupBytesMax = 256 << 10
    /// Bytes of envelopes at which a block closes early. With one more envelope (16 KiB) and the worst growth by encoding (31.5 bytes for 24)
    /// it still fits a batch, which has 124 KiB.
    package var blockBytesMax = 56 << 10
    /// Inbox messages at the head of one block: 256 a second, more than L1 has gas for (Settlement's page), and so few that the events of all their
    /// forced commands have room.
    package var inboxMessagesMax = 64
    /// Bytes of the log that the slowest gateway thread must have read before another record is taken in.
    package var outputReserveBytes = 64 << 10
    /// Records, and journal bytes, that a thread of the gateway handles itself at once while the executor sleeps: so long are its sockets not looked at.
    package var briefRecordsMax = 16
    package var briefBytesMax = 16 << 10

    /// After work, the executor looks for more so long before it sleeps. It takes a core for that: 0 where there is none to spare.
    package var spinUs: UInt64 = 0

    package init() {}

    /// Bytes that a group grows by at most between two looks at the journal's room: a block closed, one opened with messages from L1, an envelope.
    var groupGrowthBytesMax: Int { inboxMessagesMax * InboxMessage.bytes + Envelope.bytesMax + 256 }

    /// Bytes of the largest group.
    var groupBytesBound: Int { max(groupBytesMax, briefBytesMax) + groupGrowthBytesMax }
}
