/// A 64-bit checksum against torn writes and rotten bits; no protection against an adversary.
///
/// Eight bytes at a time: xor, multiply by an odd constant, fold the high half down; the length goes in last.
struct Checksum {
    private(set) var value: UInt64

    init(seed: UInt64) { value = seed ^ 0x9E37_79B9_7F4A_7C15 }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        while offset + 8 <= bytes.count {
            mix(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        var rest: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.count {
            rest |= UInt64(bytes[offset]) << shift
            shift += 8
            offset += 1
        }
        mix(rest)
        mix(UInt64(bytes.count))
    }

    private mutating func mix(_ word: UInt64) { value = Self.mixed(value, word) }

    @inline(__always)
    static func mixed(_ value: UInt64, _ word: UInt64) -> UInt64 {
        let product = (value ^ word) &* 0xFF51_AFD7_ED55_8CCD
        return product ^ product >> 32
    }

    static func of(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        var checksum = Checksum(seed: seed)
        checksum.update(bytes)
        return checksum.value
    }
}

extension Checksum {
    /// The same over a multiple of 8 bytes in four strands, whose multiplications overlap: for what is checked while somebody waits.
    static func ofWords(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        precondition(bytes.count & 7 == 0)
        func word(_ offset: Int) -> UInt64 { bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
        var (one, two, three, four) = (seed, ~seed, seed << 1, ~seed << 1)
        var offset = 0
        while offset + 32 <= bytes.count {
            one = mixed(one, word(offset))
            two = mixed(two, word(offset + 8))
            three = mixed(three, word(offset + 16))
            four = mixed(four, word(offset + 24))
            offset += 32
        }
        while offset < bytes.count {
            one = mixed(one, word(offset))
            offset += 8
        }
        return mixed(mixed(mixed(one, two), three), four)
    }
}

/// The same for data that comes in pieces of whole 8-byte words: however they are cut, the value is the same.
struct RunningChecksum {
    private(set) var value: UInt64

    init(seed: UInt64) { value = seed ^ 0x9E37_79B9_7F4A_7C15 }

    /// Takes a multiple of 8 bytes.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count & 7 == 0)
        for offset in stride(from: 0, to: bytes.count, by: 8) {
            value = Checksum.mixed(value, bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
    }
}
