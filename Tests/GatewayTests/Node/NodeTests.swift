import Engine
import Foundation
import Sequencer
import Signing
import Testing

@testable import Gateway

/// Gateway and sequencer together: what the one promises, the other has done.
@Suite(.serialized) struct NodeTests {
    static let price = PriceCode.code(mantissa: 50_000, exponent: 19)

    static func place(_ side: Side, _ price: UInt32, _ lots: UInt64, _ timeInForce: TimeInForce = .goodTilCancelled) -> Command {
        .place(market: NodeRig.market, side: side, timeInForce: timeInForce, priceCode: price, lots: lots, clientOrderId: 0)
    }

    static func free(_ client: GatewayClient, _ owner: Address, token: UInt32) throws -> UInt64? {
        let reply = try client.query(.account, owner: owner)
        return reply.withUnsafeBytes { bytes in
            let count = Int(bytes.loadUnaligned(fromByteOffset: QueryReply.count, as: UInt32.self))
            for index in 0..<count {
                let balance = bytes.loadUnaligned(
                    fromByteOffset: QueryReply.Account.balances + index * MemoryLayout<Balance>.size, as: Balance.self)
                if balance.token == token { return balance.free }
            }
            return nil
        }
    }

    @Test func tradesEndToEnd() throws {
        let rig = try NodeRig(ownerCount: 2)
        let maker = try rig.client()
        let taker = try rig.client()
        try maker.subscribe(.account, owner: rig.owners[0].address)
        let resting = try maker.submit([Self.place(.sell, Self.price, 10)], key: rig.owners[0])
        #expect(resting.results[0].restingLots == 10 && resting.results[0].orderId != 0)
        let taken = try taker.submit([Self.place(.buy, Self.price, 4, .immediateOrCancel)], key: rig.owners[1])
        #expect(taken.results[0].lots == 4 && taken.results[0].restingLots == 0 && taken.sequence == resting.sequence + 1)
        let fill = try #require(try MarketDataTests.next(maker) { if case .fill(let fill) = $0 { fill } else { nil } })
        #expect(fill.orderId == resting.results[0].orderId && fill.lots == 4 && fill.remaining == 6 && fill.isMaker)
        // Ten lots of one coin left the maker's free balance; four brought half a quote token each.
        #expect(try Self.free(maker, rig.owners[0].address, token: 2) == NodeRig.funds - 10_000_000)
        #expect(try Self.free(maker, rig.owners[0].address, token: 1) == NodeRig.funds + 2_000_000_000)
        let cancelled = try maker.submit([.cancel(market: NodeRig.market, orderId: fill.orderId)], key: rig.owners[0])
        #expect(cancelled.results[0].lots == 6)
        #expect(try Self.free(maker, rig.owners[0].address, token: 2) == NodeRig.funds - 4_000_000)
    }

    @Test func engineRefusalsReachTheTrader() throws {
        let rig = try NodeRig(ownerCount: 1)
        let client = try rig.client()
        let key = rig.owners[0]
        func code(_ command: Command) throws -> UInt16 { try client.submit([command], key: key).results[0].code }
        #expect(try code(Self.place(.buy, Self.price, 0)) == RejectCode.sizeZero.rawValue)
        #expect(try code(Self.place(.buy, PriceCode.count, 1)) == RejectCode.priceInvalid.rawValue)
        #expect(try code(Self.place(.buy, PriceCode.code(mantissa: 12_345, exponent: 5), 1)) == RejectCode.priceTooFine.rawValue)
        #expect(try code(Self.place(.buy, Self.price, 10_000_000)) == RejectCode.insufficientBalance.rawValue)
        #expect(try code(.place(market: 9, side: .buy, timeInForce: .goodTilCancelled, priceCode: 1, lots: 1, clientOrderId: 0)) == 20)
        #expect(try code(Self.place(.sell, Self.price, 1)) == 0)
        let whole = Command.place(
            market: NodeRig.market, side: .buy, timeInForce: .fillOrKill, priceCode: Self.price, lots: 1, clientOrderId: 0)
        #expect(try code(whole) == RejectCode.wouldNotFill.rawValue)
        #expect(try code(.cancel(market: 1, orderId: 12345)) == RejectCode.unknownOrder.rawValue)
        #expect(try code(.withdraw(token: 9, atoms: 1)) == RejectCode.unknownToken.rawValue)
        // A batch as a whole: repeated nonce, stale nonce, stranger.
        func refusal(nonce: UInt64, _ key: PrivateKey) throws -> UInt16? {
            try client.send([Self.place(.buy, Self.price, 1)], key: key, nonce: nonce)
            guard case .reject(let reject)? = try client.receive(timeoutMs: 5000) else { return nil }
            return reject.code
        }
        let used = client.nextNonce()
        try client.send([Self.place(.sell, Self.price, 1)], key: key, nonce: used)
        guard case .ack = try client.receive(timeoutMs: 5000) else {
            Issue.record("no ack")
            return
        }
        #expect(try refusal(nonce: used, key) == RejectCode.nonceRepeated.rawValue)
        #expect(try refusal(nonce: 1, key) == RejectCode.nonceTooOld.rawValue)
        #expect(try refusal(nonce: used + 2 * 86_400_000, key) == RejectCode.nonceTooNew.rawValue)
        #expect(try refusal(nonce: client.nextNonce(), .generate()) == RejectCode.unknownSigner.rawValue)
    }

