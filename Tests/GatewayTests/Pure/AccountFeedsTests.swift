import Engine
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
            let feed = feeds.answered(account: UInt32(number + 1), owner: address.address)
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
}

extension Address {
    fileprivate func with(number: UInt32) -> Address {
        var address = self
        address.word1 = number
        return address
    }
}
