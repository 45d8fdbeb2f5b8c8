import Engine

/// Writes the decisions of a batch's values (``BatchFormat``): the inverse of the module Engine's `RangeDecoder`, which says what the bytes mean.
struct RangeEncoder {
    private var contexts = [UInt16](repeating: BatchContexts.new, count: BatchContexts.count)
    private var interval = Interval()

    /// Bytes if it ended here.
    var byteCount: Int { interval.byteCount }

    /// All bytes, the lower end written whole.
    func finished() -> ArraySlice<UInt8> { interval.finished() }

    mutating func append(_ bit: Bool, context: Int) {
        interval.narrow(bit, &contexts[context])
    }

    /// A number below 2^`bits` as a tree.
    mutating func append(_ value: Int, tree context: Int, bits: Int) {
        contexts.withUnsafeMutableBufferPointer {
            interval.narrow(value, bits: bits, tree: UnsafeMutableBufferPointer(rebasing: $0[context...]))
        }
    }

    /// The low `count` bits as they are.
    mutating func append(_ value: UInt64, bits count: Int) {
        interval.narrow(value, bits: count)
    }

    /// A number of a column (`BatchContexts.Number`).
    mutating func append(_ value: UInt64, to column: Int) {
        let length = UInt64.bitWidth - value.leadingZeroBitCount
        let contexts = column * BatchContexts.numberStride
        append(length, tree: contexts, bits: BatchContexts.lengthBits)
        guard length > 1 else { return }
        let top = min(length - 1, BatchContexts.topBits)
        let rest = length - 1 - top
        let head = Int(value >> UInt64(rest)) - 1 << top
        append(head, tree: contexts + BatchContexts.topTree(length: length), bits: top)
        interval.narrow(value, bits: rest)
    }

    /// The difference from `last`, modulo 2^64.
    mutating func append(_ value: UInt64, after last: UInt64, to column: Int) {
        append(BatchFormat.zigzag(value &- last), to: column)
    }

    /// The difference from `last`, modulo 2^32.
    mutating func append(_ value: UInt32, after last: UInt32, to column: Int) {
        append(BatchFormat.zigzag(value &- last), to: column)
    }
}

/// What is left of [0, 1) after the decisions so far, and the bytes of its lower end.
private struct Interval {
    /// What is settled, after a first byte that is always 0 and not written.
    private var bytes: [UInt8] = []
    /// The lower end, behind the settled bytes: 32 bits, and a carry into those before.
    private var low: UInt64 = 0
    private var size = UInt32.max
    /// A byte that a carry may still reach, and how many bytes of 255 follow it, plus 1.
    private var held: UInt8 = 0
    private var heldCount = 1

    var byteCount: Int { bytes.count + heldCount + 3 }

    func finished() -> ArraySlice<UInt8> {
        var ended = self
        for _ in 0..<5 { ended.shift() }
        return ended.bytes.dropFirst()
    }

    private mutating func shift() {
        if low < 0xFF00_0000 || low > UInt64(UInt32.max) {
            let carry = UInt8(truncatingIfNeeded: low >> 32)
            bytes.append(held &+ carry)
            while heldCount > 1 {
                bytes.append(0xFF &+ carry)
                heldCount -= 1
            }
            held = UInt8(truncatingIfNeeded: low >> 24)
            heldCount = 0
        }
        heldCount += 1
        low = low << 8 & 0xFFFF_FFFF
    }

    @inline(__always)
    private mutating func grow() {
        while size < 1 << 24 {
            size <<= 8
            shift()
        }
    }

    @inline(__always)
    mutating func narrow(_ bit: Bool, _ context: inout UInt16) {
        let lower = size >> 12 &* BatchContexts.probabilityOfZero(context)
        if bit {
            low &+= UInt64(lower)
            size &-= lower
        } else {
            size = lower
        }
        context = BatchContexts.after(bit, context)
        grow()
    }

    mutating func narrow(_ value: Int, bits: Int, tree: UnsafeMutableBufferPointer<UInt16>) {
        var node = 1
        for shift in stride(from: bits - 1, through: 0, by: -1) {
            let bit = value >> shift & 1
            narrow(bit == 1, &tree[node])
            node = node << 1 | bit
        }
    }

    mutating func narrow(_ value: UInt64, bits count: Int) {
        for shift in stride(from: count - 1, through: 0, by: -1) {
            size >>= 1
            if value >> UInt64(shift) & 1 == 1 { low &+= UInt64(size) }
            grow()
        }
    }
}
