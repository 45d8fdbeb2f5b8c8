import ArgumentParser
import Engine
import Foundation
import Logging
import SeededRandom
import Sequencer
import Signing

/// `memex-load journal`: how long a node takes to start behind a long journal.
struct JournalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal",
        abstract: "Measure a start: write a journal of many commands without any checkpoint, then recover from it.",
        discussion: """
            The journal is written by the executor itself, from envelopes whose signatures nobody checks. The state that it stopped with is compared with \
            the recovered one. Files lie in --data and are left there; a second run with --reuse only recovers.
            Example: memex-load journal --commands 10000000 --batch 1 --data /tmp/journal
            """)

    @Option(help: "Commands in the journal.")
    var commands = 10_000_000
    @Option(help: "Commands under one signature.")
    var batch = 1
    @Option(help: "Accounts that trade.")
    var accounts = 1000
    @Option(help: "Percent of the commands that cancel; the others place.")
    var cancelPercent = 40
    @Option(help: "Seed of the commands.")
    var seed: UInt64 = 1
    @Option(help: "Directory of the node's files.")
    var data: String
    @Flag(help: "Recover from the files that are there.")
    var reuse = false
    @Option(
        help:
            "Milliseconds between checkpoints while the journal is written, to see what they cost; all are removed before the start. 0: none."
    )
    var checkpointIntervalMs: UInt64 = 0
    @Option(help: "Where to write the result.")
    var json: String?

    func validate() throws {
        guard commands > 0, (1...512).contains(batch), accounts > 1, (0...90).contains(cancelPercent) else {
            throw ValidationError("--commands and --accounts must be above 1, --batch 1 to 512, --cancel-percent 0 to 90.")
        }
    }

    func run() throws {
        var configuration = SequencerConfiguration(
            directory: try DataDirectory(creating: data), deployment: DeploymentIdentity(chainId: 1, rollup: Address(), genesis: Hash256()),
            key: try PrivateKey(hex: String(repeating: "11", count: 32)))
        configuration.checkpointIntervalMs = checkpointIntervalMs > 0 ? checkpointIntervalMs : .max / 2
        configuration.executor.inboxMessagesMax = 3 + 2 * accounts
        // Else rows would go from the journal.
        configuration.incrementsMax = .max / 2
        var logger = Logger(label: "journal") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .info
        if !reuse {
            let started = ContinuousClock.now
            try write(configuration, logger)
            print("written in \(Self.seconds(started.duration(to: .now))) s")
        }
        // The last checkpoint is the one of the graceful end: without it, everything lies behind genesis.
        for file in try FileManager.default.contentsOfDirectory(atPath: configuration.directory.checkpoints) {
            try FileManager.default.removeItem(atPath: configuration.directory.checkpoints + "/" + file)
        }
        let started = ContinuousClock.now
        let node = try Sequencer(configuration, logger: logger)
        let seconds = Self.seconds(started.duration(to: .now))
        let head = node.shared.sealedHead
        let bytes = try FileManager.default.attributesOfItem(atPath: configuration.directory.journal)[.size] as? Int ?? 0
        print("recovered to block \(head.number), root \(head.stateRoot), in \(seconds) s; journal of \(bytes >> 20) MiB")
        guard let json else { return }
        let object: [String: Any] = [
            "commands": commands, "batch": batch, "seconds": seconds, "commandsPerSecond": Double(commands) / seconds,
            "journalBytes": bytes,
            "blocks": head.number, "stateRoot": "\(head.stateRoot)",
        ]
        try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]).write(to: URL(fileURLWithPath: json))
    }

    private static func seconds(_ duration: Duration) -> Double { Double(Int(duration / .milliseconds(1))) / 1000 }

    // MARK: Writing

    private func write(_ configuration: SequencerConfiguration, _ logger: Logger) throws {
        let node = try Sequencer(configuration, logger: logger)
        try node.start()
        let drain = Thread {
            while !Thread.current.isCancelled { if !node.ports[0].fromExecutor.read({ _ in }) { usleep(200) } }
        }
        drain.start()
        precondition(node.inbox.push(Self.inbox(accounts), first: 0, l1Block: 1))
        while node.inbox.nextIndex < 3 + 2 * UInt64(accounts) || node.shared.statistics.deposits.value < 2 * UInt64(accounts) {
            usleep(1000)
        }
        var flow = JournalFlow(accounts: accounts, batch: batch, cancelPercent: cancelPercent, seed: seed)
        var written = 0
        while written < commands {
            let envelope = flow.envelope()
            while !node.ports[0].toExecutor.tryWrite(
                kind: RingRecord.ToExecutor.commands, session: 1, tag: 0, bodyBytes: envelope.count,
                { body in envelope.withUnsafeBytes { body.copyMemory(from: $0.baseAddress!, byteCount: $0.count) } })
            {
                node.ports[0].toExecutor.commit()
                node.shared.executorParker.wake()
                usleep(50)
            }
            written += batch
            if flow.envelopes & 31 == 0 { node.ports[0].toExecutor.commit() }
        }
        node.ports[0].toExecutor.commit()
        while node.shared.statistics.batchesAdmitted.value + node.shared.statistics.batchesRefused.value < UInt64(flow.envelopes) {
            node.shared.executorParker.wake()
            usleep(1000)
        }
        try node.stop()
        drain.cancel()
        let statistics = node.shared.statistics
        print(
            "\(statistics.commands.value) commands in \(statistics.batchesAdmitted.value) batches (\(statistics.batchesRefused.value) refused, "
                + "\(statistics.commandsRejected.value) commands rejected), \(statistics.fills.value) fills, block \(node.shared.sealedHead.number); "
                + "\(statistics.checkpoints.value) checkpoints took the sealer \(statistics.checkpointMicroseconds.value / 1000) ms, at most "
                + "\(statistics.checkpointSliceMicrosecondsMax.value) us without a break")
    }

    private static func inbox(_ accounts: Int) -> [InboxMessage] {
        var shape = Hash256(integer: 2 | 1 << 32)
        shape.word2 = (UInt64(1) << 8 | UInt64(5) << 24).byteSwapped
        var messages = [
            InboxMessage(kind: InboxMessage.Kind.tokenListed, a: Hash256(), b: 1, c: Hash256(integer: 9 | 9 << 8)),
            InboxMessage(
                kind: InboxMessage.Kind.tokenListed, a: Hash256(address: JournalFlow.owner(9999)), b: 2, c: Hash256(integer: 6 | 12 << 8)),
            InboxMessage(kind: InboxMessage.Kind.marketListed, a: Hash256(address: JournalFlow.owner(9999)), b: 1, c: shape),
        ]
        for account in 0..<accounts {
            for token: UInt64 in 1...2 {
                messages.append(
                    InboxMessage(
                        kind: InboxMessage.Kind.deposit, a: Hash256(address: JournalFlow.owner(account)), b: token,
                        c: Hash256(integer: (1 << 62) / UInt64(accounts))))
            }
        }
        return messages
    }
}

