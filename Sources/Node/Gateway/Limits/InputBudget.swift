/// How much of the loop's time one connection may use before the others' turn comes, in units of about a microsecond.
///
/// What it does not get done stays with the connection, which is not read from meanwhile, so TCP slows its sender down.
struct InputBudget {
    /// Eight signatures, or 16 KiB with one.
    static let units = 256
    /// Of one without ``Standing``: little, so that nobody waits long for what it sent.
    static let strangerUnits = 64

    enum Cost {
        static let signature = 32
        /// Two attempts to recover a key.
        static let badSignature = 96
        static let handshake = 256
        static let subscription = 32
        static let message = 1
        /// Decryption, unmasking, copying, hashing.
        static func bytes(_ count: Int) -> Int { count >> 7 }
    }

    private let granted: Int
    private(set) var spent = 0

    init(isStranger: Bool = false) { granted = isStranger ? Self.strangerUnits : Self.units }

    var isSpent: Bool { spent >= granted }

    mutating func spend(_ cost: Int) { spent += cost }
}
