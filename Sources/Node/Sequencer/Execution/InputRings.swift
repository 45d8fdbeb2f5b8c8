/// The rings from all gateway threads, read in turn so that none waits for another's flood. Executor's thread.
struct InputRings {
    private let rings: [ByteRing]
    /// Whose turn it is, and how many records it has had.
    private var turn = 0
    private var taken = 0

    /// Records of one ring before the next has its turn.
    private static let share = 16

    init(_ rings: [ByteRing]) { self.rings = rings }

    var isEmpty: Bool { rings.allSatisfy(\.isEmpty) }

    /// Shows `body` another record of the ring whose turn it is (``ByteRing/peek(recordsMax:_:)``).
    func peek(recordsMax: Int, _ body: (RingRecord) -> Void) -> Bool { rings[turn].peek(recordsMax: recordsMax, body) }

    /// Passes one record to `body`; false if there is none in any ring.
    mutating func read(_ body: (RingRecord) -> Void) -> Bool {
        for _ in 0..<rings.count {
            if taken < Self.share, rings[turn].read(body) {
                taken += 1
                return true
            }
            taken = 0
            turn = turn + 1 == rings.count ? 0 : turn + 1
        }
        // Back where it began, which may have had its share.
        guard rings[turn].read(body) else { return false }
        taken += 1
        return true
    }
}
