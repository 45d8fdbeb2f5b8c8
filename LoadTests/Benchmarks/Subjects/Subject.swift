import Engine

/// Something that executes command batches and can be measured doing so.
protocol Subject {
    /// Opens the next block at this time, and closes the one before: what it wrote is clean again.
    mutating func beginBlock(timeMs: UInt64)

    /// Executes the envelopes in `range`, with nonces that count up, and keeps the events.
    mutating func execute(_ stream: EnvelopeStream, _ range: Range<Int>)

    /// Executes one envelope and returns how many ticks it took.
    mutating func timedExecute(_ stream: EnvelopeStream, _ index: Int) -> UInt64

    /// Hands the events over and forgets them.
    mutating func takeEvents(_ body: (UnsafeBufferPointer<Event>) -> Void)

    /// A sum over all balances: account by account, free then locked, quote then base token.
    var balanceDigest: UInt64 { get }
    var restingCount: Int { get }
}

/// The sum of ``Subject/balanceDigest``.
struct BalanceDigest {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(free: UInt64, locked: UInt64) {
        value = (value ^ free) &* 0x100_0000_01B3
        value = (value ^ locked) &* 0x100_0000_01B3
    }
}
