import Engine
import Foundation
import Testing

@testable import Signing

/// One signature made by eth_keys (Tests/Vectors/signatures.py).
struct SignatureVector: Decodable, Sendable {
    let secret: String
    let address: String
    let digest: String
    let r: String
    let s: String
    let recoveryId: UInt8

    struct File: Decodable { let signatures: [SignatureVector] }

    static func load() throws -> [SignatureVector] {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Vectors/signatures.json")
        return try JSONDecoder().decode(File.self, from: Data(contentsOf: url)).signatures
    }

    func signature() throws -> Signature { Signature(r: try Hash256(hex: r), s: try Hash256(hex: s)) }
}

@Suite struct SignatureTests {
    /// Order of secp256k1's group.
    static let order = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"

    @Test func `signs, recovers and names addresses as eth_keys does`() throws {
        let vectors = try SignatureVector.load()
        #expect(vectors.count == 24)
        for vector in vectors {
            let key = try PrivateKey(hex: vector.secret)
            let digest = try Hash256(hex: vector.digest)
            #expect(key.address.description == vector.address)
            let signed = key.sign(digest)
            #expect(signed.signature == (try vector.signature()))
            #expect(signed.recoveryId == vector.recoveryId)
            #expect(signed.signature.hasLowS)
            #expect(recover(digest: digest, signature: signed.signature, v: 27 + vector.recoveryId) == key.address)
            #expect(recover(digest: digest, signature: signed.signature, v: 28 - vector.recoveryId) != key.address)
            #expect(recover(digest: digest, signature: signed.signature, v: 29) == nil)
            #expect(recover(digest: digest, signature: signed.signature, v: 0) == nil)
        }
    }

    @Test func `a verifier accepts the signer alone, cached or not`() throws {
        let verifier = SignatureVerifier(keyCapacity: 8)
        let vectors = try SignatureVector.load()
        for round in 0..<3 {
            for vector in vectors {
                let signature = try vector.signature()
                let digest = try Hash256(hex: vector.digest)
                let address = try Address(hex: vector.address)
                #expect(verifier.isValid(signature, of: digest, by: address), "round \(round)")
                #expect(verifier.isValid(signature, of: digest, by: address))
                #expect(!verifier.isValid(signature, of: .zero, by: address))
                #expect(!verifier.isValid(signature, of: digest, by: .zero))
                let other = vectors[round].address == vector.address ? vectors[9] : vectors[round]
                #expect(!verifier.isValid(signature, of: digest, by: try Address(hex: other.address)))
            }
        }
        #expect(verifier.verifiedCount > 0)
        #expect(verifier.recoveredCount > 0)
    }

    @Test(arguments: [true, false])
    func `high s, zero parts and parts beyond the order are refused`(cached: Bool) throws {
        let key = try PrivateKey(hex: "0x" + String(repeating: "11", count: 32))
        let digest = try Hash256(hex: "0x" + String(repeating: "22", count: 32))
        let good = key.sign(digest).signature
        let verifier = SignatureVerifier()
        if cached {
            #expect(verifier.isValid(good, of: digest, by: key.address))
        }
        let highS = try subtract(Hash256(hex: Self.order), good.s)
        #expect(!Signature(r: good.r, s: highS).hasLowS)
        let order = try Hash256(hex: Self.order)
        let ones = try Hash256(hex: String(repeating: "ff", count: 32))
        for bad in [
            Signature(r: good.r, s: highS), Signature(r: good.r, s: .zero), Signature(r: .zero, s: good.s), Signature(r: order, s: good.s),
            Signature(r: ones, s: good.s), Signature(r: good.r, s: ones), Signature(r: good.s, s: good.r),
        ] {
            #expect(!verifier.isValid(bad, of: digest, by: key.address))
            #expect(recover(digest: digest, signature: bad, v: 27) != key.address)
            #expect(recover(digest: digest, signature: bad, v: 28) != key.address)
        }
    }

    @Test func `the boundary of low s is half the order`() throws {
        let half = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0"
        let above = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1"
        #expect(Signature(r: .zero, s: try Hash256(hex: half)).hasLowS)
        #expect(!Signature(r: .zero, s: try Hash256(hex: above)).hasLowS)
    }

    @Test func `every flipped bit of a signature is refused by a warm and by a cold verifier alike`() throws {
        let key = PrivateKey.generate()
        let digest = Hash256.random()
        let good = key.sign(digest).signature
        let warm = SignatureVerifier()
        #expect(warm.isValid(good, of: digest, by: key.address))
        for bit in stride(from: 0, to: 512, by: 7) {
            var bad = good
            withUnsafeMutableBytes(of: &bad) { $0[bit / 8] ^= 1 << UInt8(bit % 8) }
            let cold = SignatureVerifier(keyCapacity: 1)
            #expect(!warm.isValid(bad, of: digest, by: key.address))
            #expect(!cold.isValid(bad, of: digest, by: key.address))
        }
        #expect(warm.isValid(good, of: digest, by: key.address))
    }

    @Test func `many threads may sign and verify at once`() async throws {
        let vectors = try SignatureVector.load()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    let verifier = SignatureVerifier(keyCapacity: 16)
                    for index in 0..<64 {
                        let vector = vectors[(index * 5 + worker) % vectors.count]
                        let key = try PrivateKey(hex: vector.secret)
                        let signed = key.sign(try Hash256(hex: vector.digest)).signature
                        guard signed == (try vector.signature()) else { return false }
                        guard verifier.isValid(signed, of: try Hash256(hex: vector.digest), by: key.address) else { return false }
                    }
                    return true
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }

    /// a - b over 256 bits, big-endian.
    private func subtract(_ a: Hash256, _ b: Hash256) -> Hash256 {
        var result = Hash256()
        var borrow = 0
        withUnsafeMutableBytes(of: &result) { result in
            withUnsafeBytes(of: a) { a in
                withUnsafeBytes(of: b) { b in
                    for index in (0..<32).reversed() {
                        let difference = Int(a[index]) - Int(b[index]) - borrow
                        borrow = difference < 0 ? 1 : 0
                        result[index] = UInt8(truncatingIfNeeded: difference)
                    }
                }
            }
        }
        return result
    }
}
