/// Why bytes are not a batch. Columns are those of ``BatchFormat``.
package enum BatchError: Error, Equatable, Sendable {
    /// No bytes at all.
    case empty
    /// The first byte is this and not ``BatchFormat/version``.
    case unknownVersion(UInt8)
    /// The counts or lengths at the head end too early, or one is no proper varint.
    case malformedHead
    /// The batch holds no block, or its block numbers leave 64 bits.
    case blocksOutOfRange(first: UInt64, count: UInt64)
    /// A count at the head is more than the batch has room for, or than is allowed.
    case countTooLarge(UInt64)
    /// The columns take another number of bytes than are left.
    case wrongLength(expected: Int, actual: Int)
    /// A column ends before its last value.
    case columnTooShort(column: Int)
    /// A column goes on after its last value.
    case columnTooLong(column: Int, unread: Int)
    /// A varint has more than 64 bits, or a last byte of 0.
    case malformedVarint(column: Int)
    /// A value does not fit its field.
    case valueOutOfRange(column: Int, value: UInt64)
    /// Block times leave 64 bits.
    case timeOverflow
    /// Blocks hold more or fewer messages, envelopes or commands than the head says.
    case countMismatch(column: Int)
    /// An envelope names a signer that column 4 does not have.
    case unknownSigner(position: UInt64)
    /// An envelope names a signer before one that stands earlier in column 4, or nobody ever names the last of them.
    case signersOutOfOrder(position: UInt64)
    /// An envelope with no command or with more than ``Layout/commandsPerPayloadMax``.
    case commandCountOutOfRange(UInt64)
    /// The commands of an envelope take more than ``Layout/payloadBytesMax``.
    case payloadTooLong(bytes: Int)
    /// This byte starts no command.
    case malformedCommand(head: UInt8)
    /// The column has a value that the head of the command should have said, or none that the command can have.
    case notCanonical(column: Int)
    /// "Same market" in the first command that has one.
    case noLastMarket
}
