import SeededRandom
import Testing

@testable import Sequencer

/// A client that comes back after a crash asks for what it missed, and compares it with what it was told.
struct CrashHistory {
    /// Batches behind the last that must be kept: far less than the log holds.
    private let keptAtLeast: Int
    private var random: SeededGenerator
    private(set) var (asked, gone, batches) = (0, 0, 0)

    init(seed: UInt64, eventLogBytes: Int) {
        random = SeededGenerator(seed: seed ^ 3)
        keptAtLeast = eventLogBytes / 3500
    }

    /// Asks a node that has just started for everything after some acknowledged batch, or the opening of a block near it. False when the child is gone.
    mutating func catchUp(_ node: CrashedNode, _ client: CrashClient, seed: UInt64) -> Bool {
        let admitted = client.admitted.values.map { (Self.position($0), $0) }.sorted { $0.0 < $1.0 }
        guard !admitted.isEmpty else { return true }
        // Mostly what somebody missed who comes back soon.
        let back = random.next() % 4 == 0 ? admitted.count : min(admitted.count, keptAtLeast)
        var from = admitted.count - 1 - Int(random.next() % UInt64(back))
        var after = admitted[from].0
        if random.next() % 2 == 0 {
            // Nothing or something may have happened there. Behind the last batch idle blocks may follow.
            after = StreamPosition(openingOf: after.block + random.next() % 3)
            from = (admitted.firstIndex { $0.0 > after } ?? admitted.count) - 1
        }
        guard node.send(kind: 3, withUnsafeBytes(of: after.rawValue) { Array($0) }) else { return false }
        var expected = admitted[(from + 1)...]
        var last = after
        while true {
            guard let answer = node.nextAnswer() else { return false }
            switch answer.note {
            case 1:
                let position = Self.position(answer)
                if position <= last { Issue.record("\(answer) comes after \(last), seed \(seed)") }
                last = position
                if let next = expected.first, next.0 <= position {
                    if next.1 != answer.without(note: 1) { Issue.record("told \(answer), acknowledged \(next.1), seed \(seed)") }
                    expected.removeFirst()
                } else if answer.nonce != 0, client.admitted[answer.nonce] != nil || client.envelopes[answer.nonce] == nil {
                    Issue.record("\(answer) is no batch whose answer was lost, seed \(seed)")
                }
                batches += 1
            case 2:
                if let missing = expected.first { Issue.record("\(missing.1) was acknowledged and is not told, seed \(seed)") }
                asked += 1
                return true
            default:
                if admitted.count - from < keptAtLeast { Issue.record("\(after) is gone, seed \(seed)") }
                gone += 1
                return true
            }
        }
    }

    private static func position(_ answer: CrashedNode.Answer) -> StreamPosition {
        StreamPosition(block: answer.block, batch: answer.position)
    }
}