/// Envelopes of random accounts that place around one price, about a quarter of them crossing, and cancel what they placed a while ago.
private struct JournalFlow {
    private(set) var envelopes = 0
    private let accounts: Int
    private let batch: Int
    private let cancelPercent: Int
    private var random: SeededGenerator
    private let startMs = UInt64(Date().timeIntervalSince1970 * 1000) - 3_600_000
    /// Client order id that each account uses next, and the oldest it has not cancelled.
    private var next: [UInt64]
    private var oldest: [UInt64]
    private var bytes: [UInt8] = []

    init(accounts: Int, batch: Int, cancelPercent: Int, seed: UInt64) {
        self.accounts = accounts
        self.batch = batch
        self.cancelPercent = cancelPercent
        random = SeededGenerator(seed: seed)
        next = Array(repeating: 1, count: accounts)
        oldest = next
    }

    static func owner(_ account: Int) -> Address {
        withUnsafeBytes(of: Hash256(integer: UInt64(account))) { number in
            withUnsafeBytes(of: Keccak256.hash(number)) { Address(loadingFrom: $0.baseAddress!) }
        }
    }

    private let firstCode = PriceCode.code(mantissa: 50_000, exponent: 21)

    mutating func envelope() -> [UInt8] {
        let account = Int.random(in: 0..<accounts, using: &random)
        bytes.removeAll(keepingCapacity: true)
        withUnsafeBytes(of: Self.owner(account)) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: startMs + UInt64(envelopes) / 8) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: [UInt8](repeating: 7, count: 64))
        for _ in 0..<batch { append(command(account)) }
        envelopes += 1
        return bytes
    }

    private mutating func command(_ account: Int) -> Command {
        let dice = Int.random(in: 0..<100, using: &random)
        if next[account] - oldest[account] > 40 || dice < cancelPercent && next[account] - oldest[account] > 8 {
            oldest[account] += 1
            return .cancelByClientId(market: 1, clientOrderId: oldest[account] - 1)
        }
        let isBuy = account & 1 == 0
        let distance = UInt32.random(in: 0..<400, using: &random)
        next[account] += 1
        return .place(
            market: 1, side: isBuy ? .buy : .sell, timeInForce: .goodTilCancelled,
            priceCode: isBuy ? firstCode + 100 - distance : firstCode - 100 + distance, lots: UInt64.random(in: 1...100, using: &random),
            clientOrderId: next[account] - 1)
    }

    private mutating func append(_ command: Command) {
        withUnsafeTemporaryAllocation(byteCount: Command.bytesMax, alignment: 8) { scratch in
            let count = command.encode(to: scratch.baseAddress!)
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: scratch[..<count]))
        }
    }
}
