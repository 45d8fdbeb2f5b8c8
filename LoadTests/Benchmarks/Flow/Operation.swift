/// One operation on a book: 24 bytes, laid out as the records of the op files (see ``OperationStream/read(file:)``).
struct Operation: BitwiseCopyable {
    enum Kind {
        /// A limit order that rests.
        static let add: UInt8 = 0
        /// The cancel of an earlier one.
        static let cancel: UInt8 = 1
        /// An immediate-or-cancel order.
        static let take: UInt8 = 2
    }

    /// Of an add or a take: a new id, counted from 1. Of a cancel: the order's.
    var id: UInt64
    /// Limit price in ticks, 1...65,535; 0 in a cancel.
    var tick: Int32
    /// Size in lots; 0 in a cancel.
    var lots: UInt32
    var kind: UInt8
    /// 0 buys, 1 sells; in a cancel the order's.
    var side: UInt8
    /// Which account acts, counted from 1; 0, as in a file, leaves that open.
    var account: UInt16 = 0
    var reserved: UInt32 = 0
}

/// Operations on one book in the order in which they happen.
package struct OperationStream {
    /// The first ones only fill the book.
    var prefillCount = 0
    var operations: [Operation] = []
    /// Counts of operations after which nothing rests.
    var sessionEnds: [Int] = []
    /// Highest id in use.
    var idMax: UInt64 = 0
    /// What the trades should add up to, where the maker of a file has said so: the `trades=` and `hash=` of its `.expected` file.
    var expected: TradeDigest?
}

/// The order-sensitive sum over the trades of a stream that the op files are published with (`sink.h` of the files' generator).
package struct TradeDigest: Equatable, Sendable {
    package var trades: UInt64 = 0
    package var hash: UInt64 = 0xCBF2_9CE4_8422_2325

    @inline(__always)
    mutating func add(maker: UInt64, taker: UInt64, lots: UInt64) {
        trades += 1
        hash = (hash ^ (maker &* 0x9E37_79B9_7F4A_7C15 &+ taker &* 31 &+ lots)) &* 0x100_0000_01B3
    }
}
