/// How long a loop goes on looking for input after the last before it sleeps. Pure; times in nanoseconds on one clock.
///
/// Being woken takes a thread some 50 us on a virtual machine, as long as checking a signature, and what it then does takes half as long again, since the
/// processor has forgotten its code and data. Looking costs a processor instead, so it is done only while nobody else wants that: between two looks the
/// thread yields, and if that let somebody else run, it does not look for a while. For who sleeps is given the processor as soon as he is woken, but
/// who has used or yielded it waits for the end of the other's turn, up to 3 ms.
struct BusyPolling {
    /// Alone, a thread is back from yielding within a microsecond, unless the machine itself is a guest that had to wait. Only after more than this it is asked
    /// whether another thread has run.
    static let yieldNsMax: UInt64 = 20_000
    /// The thread rests for so many times as long as the yield took, and for twice as long as the last time if it had looked for less time than it rested then:
    /// so it soon looks once a second where others always want its core, and almost always where they seldom do.
    static let restPerYield: UInt64 = 30
    static let restNsMax: UInt64 = 1_000_000_000

    private let durationNs: UInt64
    private var endsNs: UInt64 = 0
    private var restsUntilNs: UInt64 = 0
    private var restNs: UInt64 = 0
    private var knownCount: UInt = 0

    /// `durationUs`: how long after an input; 0: not at all.
    init(durationUs: UInt64) { durationNs = durationUs * 1000 }

    mutating func tookInput(at nowNs: UInt64) { endsNs = nowNs + durationNs }

    /// Whether to look once more rather than to sleep.
    func goesOn(at nowNs: UInt64) -> Bool { nowNs < endsNs && nowNs >= restsUntilNs }

    /// The thread let others go first. `displacementCount`: how often it ever gave the processor to another thread without sleeping.
    mutating func yielded(fromNs beganNs: UInt64, toNs endedNs: UInt64, displacementCount: () -> UInt) {
        let tookNs = endedNs &- beganNs
        guard tookNs > Self.yieldNsMax else { return }
        let count = displacementCount()
        defer { knownCount = count }
        guard count != knownCount else { return }
        let isAgain = beganNs &- restsUntilNs < restNs
        restNs = min(max(Self.restPerYield * tookNs, isAgain ? 2 * restNs : 0), Self.restNsMax)
        restsUntilNs = endedNs + restNs
    }
}
