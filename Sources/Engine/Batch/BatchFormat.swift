/// The bytes of a posted batch, version 2: a run of whole blocks, column by column. Version 1 knew fewer commands; it was never deployed and is
/// refused like any other number.
///
/// A varint is LEB128, least significant 7 bits first, at most 64 bits, no longer than needed. "Zigzag" maps a difference d,
/// taken modulo 2^64 (prices and slots: 2^32), to 2d or -2d - 1. A difference from nothing before is one from 0.
///
/// | part | coding |
/// | --- | --- |
/// | version | u8 = 2 |
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
/// | 8 | command head | command | u8, see below; length by count |
/// | 9 | market | heads 1-6 | varint |
/// | 10 | price | place, place until, place trigger, modify | zigzag from the last price with the same market modulo 4096 |
/// | 11 | lots | place, place until, place trigger, modify | varint |
/// | 12 | client order id | place, place until, place trigger, cancel by client order id | zigzag from the signer's last one |
/// | 13 | order slot | cancel, modify | zigzag of the low 32 bits of the order id, from the last one |
/// | 14 | order generation | cancel, modify | varint, the high 32 bits |
/// | 15 | funds | withdraw, transfer | varint token, varint atoms; then for transfer the other account as varint |
/// | 16 | agent | approve, revoke | 20 bytes, then for approve the expiry as varint |
/// | 17 | flags | place trigger; place and place until with "long flags" | u8 ``PlaceFlags`` |
/// | 18 | time | place until; place trigger with "expires"; schedule cancel | zigzag from block time |
/// | 19 | trigger price | place trigger | zigzag from the order's price |
/// | 20 | settings | cancel all: u8 sides, varint market; cancel on disconnect: u8; use account: varint | as said |
/// | 21 | signatures | envelope | 64 bytes; length by count |
///
/// The low 3 bits of a command head say what it is:
///
/// | bits 0-2 | command | bits 3-5 |
/// | --- | --- | --- |
/// | 1 | place | 3: side; 4-5: time in force, with cancel-taker; 3 in bits 4-5, and bit 3 zero: "long flags", the byte is in column 17 |
/// | 2 | cancel | zero |
/// | 3 | cancel by client order id | zero |
/// | 4 | place until | as place |
/// | 5 | place trigger | 3: "expires", else it does not; 4-5: zero |
/// | 6 | modify | zero |
/// | 7 | any other | the head is 7 + 8 x its type byte (``Command``) |
///
/// In heads 1-6, bit 6 says that the market is that of the last command with such a head (then it is not in column 9), bit 7 that the client
/// order id is 0 (then it is not in column 12). Each content has one coding: what a bit can say is refused in the column, and short flags are
/// refused as long ones. Signers come up for the first time in the order of column 4, and all do.
package enum BatchFormat {
    package static let version: UInt8 = 2

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
        package static let funds = 15
        package static let agent = 16
        package static let flags = 17
        package static let time = 18
        package static let triggerPrice = 19
        package static let settings = 20
        package static let signatures = 21
        package static let count = 22

        /// Whether the length of the column stands in the batch.
        package static func hasLength(_ column: Int) -> Bool { column != signers && column != head && column != signatures }
    }

    package enum Head {
        package static let typeMask: UInt8 = 0x07
        package static let place: UInt8 = 1
        package static let cancel: UInt8 = 2
        package static let cancelByClientId: UInt8 = 3
        package static let placeUntil: UInt8 = 4
        package static let placeTrigger: UInt8 = 5
        package static let modify: UInt8 = 6
        package static let other: UInt8 = 7

        package static let flagsShift: UInt8 = 3
        package static let flagsMask: UInt8 = 0x38
        /// Of place and place until, in the place of the flags: they are in their column.
        package static let longFlags: UInt8 = 0x30
        /// Of place trigger: its expiry is in its column.
        package static let expires: UInt8 = 0x08
        package static let sameMarket: UInt8 = 0x40
        package static let noClientOrderId: UInt8 = 0x80

        /// Whether flags go into bits 3-5 as they are.
        package static func isShort(_ flags: PlaceFlags) -> Bool {
            flags.timeInForce.rawValue < 3 && flags.selfTradePrevention == .cancelTaker && !flags.firesAbove
        }
    }

    /// The most that version, counts and lengths can take, rounded up.
    package static let headBytesMax = 256
    /// The most that one block takes besides its envelopes.
    package static let blockBytesMax = 40

    /// The most that an envelope with this many bytes of payload can take in a batch: a sequencer that closes a block before the sum
    /// of these reaches `bytesMax - headBytesMax - blockBytesMax` never makes a block that no batch can hold.
    package static func envelopeBytesMax(payloadBytes: Int) -> Int {
        // Signature, signer and its position, nonce, command count. Then a command takes at most 5 / 4 of its bytes, which are a multiple of
        // 4: 30 for a place of 24 (head 1, market 3, price 5, lots 10, client order id 10, flags 1), 40 for a place until of 32, 45 for a
        // trigger of 40, 29 for a modify of 24, 14 for a cancel of 12, 5 for a cancel-all of 4, 21 for a transfer of 20.
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
