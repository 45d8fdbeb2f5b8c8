import Engine
import SeededRandom
import Testing

@testable import Sequencer

/// A client that resends everything unanswered after each crash, as bots do.
struct CrashClient {
    /// Envelopes sent and not answered yet, at most.
    private static let inFlightMax = 60

    var random: SeededGenerator
    var nonce: UInt64
    /// In order of first sending.
    var unanswered: [(nonce: UInt64, envelope: [UInt8])] = []
    /// What was acknowledged as admitted, by nonce.
    var admitted: [UInt64: CrashedNode.Answer] = [:]
    var envelopes: [UInt64: [UInt8]] = [:]
    /// Answers received, of whatever kind.
    var answers = 0
    /// Of them those that a crash had kept away, given when the batch was sent again.
    var answersAgain = 0
    /// Refused because an answer was lost in a crash, and is not known any more.
    var repeated: Set<UInt64> = []
    /// Messages that L1 has for the node so far, and whether more come while it trades.
    private(set) var inboxCount = TestMarket.inbox.count
    var l1GoesOn: Bool

    init(seed: UInt64, l1GoesOn: Bool = false) {
        random = SeededGenerator(seed: seed)
        nonce = SystemClock.nowMs()
        self.l1GoesOn = l1GoesOn
    }

    mutating func sendFresh(_ node: CrashedNode) {
        goOnWithoutCommands(node)
        nonce += 1
        let envelope = randomEnvelope()
        unanswered.append((nonce, envelope))
        envelopes[nonce] = envelope
        _ = node.send(kind: 1, envelope)
    }

    /// Sometimes a session ends, or L1 has more messages: a few, or more than one block takes.
    private mutating func goOnWithoutCommands(_ node: CrashedNode) {
        if random.next() % 30 == 0 {
            let trader = TestMarket.trader(UInt32(random.next() % UInt64(TestMarket.traderCount)))
            _ = node.send(kind: 4, withUnsafeBytes(of: trader) { Array($0) })
        }
        guard l1GoesOn, random.next() % 100 == 0 else { return }
        let first = inboxCount
        inboxCount += random.next() % 16 == 0 ? 100 : 1 + Int(random.next() % 4)
        node.sendInbox(first..<inboxCount)
    }

    /// Mostly orders; sometimes what ends orders at once or later.
    private mutating func randomEnvelope() -> [UInt8] {
        guard random.next() % 6 == 0, case .place(let order) = TestMarket.place(.buy, mantissa: 50_000, lots: 1) else {
            return TestMarket.randomEnvelope(nonce: nonce, using: &random)
        }
        let soonMs = SystemClock.nowMs() + random.next() % 200
        let command: Command =
            switch random.next() % 4 {
            case 0: .cancelOnDisconnect(random.next() % 4 > 0)
            case 1: .scheduleCancel(timeMs: soonMs)
            case 2: .cancelAll(market: 0, sides: .both)
            default: .placeUntil(order, expiryMs: soonMs)
            }
        let trader = TestMarket.trader(UInt32(random.next() % UInt64(TestMarket.traderCount)))
        return TestMarket.envelope(trader, nonce: nonce, [command])
    }

    /// Takes in an answer; false when the child is gone.
    mutating func receive(_ node: CrashedNode) -> Bool {
        guard var answer = node.nextAnswer() else { return false }
        answers += 1
        let isAgain = answer.note == 4
        if isAgain, admitted[answer.nonce] == nil { answersAgain += 1 }
        answer = answer.without(note: 4)
        if answer.code == 0 {
            // Given again it is the same.
            if let before = admitted[answer.nonce], before != answer || !isAgain {
                Issue.record("nonce \(answer.nonce) was admitted twice: \(before), \(answer)")
            }
            admitted[answer.nonce] = answer
        } else if answer.code == RejectCode.nonceRepeated.rawValue || answer.code == RejectCode.nonceBelowRemembered.rawValue {
            repeated.insert(answer.nonce)
        } else {
            Issue.record("nonce \(answer.nonce): code \(answer.code)")
        }
        unanswered.removeAll { $0.nonce == answer.nonce }
        return true
    }

    /// Sends a node that was just started the inbox, and again what has no answer.
    mutating func join(_ node: CrashedNode) {
        node.sendInbox(0..<inboxCount)
        for (_, envelope) in unanswered { _ = node.send(kind: 1, envelope) }
    }

    /// Keeps the node busy until it answered `count` times or died.
    mutating func trade(_ node: CrashedNode, answers count: Int) -> Bool {
        for _ in 0..<count {
            while unanswered.count < Self.inFlightMax { sendFresh(node) }
            guard receive(node) else { return false }
        }
        return true
    }
}
