/// A message from L1 to the exchange: 160 bytes, five big-endian ABI words `kind, a, b, c, d`.
///
/// | kind | meaning | a | b | c | d |
/// | --- | --- | --- | --- | --- | --- |
/// | 1 | deposit | owner | token id | atoms | 0 |
/// | 2 | token listed | L1 address, 0 for ETH | token id | decimals, unitExponent << 8 | symbol, left aligned |
/// | 3 | market listed | fee owner | market id | base, quote << 32, lotExponent << 64, makerBps << 72, takerBps << 88 | opening time in ms (0: opens at once), reference price code << 64 |
/// | 4 | fee tier set | owner | tier, 0...10 | 0 | 0 |
/// | 5 | forced commands | sender, bytes of commands << 160 | b, c, d: 1 to 96 bytes of commands as in a ``Command`` payload, then zeros | | |
/// | 6 | market fees set | 0 | market id | makerBps, takerBps << 16 | 0 |
package struct InboxMessage: Equatable, Sendable, BitwiseCopyable {
    package var kind = Hash256()
    package var a = Hash256()
    package var b = Hash256()
    package var c = Hash256()
    package var d = Hash256()

    package static let bytes = 160
    /// Bytes of commands that a message of forced commands may hold: three words.
    package static let forcedBytesMax = 96

    package enum Kind {
        package static let deposit: UInt64 = 1
        package static let tokenListed: UInt64 = 2
        package static let marketListed: UInt64 = 3
        package static let feeTierSet: UInt64 = 4
        package static let forced: UInt64 = 5
        package static let marketFeesSet: UInt64 = 6
    }

    package init() {}

    /// A message of `kind`, with d = 0.
    package init(kind: UInt64, a: Hash256, b: UInt64, c: Hash256) {
        self.kind = Hash256(integer: kind)
        self.a = a
        self.b = Hash256(integer: b)
        self.c = c
    }

    /// Forced commands of `sender`: at most ``forcedBytesMax`` bytes.
    package init(forced payload: UnsafeRawBufferPointer, sender: Address) {
        precondition(payload.count <= Self.forcedBytesMax)
        kind = Hash256(integer: Kind.forced)
        a = Hash256(address: sender)
        a.word1 |= UInt64(UInt32(truncatingIfNeeded: payload.count).byteSwapped)
        withUnsafeMutableBytes(of: &self) { UnsafeMutableRawBufferPointer(rebasing: $0[64...]).copyMemory(from: payload) }
    }

    /// Reads 160 bytes at `bytes`, which need not be aligned.
    package init(loadingFrom bytes: UnsafeRawPointer) {
        self = bytes.loadUnaligned(as: InboxMessage.self)
    }
}
