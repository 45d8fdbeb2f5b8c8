import Engine
import SeededRandom
import Testing

@testable import Gateway

@Suite struct PriceLadderTests {
    /// Against a sorted set, at prices that lie near and far from each other.
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func findsWhatASetFinds(seed: UInt64) {
        print("price ladder: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let ladder = PriceLadder()
        var prices: Set<UInt32> = []
        func price() -> UInt32 {
            let range: UInt32 = [64, 5000, 300_000, PriceCode.count].randomElement(using: &random)!
            return (PriceCode.count - range) / 2 + .random(in: 0..<range, using: &random)
        }
        for step in 0..<4000 {
            if step % 2 == 0 || Bool.random(using: &random) {
                let price = price()
                prices.insert(price)
                ladder.insert(price)
            } else if let price = prices.randomElement(using: &random) {
                prices.remove(price)
                ladder.remove(price)
            }
            guard step % 8 == 0 else { continue }
            let probe = prices.randomElement(using: &random) ?? price()
            for from in [probe, probe &+ 1, probe &- 1, price(), 0, PriceCode.count - 1] where from < PriceCode.count {
                #expect(ladder.first(from: from) == prices.filter { $0 >= from }.min(), "seed \(seed), step \(step), from \(from)")
                #expect(ladder.last(upTo: from) == prices.filter { $0 <= from }.max(), "seed \(seed), step \(step), up to \(from)")
            }
            #expect(ladder.isGroupEmpty(probe) == !prices.contains { $0 / 64 == probe / 64 })
        }
    }

    @Test func theEndsOfTheRange() {
        let ladder = PriceLadder()
        #expect(ladder.first(from: 0) == nil && ladder.last(upTo: PriceCode.count - 1) == nil)
        ladder.insert(0)
        ladder.insert(PriceCode.count - 1)
        #expect(ladder.first(from: 0) == 0 && ladder.first(from: 1) == PriceCode.count - 1)
        #expect(ladder.last(upTo: PriceCode.count - 2) == 0 && ladder.last(upTo: PriceCode.count - 1) == PriceCode.count - 1)
    }
}
