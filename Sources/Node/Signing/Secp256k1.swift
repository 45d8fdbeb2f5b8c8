import CSecp256k1
import Engine

/// The one libsecp256k1 context of the process (https://github.com/bitcoin-core/secp256k1).
///
/// It is randomized against side channels once, before anyone sees it, and only read afterwards: the library allows any number of
/// threads to use such a context at once.
final class Secp256k1: Sendable {
    static let shared = Secp256k1()

    nonisolated(unsafe) let context: OpaquePointer

    private init() {
        guard let context = secp256k1_context_create(UInt32(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY)) else {
            fatalError("libsecp256k1: no memory for a context")
        }
        var seed = Hash256.random()
        let randomized = withUnsafeBytes(of: &seed) { secp256k1_context_randomize(context, $0.bindMemory(to: UInt8.self).baseAddress!) }
        precondition(randomized == 1, "libsecp256k1 refused a random seed")
        self.context = context
    }

    deinit { secp256k1_context_destroy(context) }
}

extension Hash256 {
    /// Thirty-two bytes from the system's cryptographic random generator (getrandom(2)).
    package static func random() -> Hash256 {
        var generator = SystemRandomNumberGenerator()
        var value = Hash256()
        value.word0 = generator.next()
        value.word1 = generator.next()
        value.word2 = generator.next()
        value.word3 = generator.next()
        return value
    }
}
