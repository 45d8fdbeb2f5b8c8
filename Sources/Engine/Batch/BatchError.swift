/// Why bytes are not a batch. Columns are those of ``BatchContexts/Number``.
package enum BatchError: Error, Equatable, Sendable {
    /// No bytes at all.
    case empty
    /// The first byte is this and not ``BatchFormat/version``.
    case unknownVersion(UInt8)
    /// The counts at the head end too early, or one is no proper varint.
    case malformedHead
    /// The batch holds no block, or its block numbers leave 64 bits.
    case blocksOutOfRange(first: UInt64, count: UInt64)
    /// A count at the head is more than the batch has room for, or than is allowed.
    case countTooLarge(UInt64)
    /// The values end before the last of them.
    case valuesTooShort
    /// The values go on after the last of them, or end otherwise than an encoder ends them.
    case wrongEnd
    /// A number says that it has more than 64 bits.
    case malformedNumber(column: Int)
    /// A value does not fit its field.
    case valueOutOfRange(column: Int, value: UInt64)
    /// Block times leave 64 bits.
    case timeOverflow
    /// Blocks hold more or fewer messages, envelopes or commands than the head says.
    case countMismatch(column: Int)
    /// An envelope names a signer that the batch does not have or that has not come up yet, or not all signers have come up at the end.
    case unknownSigner(position: UInt64)
    /// An envelope with no command or with more than ``Layout/commandsPerPayloadMax``.
    case commandCountOutOfRange(UInt64)
    /// The commands of an envelope take more than ``Layout/payloadBytesMax``.
    case payloadTooLong(bytes: Int)
    /// No command has this type byte, or none of this type can have what follows it.
    case malformedCommand(type: UInt8)
    /// The column has a value that another coding says in fewer bits: of a flag, or of zeros.
    case notCanonical(column: Int)
}