    @Test func blocksAreAnnouncedWhenSealed() throws {
        let rig = try NodeRig(ownerCount: 1)
        let client = try rig.client()
        try client.subscribe(.blocks)
        let ack = try client.submit([Self.place(.sell, Self.price, 1)], key: rig.owners[0])
        let block = try #require(
            try MarketDataTests.next(client) { if case .block(let block) = $0, block.number >= ack.block { block } else { nil } })
        #expect(block.number == ack.block && !block.stateRoot.isZero && !block.hash.isZero)
    }

    /// Orders go when their trader's connection does, in whatever way; the books of others follow.
    @Test func ordersGoWithTheirConnection() throws {
        let rig = try NodeRig(ownerCount: 2)
        let watcher = try rig.client()
        try watcher.subscribe(.book, market: NodeRig.market)
        let stays = try rig.client()
        _ = try stays.submit([Self.place(.buy, Self.price - 30, 2)], key: rig.owners[1])
        func openOrders(_ owner: Int) throws -> UInt32? { try watcher.account(rig.owners[owner].address)?.account.openOrderCount }
        for round in 0..<2 {
            var trader: GatewayClient? = try rig.client()
            let orders = [Self.place(.buy, Self.price - 10, 1), Self.place(.buy, Self.price - 20, 1)]
            _ = try trader?.submit([.cancelOnDisconnect(true)] + orders, key: rig.owners[0])
            #expect(try openOrders(0) == 2)
            if round == 0 { trader?.close() }
            trader = nil
            for _ in 0..<500 where try openOrders(0) != 0 { usleep(10_000) }
            #expect(try openOrders(0) == 0)
        }
        stays.close()
        usleep(100_000)
        #expect(try openOrders(1) == 1)
        var levels: [UInt32: UInt64] = [:]
        while let message = try watcher.receive(timeoutMs: 200) {
            switch message {
            case .bookSnapshot(let book), .bookUpdate(let book): for level in book.levels { levels[level.priceCode] = level.lots }
            default: break
            }
        }
        #expect(levels.filter { $0.value > 0 } == [Self.price - 30: 2])
    }

    // MARK: The Python example

    /// The Python that Deploy/setup installs, or the one named by MEMEX_PYTHON.
    static let python: String? = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..").standardized
        let asked = ProcessInfo.processInfo.environment["MEMEX_PYTHON"]
        let path = asked ?? root.appendingPathComponent(".venv/bin/python").path
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    static let bot = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../Deploy/examples/bot.py").standardized.path

    /// For its main account, and for a sub-account that has half of the funds; without and with a restart of the node in between.
    @Test(.enabled(if: python != nil, "run Deploy/setup for the Python packages"), arguments: [(0, false), (1, false), (0, true)])
    func pythonBotTrades(account: Int, isRestarted: Bool) throws {
        let rig = try NodeRig(ownerCount: 2)
        let owner = try rig.client()
        if account != 0 {
            let opened = try owner.submit([.openSubaccount], key: rig.owners[0]).results[0].orderId
            let transfers = [UInt32(1), 2].map { Command.transfer(token: $0, atoms: NodeRig.funds / 2, toAccount: UInt32(opened)) }
            #expect(try owner.submit(transfers, key: rig.owners[0]).results.allSatisfy { $0.code == 0 })
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.python ?? "")
        process.arguments = [
            Self.bot, "--url", rig.url, "--ca", Rig.certificate.certificatePath, "--key", rig.owners[0].secretHex, "--market", "1",
            "--price",
            "0.5", "--seconds", isRestarted ? "5" : "3", "--interval", "0.2", "--chain", "1337", "--account", "\(account)",
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        // A taker for its quotes, of sizes that leave parts of them.
        let taker = try rig.client()
        taker.reconnectsMax = 20
        var filled: UInt64 = 0
        var restartCount = isRestarted ? 1 : 0
        while process.isRunning {
            if restartCount > 0, filled > 0 {
                try rig.restart()
                restartCount -= 1
            }
            let orders = [
                Self.place(.buy, Self.price + 200, 3, .immediateOrCancel), Self.place(.sell, Self.price - 200, 4, .immediateOrCancel),
            ]
            filled += try taker.submit(orders, key: rig.owners[1]).results.reduce(0) { $0 + $1.lots }
            usleep(30_000)
        }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(process.terminationStatus == 0, "\(text)")
        #expect(text.contains("fill block") && filled > 0, "\(text)")
        #expect(text.contains("connecting again") == isRestarted, "\(text)")
        let answer = try #require(try taker.account(rig.owners[0].address, subaccount: UInt16(account)))
        #expect(answer.orders.isEmpty && answer.account.flags == 0)
        // What the bot heard of as a maker is what the taker got.
        let sold = text.split(separator: "\n").filter { $0.hasPrefix("fill") }.compactMap { line -> UInt64? in
            let words = line.split(separator: " ")
            return words.count > 4 ? UInt64(words[4]) : nil
        }
        #expect(sold.reduce(0, +) == filled, "\(text)")
    }
}
