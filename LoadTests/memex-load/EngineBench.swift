import ArgumentParser
import Engine
import Foundation
import Gateway
import Proof
import SeededRandom

/// `memex-load engine`: the transition alone, on one core, with no signatures, sockets or disk.
struct EngineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine",
        abstract: "Measure the engine alone: decode, nonce, balances, fees, matching, events, dirty marks.",
        discussion: "Example: memex-load engine --commands 2000000 --json engine.json")

    @Option(help: "Commands to apply, after a warm-up of a tenth of them.")
    var commands = 2_000_000
    @Option(help: "Accounts that trade.")
    var accounts = 100
    @Option(help: "Commands under one signature.")
    var batch = 1
    @Option(help: "Seed of the stream.")
    var seed: UInt64 = 1
    @Option(help: "Where to write the result.")
    var json: String?

    func validate() throws {
        guard commands > 0, accounts >= 2 else { throw ValidationError("--commands must be above 0, --accounts at least 2.") }
        guard (1...Layout.commandsPerPayloadMax).contains(batch) else {
            throw ValidationError("--batch must lie between 1 and \(Layout.commandsPerPayloadMax).")
        }
    }

    func run() throws {
        var stream = try EngineStream(accounts: accounts, batch: batch, seed: seed)
        stream.apply(commands: commands / 10)
        let payloads = stream.prepare(commands: commands)
        let start = MonotonicClock.nanoseconds()
        stream.apply(payloads)
        let seconds = Double(MonotonicClock.nanoseconds() - start) / 1e9
        let perSecond = Double(payloads.commandCount) / seconds
        let hash = stream.stateHash
        print(
            "engine: \(Int(perSecond)) commands/s on one core (\(payloads.commandCount) commands, \(batch) a batch, \(accounts) accounts, "
                + "\(stream.fillCount) fills, \(stream.openOrderCount) resting, hash \(String(hash, radix: 16)))")
        guard let json else { return }
        let object: [String: Any] = [
            "engineCommandsPerSecond": perSecond, "commands": payloads.commandCount, "fills": stream.fillCount,
            "resting": stream.openOrderCount, "hash": String(hash, radix: 16),
        ]
        try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]).write(to: URL(fileURLWithPath: json))
    }
}

/// A seeded stream of orders and cancels over one exchange.
private struct EngineStream {
    /// Payloads of equal command counts, end to end, with their signers.
    struct Payloads {
        var bytes: [UInt8] = []
        var ends: [Int] = []
        var signers: [Address] = []
        var commandCount = 0
    }

    private let host: HostedExchange
    private let owners: [Address]
    private let batch: Int
    private var random: SeededGenerator
    private var nonce: UInt64 = 1_790_000_000_000
    private var clientOrderIds: [[UInt64]]
    private var lastClientOrderIds: [UInt64]
    private(set) var fillCount: UInt64 = 0

    init(accounts: Int, batch: Int, seed: UInt64) throws {
        host = try HostedExchange()
        self.batch = max(1, min(batch, Layout.commandsPerPayloadMax))
        random = SeededGenerator(seed: seed)
        clientOrderIds = Array(repeating: [], count: accounts)
        lastClientOrderIds = Array(repeating: 0, count: accounts)
        owners = (0..<accounts).map { number in
            withUnsafeBytes(of: Keccak256.hash64Integer(UInt64(number))) { Address(loadingFrom: $0.baseAddress!) }
        }
        host.exchange.beginBlock(number: 1, timeMs: nonce)
        consume(InboxMessage.Kind.tokenListed, a: Hash256(), b: 1, c: 9 | 9 << 8)
        consume(InboxMessage.Kind.tokenListed, a: Hash256(address: owners[0]), b: 2, c: 6 | 12 << 8)
        var shape = Hash256(integer: 2 | 1 << 32)
        shape.word2 = (UInt64(3) | 1 << 8 | 5 << 24).byteSwapped
        host.exchange.consume(InboxMessage(kind: InboxMessage.Kind.marketListed, a: Hash256(address: owners[0]), b: 1, c: shape))
        for owner in owners {
            consume(InboxMessage.Kind.deposit, a: Hash256(address: owner), b: 1, c: 1 << 54)
            consume(InboxMessage.Kind.deposit, a: Hash256(address: owner), b: 2, c: 1 << 54)
        }
        host.exchange.clearEvents()
    }

