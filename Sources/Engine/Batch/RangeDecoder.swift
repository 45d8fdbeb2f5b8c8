/// Reads the decisions of a batch's values: the inverse of the module Rollup's `RangeEncoder`.
///
/// The bytes are a binary fraction, and each decision picks the lower (0) or upper part (1) of what is left of [0, 1). A decoder keeps what is left as 32 bits
/// of size, at first 2^32 - 1, and the fraction's distance from its lower end, at first the first four bytes as a big-endian number:
///
/// - In a context with probability p / 4096 of a 0, the lower part has the size (size >> 12) * p.
/// - A bit as it is: size >>= 1, and that is the size of both parts.
/// - After each decision, while the size is below 2^24, it grows by 8 bits, and the distance takes in the next byte.
///
/// An encoder ends by writing the lower end whole: so after the last decision the distance is 0 and every byte has been read. Behind the last
/// byte the decoder goes on with zeros, and remembers it.
struct RangeDecoder {
    private var position: UnsafeRawPointer
    private let end: UnsafeRawPointer
    private let contexts: UnsafeMutablePointer<UInt16>
    private var size = UInt32.max
    private var distance: UInt32 = 0
    /// More bytes were needed than there are.
    private(set) var isExhausted = false

    /// `contexts` must be ``BatchContexts/count`` new ones.
    init(_ start: UnsafeRawPointer, count: Int, contexts: UnsafeMutablePointer<UInt16>) {
        position = start
        end = start + count
        self.contexts = contexts
        for _ in 0..<4 { takeByte() }
    }

    /// Whether the bytes end here, as an encoder ends them.
    var isAtEnd: Bool { position == end && distance == 0 && !isExhausted }

    @inline(__always)
    private mutating func takeByte() {
        if position < end {
            distance = distance &<< 8 | UInt32(position.load(as: UInt8.self))
            position += 1
        } else {
            distance = distance &<< 8
            isExhausted = true
        }
    }

    @inline(__always)
    private mutating func grow() {
        while size < 1 &<< 24 {
            size = size &<< 8
            takeByte()
        }
    }

    @inline(__always)
    mutating func flag(_ context: Int) -> Bool {
        let entry = contexts + context
        let lower = size &>> 12 &* BatchContexts.probabilityOfZero(entry.pointee)
        let bit = distance >= lower
        if bit {
            distance = distance &- lower
            size = size &- lower
        } else {
            size = lower
        }
        entry.pointee = BatchContexts.after(bit, entry.pointee)
        grow()
        return bit
    }

    /// A number of `bits` bits.
    @inline(__always)
    mutating func tree(_ context: Int, bits: Int) -> Int {
        var node = 1
        for _ in 0..<bits { node = node &<< 1 | (flag(context &+ node) ? 1 : 0) }
        return node &- 1 &<< bits
    }

    /// Bits as they are, at most 64.
    mutating func bits(_ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for _ in 0..<count {
            size = size &>> 1
            value = value &<< 1
            if distance >= size {
                distance = distance &- size
                value |= 1
            }
            grow()
        }
        return value
    }

    /// A number of a column (``BatchContexts/Number``).
    mutating func number(_ column: Int) throws(BatchError) -> UInt64 {
        let contexts = column &* BatchContexts.numberStride
        let length = tree(contexts, bits: BatchContexts.lengthBits)
        guard !isExhausted else { throw .valuesTooShort }
        guard length > 1 else { return UInt64(length) }
        guard length <= 64 else { throw .malformedNumber(column: column) }
        let top = min(length &- 1, BatchContexts.topBits)
        let rest = length &- 1 &- top
        let head = UInt64(1 &<< top | tree(contexts &+ BatchContexts.topTree(length: length), bits: top))
        return head &<< UInt64(rest) | bits(rest)
    }

    /// A number of at most 32 bits.
    mutating func number32(_ column: Int) throws(BatchError) -> UInt32 {
        let value = try number(column)
        guard value <= UInt64(UInt32.max) else { throw .valueOutOfRange(column: column, value: value) }
        return UInt32(truncatingIfNeeded: value)
    }

    /// A zigzag difference from `last`, modulo 2^64.
    mutating func value(_ column: Int, after last: UInt64) throws(BatchError) -> UInt64 {
        last &+ BatchFormat.unzigzag(try number(column))
    }

    /// A zigzag difference from `last`, modulo 2^32.
    mutating func value(_ column: Int, after last: UInt32) throws(BatchError) -> UInt32 {
        last &+ BatchFormat.unzigzag(try number32(column))
    }
}
