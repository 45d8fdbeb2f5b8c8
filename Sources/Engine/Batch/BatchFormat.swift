/// The bytes of a posted batch, version 3: a run of whole blocks. Versions 1 and 2 were never deployed and are refused like any other number.
///
/// A varint is LEB128, least significant 7 bits first, at most 64 bits, no longer than needed. It is used at the head alone.
///
/// | part | coding |
/// | --- | --- |
/// | version | u8 = 3 |
/// | counts | 6 varints: number of the first block (from 1), blocks (from 1), inbox messages, envelopes, commands, signers |
/// | signers | 20 bytes each, in order of first use |
/// | signatures | 64 bytes for each envelope |
/// | values | everything else, to the end of the batch: below |
///
/// **Values** are yes-or-no decisions, coded one after another by an adaptive binary range coder (``RangeDecoder`` says how). What it has seen of a
/// column so far tells it how likely each decision is, and the likelier it is, the less it takes: from 1/2800 of a bit to 12 bits.
/// Three things are made of decisions, each in contexts of its own (``BatchContexts``):
///
/// - A **flag** is one decision.
/// - A **tree** of n bits is a number below 2^n, most significant bit first; the context of each bit is given by those before it.
/// - A **number** is 64 bits: how many bits it has as a tree of 7 bits (0...64), then those after the leading one from the top: five as
///   a tree chosen by that count (from 32 on the same one), the others as they are, at one bit each.
///
/// "Zigzag" maps a difference d, taken modulo 2^64 (prices and slots: 2^32), to 2d or -2d - 1.
///
/// | for each | values in their order |
/// | --- | --- |
/// | block | time: number, ms since the block before (first: since 0). Inbox messages: number of 32 bits. Envelopes: number. L1 origin: number, zigzag from the block before (first: 0) |
/// | envelope | flag "new signer", who is the next of the signers; else number, the signer's position. Nonce: number, zigzag from the last nonce that was not 0, if none from block time. Commands: number, 1...512 |
/// | command | type byte (``Command``): tree of 5 bits, context the type of the signer's last command. Then what the type has, in this order: |
/// | 1, 2, 3, 7, 8, 9 | market: flag "same as in the signer's last such command" (first: 0); if not, number |
/// | 1, 7, 8 | side: flag, context the side of the signer's last order (first: buys). The other six bits of ``PlaceFlags``: tree of 6 bits, context those of that order |
/// | 2, 9 | order id: low half, number, zigzag from the last one; high half, number |
/// | 1, 7, 8, 9 | price code: number, zigzag from the last one in this market (modulo 4096) on this side, 0 or none: on the other side; the side of a modification is that of the signer's last order |
/// | 1, 7, 8, 9 | lots, m x 10^z with m no multiple of 10 or 0 x 10^0: z, tree of 5 bits; m, number, with contexts for z = 0, 1, 2 and more |
/// | 1, 7, 8 | client order id: flag "not 0"; if so, number, zigzag from the signer's last one plus 1 |
/// | 3 | client order id: number, zigzag; if the signer's last command was of type 3, too, from the one it named plus 1; else of what his last order's is above it (if he had none: what his first cancel named; if none: 0) |
/// | 7, and 8 after the flag "expires" | expiry: number, zigzag from block time |
/// | 8 | trigger price code: number, zigzag from the order's |
/// | 4, 16 | token, atoms: numbers. 16: the other account: number |
/// | 5, 6 | agent: 160 bits as they are, byte by byte. 5: expiry: number |
/// | 10 | sides: tree of 2 bits; market: number |
/// | 11 | time: number, zigzag from block time |
/// | 12 | flag |
/// | 14 | account: number |
/// | 17 | supply: number, of atoms; decimals (at most 18): 8 bits as they are; symbol: 128 bits as they are, byte by byte |
///
/// Each content has one coding, and all else is refused; but a signer may stand twice among the signers.
package enum BatchFormat {
    package static let version: UInt8 = 3

    /// Bytes of a batch that the L1 contract takes: what one blob carries, and little enough for a transaction that carries them as calldata.
    package static let bytesMax = 126_976
    /// Blocks of one batch. This and the next bound the work that a few bytes can ask for.
    package static let blocksMax = 24_576
    /// Commands of one batch.
    package static let commandsMax = 98_304
    /// Different signers in one batch.
    package static let signersMax = 8192
    /// Entries of the table of last prices, each with both sides.
    package static let lastPriceCount = 4096

    /// The most that version, counts and the end of the values can take, rounded up.
    package static let headBytesMax = 80
    /// The most that one block takes besides its envelopes.
    package static let blockBytesMax = 40

    /// The most that an envelope with this many bytes of payload can take in a batch of one block: a sequencer that closes a block before the sum
    /// of these reaches `bytesMax - headBytesMax - blockBytesMax` never makes a block that no batch can hold.
    ///
    /// In contexts that are new at the start of a batch, n decisions of one context take at most 1.5 n bits, whatever they are (the worst is 2;
    /// found by going through all of them). So a place of 24 bytes takes at most 31.5 (67 such decisions and 151 bits as they are), a modify of 24 as much, a cancel
    /// of 12 15.6, a place until of 32 41, a trigger of 40 46.6, a cancel-all of 4 4.8, a transfer of 20 21.4, a create token of 28 28.
    package static func envelopeBytesMax(payloadBytes: Int) -> Int {
        // Signature, signer and its position, nonce, command count.
        64 + 20 + 4 + 10 + 3 + payloadBytes + payloadBytes * 3 / 8
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
