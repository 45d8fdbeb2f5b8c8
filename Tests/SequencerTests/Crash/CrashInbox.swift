import Engine

@testable import Sequencer

/// What L1 has for the node: first listings and deposits for all traders, then deposits without end.
enum CrashInbox {
    /// The messages with these indices.
    static func messages(_ range: Range<Int>) -> [InboxMessage] {
        let first = TestMarket.inbox
        return range.map { index in
            guard index >= first.count else { return first[index] }
            // The last of these owners has no account before.
            let owner = TestMarket.trader(UInt32(index) % (TestMarket.traderCount + 1))
            return .deposit(owner: owner, token: index % 2 == 0 ? TestMarket.eth : TestMarket.meme, atoms: UInt64(index))
        }
    }
}
