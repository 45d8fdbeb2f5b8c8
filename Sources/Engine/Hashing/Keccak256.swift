/// keccak-256 as Ethereum uses it: the sponge of FIPS 202 at rate 136 with the padding of the original submission (0x01, not 0x06).
///
/// Allocates nothing. `update` any number of times, then `finish` once.
package struct Keccak256: BitwiseCopyable, Sendable {
    /// Bytes absorbed by one permutation.
    package static let rateBytes = 136

    private var state = InlineArray<25, UInt64>(repeating: 0)
    /// Bytes absorbed since the last permutation, 0..<rateBytes.
    private var position = 0

    package init() {}

    /// Absorbs `bytes`, which need not be aligned.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        var cursor = start
        var remaining = bytes.count
        while remaining > 0 {
            if position & 7 == 0 && remaining >= 8 {
                state[position &>> 3] ^= cursor.loadUnaligned(as: UInt64.self)
                advance(by: 8)
                cursor += 8
                remaining &-= 8
            } else {
                let byte = UInt64(cursor.load(as: UInt8.self))
                state[position &>> 3] ^= byte &<< UInt64(truncatingIfNeeded: 8 &* (position & 7))
                advance(by: 1)
                cursor += 1
                remaining &-= 1
            }
        }
    }

    /// Absorbs the 32 bytes of `hash`.
    package mutating func update(_ hash: Hash256) {
        withUnsafeBytes(of: hash) { update($0) }
    }

    /// Pads and returns the hash of everything absorbed. The hasher is spent afterwards.
    package mutating func finish() -> Hash256 {
        state[position &>> 3] ^= 1 &<< UInt64(truncatingIfNeeded: 8 &* (position & 7))
        state[16] ^= 0x8000_0000_0000_0000
        KeccakPermutation.apply(&state)
        return digest
    }

    @inline(__always)
    private mutating func advance(by count: Int) {
        position &+= count
        if position == Self.rateBytes {
            KeccakPermutation.apply(&state)
            position = 0
        }
    }

    private var digest: Hash256 {
        var hash = Hash256()
        hash.word0 = state[0]
        hash.word1 = state[1]
        hash.word2 = state[2]
        hash.word3 = state[3]
        return hash
    }
}

extension Keccak256 {
    /// The hash of `bytes`.
    package static func hash(_ bytes: UnsafeRawBufferPointer) -> Hash256 {
        var hasher = Keccak256()
        hasher.update(bytes)
        return hasher.finish()
    }

    /// The hash of the 64 bytes at `bytes`, which need not be aligned: a leaf or a node of the state tree. One permutation.
    package static func hash64(_ bytes: UnsafeRawPointer) -> Hash256 {
        var hasher = Keccak256()
        hasher.state[0] = bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
        hasher.state[1] = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        hasher.state[2] = bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
        hasher.state[3] = bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
        hasher.state[4] = bytes.loadUnaligned(fromByteOffset: 32, as: UInt64.self)
        hasher.state[5] = bytes.loadUnaligned(fromByteOffset: 40, as: UInt64.self)
        hasher.state[6] = bytes.loadUnaligned(fromByteOffset: 48, as: UInt64.self)
        hasher.state[7] = bytes.loadUnaligned(fromByteOffset: 56, as: UInt64.self)
        hasher.state[8] = 1
        hasher.state[16] = 0x8000_0000_0000_0000
        KeccakPermutation.apply(&hasher.state)
        return hasher.digest
    }

    /// The hash of `left || right`: a node of the state tree.
    package static func hashPair(_ left: Hash256, _ right: Hash256) -> Hash256 {
        var pair = (left, right)
        return withUnsafeBytes(of: &pair) { raw in
            guard let base = raw.baseAddress else { return Hash256() }
            return hash64(base)
        }
    }

    /// Hashes `count` inputs of 64 bytes that lie one after another at `inputs` into `outputs`.
    ///
    /// `outputs` may be `inputs`: no output lies behind the input that it comes from.
    package static func hash64Many(_ inputs: UnsafeRawPointer, count: Int, into outputs: UnsafeMutablePointer<Hash256>) {
        var index = 0
        while index < count {
            outputs[index] = hash64(inputs + 64 &* index)
            index &+= 1
        }
    }
}