    private func consume(_ kind: UInt64, a: Hash256, b: UInt64, c: UInt64) {
        host.exchange.consume(InboxMessage(kind: kind, a: a, b: b, c: Hash256(integer: c)))
    }

    var openOrderCount: Int { Int(host.exchange.header.openOrderCount) }

    /// A value that depends on every balance: the same on every machine for the same options.
    var stateHash: UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for account in 1...UInt32(owners.count) {
            for token in UInt32(1)...2 {
                let balance = host.exchange.balance(account: account, token: token)
                hash = (hash ^ (balance?.free ?? 0)) &* 0x100_0000_01B3
                hash = (hash ^ (balance?.locked ?? 0)) &* 0x100_0000_01B3
            }
        }
        return hash
    }

    mutating func apply(commands: Int) { apply(prepare(commands: commands)) }

    /// 45 % limit orders near the middle, 45 % cancels of own orders, 10 % immediate-or-cancel.
    mutating func prepare(commands: Int) -> Payloads {
        var payloads = Payloads()
        payloads.bytes.reserveCapacity(commands * 24)
        let middle = Int(PriceCode.code(mantissa: 12_500, exponent: 21))
        withUnsafeTemporaryAllocation(byteCount: Command.bytesMax, alignment: 8) { scratch in
            while payloads.commandCount < commands {
                let trader = Int.random(in: 0..<owners.count, using: &random)
                for _ in 0..<batch {
                    let command = randomCommand(trader, middle)
                    let count = command.encode(to: scratch.baseAddress!)
                    payloads.bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: scratch[..<count]))
                    payloads.commandCount += 1
                }
                payloads.ends.append(payloads.bytes.count)
                payloads.signers.append(owners[trader])
            }
        }
        return payloads
    }

    private mutating func randomCommand(_ trader: Int, _ middle: Int) -> Command {
        let dice = Int.random(in: 0..<100, using: &random)
        if dice < 45, let last = clientOrderIds[trader].indices.randomElement(using: &random) {
            let id = clientOrderIds[trader][last]
            clientOrderIds[trader].swapAt(last, clientOrderIds[trader].count - 1)
            clientOrderIds[trader].removeLast()
            return .cancelByClientId(market: 1, clientOrderId: id)
        }
        let side: Side = Bool.random(using: &random) ? .buy : .sell
        let takes = dice >= 90
        let distance = takes ? -20 : Int.random(in: 0..<400, using: &random)
        lastClientOrderIds[trader] += 1
        if !takes { clientOrderIds[trader].append(lastClientOrderIds[trader]) }
        return .place(
            market: 1, side: side, timeInForce: takes ? .immediateOrCancel : .goodTilCancelled,
            priceCode: UInt32(side == .buy ? middle - distance : middle + 1 + distance), lots: UInt64.random(in: 1...100, using: &random),
            clientOrderId: takes ? 0 : lastClientOrderIds[trader])
    }

    mutating func apply(_ payloads: Payloads) {
        payloads.bytes.withUnsafeBytes { bytes in
            var start = 0
            for (index, end) in payloads.ends.enumerated() {
                nonce += 1
                let code = host.exchange.execute(
                    signer: payloads.signers[index], nonce: nonce, payload: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                precondition(code == .none, "the stream's own batch was refused: \(code)")
                start = end
                if index & 255 == 255 {
                    fillCount = host.exchange.book(1).fillCount
                    host.exchange.clearEvents()
                }
            }
            host.exchange.clearEvents()
            fillCount = host.exchange.book(1).fillCount
        }
    }
}

extension Keccak256 {
    fileprivate static func hash64Integer(_ number: UInt64) -> Hash256 {
        withUnsafeBytes(of: Hash256(integer: number)) { hash($0) }
    }
}
