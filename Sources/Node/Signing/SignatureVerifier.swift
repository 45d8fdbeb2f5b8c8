import CSecp256k1
import Engine

/// Decides whether a signature belongs to an address: it does if ecrecover gives that address for v 27 or v 28, and `s` is low.
///
/// Keys of signers seen before are kept parsed, because verifying against a known key (28 us) is faster than recovering it
/// (34 us, and twice that when the first v is the wrong one). The cache never grows and is exact: it changes speed, never an answer.
/// One thread at a time may use an instance; give every thread its own.
package final class SignatureVerifier {
    /// Ways of a set: a new key replaces the oldest of its set.
    private static let ways = 4

    private struct Entry {
        var address = Address()
        var key = secp256k1_pubkey()
    }

    private let entries: UnsafeMutablePointer<Entry>
    /// For each set, the way to be replaced next.
    private let nextWay: UnsafeMutablePointer<UInt8>
    private let setCount: Int
    private let seed: UInt64
    /// Signatures checked against a cached key, and by recovery, so far.
    package private(set) var verifiedCount: UInt64 = 0
    package private(set) var recoveredCount: UInt64 = 0

    /// Makes room for at least `keyCapacity` keys (84 bytes each), rounded up to a power of two, 4 at least.
    package init(keyCapacity: Int = 1 << 16) {
        var sets = 1
        while sets * Self.ways < keyCapacity { sets *= 2 }
        setCount = sets
        entries = .allocate(capacity: sets * Self.ways)
        entries.initialize(repeating: Entry(), count: sets * Self.ways)
        nextWay = .allocate(capacity: sets)
        nextWay.initialize(repeating: 0, count: sets)
        // Unpredictable, so that nobody grinds addresses to push others out of the cache.
        seed = Hash256.random().word0
    }

    deinit {
        entries.deallocate()
        nextWay.deallocate()
    }

    /// Whether `signer` signed `digest` with `signature`. Bad input of any kind is simply not valid. Allocates nothing.
    package func isValid(_ signature: Signature, of digest: Hash256, by signer: Address) -> Bool {
        guard signature.isWellFormed, !signer.isZero else { return false }
        let set = set(of: signer)
        if !signature.needsRecovery {
            for way in 0..<Self.ways where entries[set * Self.ways + way].address == signer {
                verifiedCount &+= 1
                return PublicKey(parsed: entries[set * Self.ways + way].key).verifies(digest: digest, signature: signature)
            }
        }
        recoveredCount &+= 1
        for v in UInt8(27)...28 {
            guard let key = PublicKey.recover(digest: digest, signature: signature, v: v), key.address == signer else { continue }
            remember(key, of: signer, in: set)
            return true
        }
        return false
    }

    private func set(of address: Address) -> Int {
        var hash = seed ^ (UInt64(address.word0) << 32 | UInt64(address.word1))
        hash = (hash ^ hash >> 32) &* 0x9E37_79B9_7F4A_7C15
        hash ^= UInt64(address.word2) << 32 | UInt64(address.word3)
        hash = (hash ^ hash >> 32) &* 0x9E37_79B9_7F4A_7C15
        hash ^= UInt64(address.word4)
        hash = (hash ^ hash >> 32) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: hash >> 32) & (setCount - 1)
    }

    private func remember(_ key: PublicKey, of signer: Address, in set: Int) {
        for way in 0..<Self.ways where entries[set * Self.ways + way].address == signer { return }
        let way = Int(nextWay[set])
        nextWay[set] = UInt8((way + 1) % Self.ways)
        entries[set * Self.ways + way] = Entry(address: signer, key: key.parsed)
    }
}

@available(*, unavailable)
extension SignatureVerifier: Sendable {}
