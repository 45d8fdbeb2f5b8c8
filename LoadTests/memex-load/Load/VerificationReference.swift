import Engine
import Foundation
import Gateway
import Signing

/// How many signatures libsecp256k1 verifies in a second on this machine: what a gateway's thread can reach at most.
struct VerificationReference {
    private let samples: [(digest: Hash256, signature: Signature, key: PublicKey)]

    init() {
        samples = (0..<256).compactMap { _ in
            let (key, digest) = (PrivateKey.generate(), Hash256.random())
            let signed = key.sign(digest)
            return PublicKey.recover(digest: digest, signature: signed.signature, v: 27 + signed.recoveryId).map {
                (digest, signed.signature, $0)
            }
        }
    }

    /// Verifications a second of this thread's processor time, over about `seconds`.
    func measure(seconds: Double = 0.4) -> Double {
        let start = CPUTime.ofThread()
        var count = 0
        while true {
            for sample in samples {
                guard sample.key.verifies(digest: sample.digest, signature: sample.signature) else {
                    preconditionFailure("libsecp256k1 refuses a signature of its own")
                }
            }
            count += samples.count
            let elapsed = CPUTime.ofThread() - start
            if elapsed >= seconds { return Double(count) / elapsed }
        }
    }
}
