/// Where the context of each decision of ``BatchFormat`` lies, and how a context learns.
///
/// A context is 16 bits: in the upper 12 how likely a 0 is, in 1/4096, and in the lower 4 how many decisions it has seen, up to 15.
package enum BatchContexts {
    /// Nothing seen: 0 and 1 are as likely.
    package static let new: UInt16 = 2048 << 4

    // The encoder is in another module, and these are all that it does: not inlined there, they take half of its time.

    /// Of 4096; never 0 or 4096.
    @inlinable @inline(__always)
    package static func probabilityOfZero(_ context: UInt16) -> UInt32 { UInt32(context &>> 4) }

    /// The context after a decision. How often the distance to the certain is halved to be how far it moves is 1, 2, 2, 3 (four times), 4 (eight times), and 5
    /// from then on.
    @inlinable @inline(__always)
    package static func after(_ bit: Bool, _ context: UInt16) -> UInt16 {
        let rates: UInt64 = 0x5444_4444_4333_3221
        let seen = context & 15
        let rate = UInt16(truncatingIfNeeded: rates &>> UInt64(4 &* seen)) & 15
        let probability = context &>> 4
        let moved = bit ? probability &- probability &>> rate : probability &+ (4096 &- probability) &>> rate
        return moved &<< 4 | (seen < 15 ? seen &+ 1 : 15)
    }

    /// Columns of numbers.
    package enum Number {
        package static let blockTime = 0
        package static let blockMessages = 1
        package static let blockEnvelopes = 2
        package static let blockOrigin = 3
        package static let signer = 4
        package static let nonce = 5
        package static let commands = 6
        package static let market = 7
        package static let price = 8
        /// Four of them: of sizes with 0, 1, 2, and more zeros at the end.
        package static let lots = 9
        package static let clientOrderId = 13
        package static let cancelledClientOrderId = 14
        /// Of a cancel that follows another one.
        package static let nextCancelledClientOrderId = 15
        package static let orderSlot = 16
        package static let orderGeneration = 17
        package static let time = 18
        package static let triggerPrice = 19
        package static let token = 20
        package static let atoms = 21
        package static let account = 22
        package static let agentExpiry = 23
        package static let count = 24
    }

    /// Bits of the tree that says how many bits a number has.
    package static let lengthBits = 7
    /// Bits after the leading one that have contexts.
    package static let topBits = 5
    /// Numbers of this many bits or more share a tree of top bits.
    private static let longBits = 32
    /// Contexts of a column of numbers: the tree of lengths, then for each length up to ``longBits`` a tree of the top bits.
    package static let numberStride = 1 << lengthBits + (longBits + 1) << topBits
    /// The first context of the tree of top bits of numbers with this many bits, in the contexts of the column.
    @inline(__always)
    package static func topTree(length: Int) -> Int { 1 &<< lengthBits &+ min(length, longBits) &<< topBits }

    // A tree of n bits has 2^n contexts, of which the first is not used.
    private static let flags = Number.count * numberStride
    package static let isNewSigner = flags
    package static let isSameMarket = flags + 1
    package static let hasClientOrderId = flags + 2
    package static let expires = flags + 3
    package static let cancelsOnDisconnect = flags + 4
    /// Two of them, by the side of the signer's last order.
    package static let side = flags + 6
    /// Tree of 2 bits.
    package static let sides = flags + 8
    /// Tree of 5 bits.
    package static let lotsZeros = flags + 32
    /// 32 trees of 5 bits, by the type of the signer's last command.
    package static let type = flags + 64
    package static let typeBits = 5
    /// 64 trees of 6 bits, by what they say of the signer's last order.
    package static let orderFlags = type + 32 << typeBits
    package static let orderFlagsBits = 6
    package static let count = orderFlags + 64 << orderFlagsBits
}
