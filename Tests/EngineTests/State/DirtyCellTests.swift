import Foundation
import SeededRandom
import Testing

@testable import Engine

/// A copy that is fed only by `drainDirtyCells` must equal the arena: then no write escapes the commitment.
@Suite struct DirtyCellTests {
    @Test func drainedCellsRebuildTheArena() throws {
        let seed: UInt64 = 11
        print("dirty cells: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let test = try TestExchange()
        let traders = (1...5).map { TestExchange.address($0) }
        test.listToken(1, decimals: 9)
        test.listToken(2, decimals: 6)
        test.listMarket(1, base: 2, quote: 1, lotExponent: 3, makerFee: 1, takerFee: 5, feeOwner: TestExchange.address(9))
        for trader in traders {
            test.deposit(trader, token: 1, atoms: 1 << 40)
            test.deposit(trader, token: 2, atoms: 1 << 40)
        }
        var shadow: [UInt32: [UInt8]] = [:]
        var ids: [UInt64] = []
        for step in 0..<3_000 {
            let trader = traders[random.below(5)]
            let code = price(12_500, -3) + UInt32(random.below(2_000)) - 1_000
            let command: Command =
                random.chance(70)
                ? .place(
                    market: 1, side: random.chance(50) ? .buy : .sell, timeInForce: .goodTilCancelled, priceCode: code,
                    lots: UInt64(1 + random.below(50)), clientOrderId: UInt64(random.below(500)))
                : .cancel(market: 1, orderId: ids.randomElement(using: &random) ?? 1)
            ids += test.execute([command], signer: trader).events.filter { $0.kind == Event.Kind.placed && $0.orderId != 0 }.map(\.orderId)
            if step % 100 == 99 {
                test.host.exchange.drainDirtyCells { cell, bytes in
                    shadow[cell] = Array(UnsafeRawBufferPointer(start: bytes, count: Layout.cellBytes))
                }
            }
        }
        let header = test.host.exchange.header
        let used: [(Int, Int)] = [
            (Layout.header, 4096), (Layout.tokens, 64 * 16), (Layout.markets, 128 * 16),
            (Layout.priceSummaries, 2 * Layout.priceSummaryBytes),
            (Layout.signers, 64 * 64), (Layout.accounts, 128 * 64), (Layout.signerIndex, Layout.signerBuckets * 4),
            (Layout.clientOrderIndex, Layout.clientOrderBuckets * 4), (Layout.nonces, 64 * 512),
            (Layout.balanceDirectories, 64 * Layout.balanceDirectoryBytes), (Layout.orders, (Int(header.orderHighWater) + 64) * 32),
            (Layout.orderDetails, (Int(header.orderHighWater) + 64) * 32), (Layout.levelDirectories, 2 * Layout.levelDirectoryBytes),
            (Layout.levelPages, (Int(header.levelPageHighWater) + 2) * 1024),
            (Layout.balances, (Int(header.balancePageHighWater) + 2) * 1024),
            (Layout.withdrawals, 4096),
        ]
        let zero = [UInt8](repeating: 0, count: Layout.cellBytes)
        var compared = 0
        for (start, count) in used {
            for offset in stride(from: start, to: start + count, by: Layout.cellBytes) {
                let actual = UnsafeRawBufferPointer(start: test.host.arenaBytes + offset, count: Layout.cellBytes)
                let expected = shadow[UInt32(offset / Layout.cellBytes)] ?? zero
                if !actual.elementsEqual(expected) { Issue.record("cell at \(String(offset, radix: 16)) was written without a mark") }
                compared += 1
            }
        }
        #expect(compared > 1_000_000 && shadow.count > 500)
    }
}
