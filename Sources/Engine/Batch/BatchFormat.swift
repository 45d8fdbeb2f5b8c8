/// The bytes of a posted batch, version 1: a run of whole blocks, column by column.
///
/// A varint is LEB128, least significant 7 bits first, at most 64 bits, no longer than needed. "Zigzag" maps a difference d,
/// taken modulo 2^64 (prices and slots: 2^32), to 2d or -2d - 1. A difference from nothing before is one from 0.
///
/// | part | coding |
/// | --- | --- |
/// | version | u8 = 1 |
/// | counts | 6 varints: number of the first block (from 1), blocks (from 1), inbox messages, envelopes, commands, signers |
/// | lengths | for each column whose length the counts do not give, in their order: bytes, varint |
/// | columns | as below, to the end of the batch |
///
/// | # | column | for each | coding |
/// | --- | --- | --- | --- |
/// | 0 | block time | block | varint, ms since the block before |
/// | 1 | block messages | block | varint of 32 bits, inbox messages consumed |
/// | 2 | block envelopes | block | varint |
/// | 3 | block L1 origin | block | zigzag from the block before |
/// | 4 | signers | signer | 20 bytes, in order of first use; length by count |
/// | 5 | signer | envelope | varint, position in column 4 |
/// | 6 | nonce | envelope | zigzag from the signer's last nonce in the batch, or from block time if there is none or it was 0 |
/// | 7 | commands | envelope | varint, 1...512 |
/// | 8 | command head | command | u8: bits 0-2 type, 3-5 flags, 6 market as in the last command with a market (then not in column 9), 7 client order id is 0 (then not in column 12); length by count |
/// | 9 | market | place, cancel | varint |
/// | 10 | price | place | zigzag from the last price with the same market modulo 4096 |
/// | 11 | lots | place | varint |
/// | 12 | client order id | place, cancel by client order id | zigzag from the signer's last one |
/// | 13 | order slot | cancel | zigzag of the low 32 bits of the order id, from the last cancel |
/// | 14 | order generation | cancel | varint, the high 32 bits |
/// | 15 | withdraw | withdraw | varint token, varint atoms |
/// | 16 | agent | approve, revoke | 20 bytes, then for approve the expiry as varint |
/// | 17 | signatures | envelope | 64 bytes; length by count |
package enum BatchFormat {
    package static let version: UInt8 = 1

    /// Bytes of a batch that the L1 contract takes.
    package static let bytesMax = 98_304
    /// Different signers in one batch.
    package static let signersMax = 8192
    /// Entries of the table of last prices.
    package static let lastPriceCount = 4096

    package enum Column {
        package static let blockTime = 0
        package static let blockMessages = 1
        package static let blockEnvelopes = 2
        package static let blockOrigin = 3
        package static let signers = 4
        package static let signer = 5
        package static let nonce = 6
        package static let commands = 7
        package static let head = 8
        package static let market = 9
        package static let price = 10
        package static let lots = 11
        package static let clientOrderId = 12
        package static let orderSlot = 13
        package static let orderGeneration = 14
        package static let withdraw = 15
        package static let agent = 16
        package static let signatures = 17
        package static let count = 18

        /// Whether the length of the column stands in the batch.
        package static func hasLength(_ column: Int) -> Bool { column != signers && column != head && column != signatures }
    }

    package enum Head {
        package static let typeMask: UInt8 = 0x07
        package static let flagsShift: UInt8 = 3
        package static let sameMarket: UInt8 = 0x40
        package static let noClientOrderId: UInt8 = 0x80
    }

    /// The most that version, counts and lengths can take, rounded up.
    package static let headBytesMax = 256
    /// The most that one block takes besides its envelopes.
    package static let blockBytesMax = 40

    /// The most that an envelope with this many bytes of payload can take in a batch: a sequencer that closes a block before the sum
    /// of these reaches `bytesMax - headBytesMax - blockBytesMax` never makes a block that no batch can hold.
    package static func envelopeBytesMax(payloadBytes: Int) -> Int {
        // Signature, signer and its position, nonce, command count; then at most 29 bytes for a place command of 24, 14 for a cancel of 12.
        64 + 20 + 2 + 10 + 2 + payloadBytes + payloadBytes / 4
    }

    /// Maps a difference to an unsigned number that is small when the difference is.
    package static func zigzag(_ difference: UInt64) -> UInt64 {
        let signed = Int64(bitPattern: difference)
        return UInt64(bitPattern: signed &<< 1 ^ signed &>> 63)
    }

    /// The inverse of ``zigzag(_:)-(UInt64)``.
    package static func unzigzag(_ value: UInt64) -> UInt64 { value &>> 1 ^ (0 &- (value & 1)) }

    /// As above, for differences modulo 2^32.
    package static func zigzag(_ difference: UInt32) -> UInt64 {
        let signed = Int32(bitPattern: difference)
        return UInt64(UInt32(bitPattern: signed &<< 1 ^ signed &>> 31))
    }

    /// The inverse of ``zigzag(_:)-(UInt32)``.
    package static func unzigzag(_ value: UInt32) -> UInt32 { value &>> 1 ^ (0 &- (value & 1)) }
}
