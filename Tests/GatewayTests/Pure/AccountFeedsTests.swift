import Engine
import Sequencer
import Testing

@testable import Gateway

@Suite struct AccountFeedsTests {
    /// Whoever subscribes and unsubscribes in turn makes look-ups without end: few of them may stand before anybody's order.
    @Test func asksNoMoreBeforeItIsAnswered() {
        var feeds = AccountFeeds()
        let addresses = (0..<5000).map { number -> AccountFeeds.Key in
            let address = ServerMessageTests.address(UInt8(number % 250 + 1)).with(number: UInt32(number))
            return AccountFeeds.Key(address, subaccount: UInt16(number % 3))
        }
        for address in addresses { feeds.lookUp(feeds.add(address)) }
        #expect(feeds.waitingCount == 5000)
        var asked: [AccountFeeds.Key] = []
        feeds.ask(countMax: 16) {
            asked.append($0)
            return true
        }
        feeds.ask(countMax: 16) {
            asked.append($0)
            return true
        }
        #expect(asked == Array(addresses.prefix(16)))
        for (number, address) in addresses.enumerated() {
            let feed = feeds.answered(account: UInt32(number + 1), owner: address.address)?.feed
            #expect(feed?.key == address && feed?.account == UInt32(number + 1))
            feeds.ask(countMax: 16) {
                asked.append($0)
                return true
            }
        }
        #expect(asked == addresses)
        #expect(feeds.waitingCount == 0 && !feeds.hasUnresolved)
        #expect(feeds.answered(account: 1, owner: addresses[0].address) == nil)
    }

    /// What may have opened an account is remembered until the executor says that it did not.
    @Test func remembersSinceWhenAnAccountMayExist() {
        var feeds = AccountFeeds()
        let feed = feeds.add(AccountFeeds.Key(ServerMessageTests.address(7)))
        var questions = 0
        func ask() {
            feeds.ask(countMax: 16) { _ in
                questions += 1
                return true
            }
        }
        feeds.lookUp(feed)
        ask()
        let none = feeds.answered(account: 0, owner: .zero)
        #expect(none?.feed === feed && none?.unknownSince == nil)
        // Two deposits, only the first of which can be the first thing heard of; the answer shows both.
        feeds.lookUpUnresolved(at: StreamPosition(openingOf: 5))
        ask()
        feeds.lookUpUnresolved(at: StreamPosition(openingOf: 6))
        ask()
        #expect(questions == 2)
        let still = feeds.answered(account: 0, owner: .zero)
        #expect(still?.feed === feed && still?.unknownSince == nil)
        feeds.lookUpUnresolved(at: StreamPosition(block: 9, batch: 3))
        ask()
        let answer = feeds.answered(account: 12, owner: ServerMessageTests.address(7))
        #expect(answer?.feed === feed && answer?.unknownSince == StreamPosition(block: 9, batch: 2))
        #expect(feeds.isHeard(12) && !feeds.hasUnresolved)
        feeds.lookUpUnresolved(at: StreamPosition(openingOf: 10))
        #expect(feeds.waitingCount == 0)
    }
}

extension Address {
    fileprivate func with(number: UInt32) -> Address {
        var address = self
        address.word1 = number
        return address
    }
}
