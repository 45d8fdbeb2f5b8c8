import BigInt
import Engine
import Foundation
import Logging
import Proof
import Rollup
import Signing
import Testing

@testable import Settlement

/// The whole way of money through L1: in by a deposit, out by a withdrawal, by an exit and by a refund, all against the real contract.
@Suite(.enabled(if: Devnet.isInstalled, "run Deploy/setup first"), .serialized) struct DevnetTests {
    @Test(.timeLimit(.minutes(15))) func `money comes in, trades, and leaves in every way`() async throws {
        let devnet = try await Devnet()
        let deployment = try await devnet.deploy(challengeWindow: 20, deadline: 300)
        let contract = try await deployment.contract(through: devnet.client)
        let trader = devnet.keys[5]
        let sender = try await devnet.sender(trader)
        let sequencer = try SmallSequencer(key: devnet.keys[1], deployment: deployment)
        let watcher = InboxWatcher(
            source: contract, nextIndex: 0, deployedAtBlock: deployment.deployedAtBlock, configuration: .unconfirmed,
            logger: Logger(label: "test"))
        let poster = Poster(
            store: sequencer, chain: L1PostingChain(contract: contract, key: devnet.keys[1], chainId: deployment.chainId),
            logger: Logger(label: "test"))

        // What the contract says of itself.
        let parameters = try await contract.parameters()
        #expect(parameters.sequencer == devnet.keys[1].address)
        #expect(parameters.challengeWindow == 20)
        #expect(parameters.governor == .zero && parameters.governanceDelay == 30 * 86_400 + 20 + 300 + 300)
        #expect(try await contract.proposals(since: deployment.deployedAtBlock).isEmpty)
        #expect(try await contract.feeTier(owner: trader.address) == 0)
        let tokens = try await contract.tokens()
        #expect(tokens.map(\.symbol).prefix(2) == ["ETH", "USDX"])
        let markets = try await contract.markets()
        #expect(markets.count == 2)

        // Refusals carry the contract's reason.
        await #expect(throws: EthereumError.reverted(reason: "halting: not halted", data: Self.revert("halting: not halted"))) {
            _ = try await sender.execute(.refundDeposit(index: 0, owner: trader.address, token: 1, atoms: 1), on: contract.address)
        }
        await #expect(throws: EthereumError.self) {
            _ = try await sender.execute(.depositEth(wei: 1, owner: trader.address), on: contract.address)
        }

        // Deposits of ETH and of a token.
        let gwei = BigUInt(1_000_000_000)
        let receipt = try await sender.execute(.depositEth(wei: 7_000 * gwei, owner: trader.address), on: contract.address)
        let events = try receipt.logs.compactMap { try RollupEvent($0) }
        #expect(events.contains(.deposited(index: UInt64(tokens.count + markets.count), owner: trader.address, token: 1, atoms: 7_000)))
        let usd = tokens[1]
        let token = ERC20(client: devnet.client, address: usd.l1Address)
        let units = TokenAmount.l1Units(atoms: 5_000_000, unitExponent: usd.unitExponent)
        _ = try await sender.execute(to: usd.l1Address, data: ABI.call("mint(address,uint256)", [.address(trader.address), .uint(units)]))
        _ = try await sender.execute(to: usd.l1Address, data: ERC20.approve(spender: contract.address, units: units))
        #expect(try await token.allowance(owner: trader.address, spender: contract.address) == units)
        _ = try await sender.execute(.deposit(token: usd.id, units: units, owner: trader.address), on: contract.address)
        #expect(try await token.balance(of: trader.address) == 0)

        // The exchange consumes them; an order rests, a part is withdrawn.
        var messages: [InboxMessage] = []
        while messages.count < tokens.count + markets.count + 2 { messages += try await watcher.poll()?.messages ?? [] }
        try await sequencer.seal(messages: messages, timeMs: Self.now(devnet))
        let order = Command.place(
            market: 1, side: .buy, timeInForce: .goodTilCancelled, priceCode: try PriceCode.parse("0.0000000012"), lots: 1, clientOrderId: 1
        )
        try await sequencer.seal(
            messages: [], commands: [order, .withdraw(token: 1, atoms: 2_000), .withdraw(token: 1, atoms: 500)], by: trader,
            timeMs: Self.now(devnet))
        #expect(await sequencer.balance(of: trader.address, token: usd.id)?.locked != 0)
        try await poster.finish()
        #expect(await sequencer.milestones == [0: .claimed, 1: .claimed])

        // A deposit that no claimed batch consumes.
        let late = try await sender.execute(.depositEth(wei: 30 * gwei, owner: trader.address), on: contract.address)
        #expect(late.succeeded)

        // The state from L1 alone, through a checkpoint.
        let reader = L1Reader(contract: contract, deployedAtBlock: deployment.deployedAtBlock)
        let history = try await reader.history()
        #expect(history.batches.count == 2)
        let domain = SigningDomain(chainId: deployment.chainId, rollup: deployment.rollup)
        let first = try Rebuild(domain: domain)
        try await first.advance(to: 1, history: history, reader: reader)
        let folder = FileManager.default.temporaryDirectory.appending(path: "memex-rebuild-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await first.write(to: folder, deployment: deployment)
        let rebuilt = try Rebuild.read(from: folder, deployment: deployment)
        try await rebuilt.advance(to: 2, history: history, reader: reader)
        #expect(await rebuilt.stateRoot == sequencer.stateRoot)

        // The withdrawals, once final, once, both at once; one of them alone before.
        let withdrawals = await rebuilt.withdrawals(ids: rebuilt.withdrawalIds(of: trader.address))
        #expect(withdrawals.map(\.atoms) == [2_000, 500])
        let ids = withdrawals.map(\.id)
        #expect(ids == [.record(1), .record(2)])
        let many = RollupCall.payMany(batch: 1, payouts: withdrawals.reversed())
        await #expect(throws: EthereumError.self) { _ = try await sender.execute(many, on: contract.address) }
        try await devnet.move(seconds: 21)
        #expect(try await contract.paid(of: ids) == [])
        let before = try await devnet.client.balance(of: trader.address)
        let helper = try await devnet.sender(devnet.keys[6])
        _ = try await helper.execute(withdrawals[1].call(batch: 1), on: contract.address)
        #expect(try await contract.paid(of: ids) == [ids[1]])
        let both = try await helper.execute(many, on: contract.address)
        #expect(try await devnet.client.balance(of: trader.address) == before + 2_500 * gwei)
        let outcome = try both.logs.compactMap { try RollupEvent($0) }
        #expect(
            outcome == [
                .withdrawn(id: 1, owner: trader.address, token: 1, atoms: 2_000), .skipped(ids[1]),
            ])
        #expect(try await contract.paid(of: ids) == Set(ids))
        await #expect(throws: EthereumError.reverted(reason: "payouts: already paid", data: Self.revert("payouts: already paid"))) {
            _ = try await helper.execute(withdrawals[0].call(batch: 1), on: contract.address)
        }
        await #expect(throws: EthereumError.reverted(reason: "payouts: nothing was paid", data: Self.revert("payouts: nothing was paid"))) {
            _ = try await helper.execute(many, on: contract.address)
        }
        // Bonds come back.
        while try await contract.claim(1).bond != 0 {
            _ = try await poster.step()
            try await Task.sleep(for: .milliseconds(50))
        }

        // The operator is gone: halt, exit with the resting order, refund.
        await #expect(throws: EthereumError.self) { _ = try await helper.execute(.halt(), on: contract.address) }
        try await devnet.move(seconds: 301)
        _ = try await helper.execute(.halt(), on: contract.address)
        while try await poster.step() != .halted { try await Task.sleep(for: .milliseconds(50)) }
        let balances = await rebuilt.balances(of: trader.address)
        #expect(balances.map(\.token) == [1, usd.id])
        #expect(balances.map(\.atoms) == [4_500, 5_000_000])
        let wei = try await devnet.client.balance(of: trader.address)
        _ = try await helper.execute(.payMany(batch: 1, payouts: balances), on: contract.address)
        #expect(try await devnet.client.balance(of: trader.address) == wei + 4_500 * gwei)
        #expect(try await token.balance(of: trader.address) == units)
        for payout in balances {
            await #expect(throws: EthereumError.self) { _ = try await helper.execute(payout.call(batch: 1), on: contract.address) }
        }
        let refunds = history.deposits(of: trader.address, notConsumedBy: history.progress.claimCount)
        #expect(refunds.map(\.atoms) == [30])
        _ = try await helper.execute(try #require(refunds.first).refund, on: contract.address)
        #expect(try await devnet.client.balance(of: trader.address) == wei + 4_530 * gwei)
        // Nothing is left but what belongs to nobody here.
        #expect(try await contract.heldAtoms(token: 1) == 0)
        #expect(try await contract.heldAtoms(token: usd.id) == 0)
    }

    @Test(.timeLimit(.minutes(15))) func `a false claim is found, and wrong chains and addresses are refused`() async throws {
        let devnet = try await Devnet()
        let deployment = try await devnet.deploy(challengeWindow: 20, deadline: 300)
        let contract = try await deployment.contract(through: devnet.client)
        let sequencer = try SmallSequencer(key: devnet.keys[1], deployment: deployment)
        let poster = Poster(
            store: sequencer, chain: L1PostingChain(contract: contract, key: devnet.keys[1], chainId: deployment.chainId),
            logger: Logger(label: "test"))
        let reader = L1Reader(contract: contract, deployedAtBlock: deployment.deployedAtBlock)
        let messages = try await reader.history().messages
        try await sequencer.seal(messages: messages, timeMs: Self.now(devnet))
        await sequencer.lie()
        try await poster.finish()
        let rebuild = try Rebuild(domain: SigningDomain(chainId: deployment.chainId, rollup: deployment.rollup))
        let history = try await reader.history()
        await #expect(throws: RebuildError.self) { try await rebuild.advance(to: 1, history: history, reader: reader) }

        var other = deployment
        other.chainId += 1
        await #expect(throws: EthereumError.wrongChain(expected: other.chainId, actual: other.chainId - 1)) {
            _ = try await other.contract(through: devnet.client)
        }
        other = deployment
        other.rollup = devnet.keys[9].address
        await #expect(throws: EthereumError.noContract(other.rollup)) { _ = try await other.contract(through: devnet.client) }
        // A contract that is another one.
        let token = try await contract.tokens()[1].l1Address
        other.rollup = token
        await #expect(throws: EthereumError.otherContract(token, function: "halted_at()")) {
            _ = try await other.contract(through: devnet.client).progress()
        }
        other = deployment
        other.deployedAtBlock = 1_000_000_000
        await #expect(throws: EthereumError.noDeploymentBlock(1_000_000_000)) { _ = try await other.block(through: devnet.client) }
        let nobody = EthereumClient(url: try #require(URL(string: "http://127.0.0.1:1")), attempts: 2)
        await #expect(throws: EthereumError.self) { _ = try await nobody.chainId() }
    }

    /// L1 time in milliseconds, near which the contract wants block times.
    private static func now(_ devnet: Devnet) async throws -> UInt64 { try await devnet.client.latestBlock().timestamp * 1_000 }

    private static func revert(_ reason: String) -> [UInt8] { [0x08, 0xC3, 0x79, 0xA0] + ABI.encode([.string(reason)]) }
}

extension Poster {
    /// Steps until all is posted and claimed.
    func finish() async throws {
        while try await step() != .idle { try await Task.sleep(for: .milliseconds(50)) }
    }
}

extension InboxWatcher.Configuration {
    /// Takes messages from the newest block on.
    static var unconfirmed: Self {
        var configuration = Self()
        configuration.confirmations = 0
        return configuration
    }
}
