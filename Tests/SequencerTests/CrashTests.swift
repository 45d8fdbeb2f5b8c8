import Engine
import Foundation
import Proof
import Rollup
import Signing
import Testing

@testable import Sequencer

/// Kills a node with SIGKILL at random instants, many times, and looks whether it kept its promises.
@Suite(.serialized) struct CrashTests {
    /// Envelopes sent and not answered yet, at most.
    private static let inFlightMax = 60

    /// A client that resends everything unanswered after each crash, as bots do.
    private struct Client {
        var random: SplitMix64
        var nonce: UInt64
        /// In order of first sending.
        var unanswered: [(nonce: UInt64, envelope: [UInt8])] = []
        /// What was acknowledged as admitted, by nonce.
        var admitted: [UInt64: CrashedNode.Answer] = [:]
        var envelopes: [UInt64: [UInt8]] = [:]
        /// Refused because an answer was lost in a crash.
        var repeated: Set<UInt64> = []

        init(seed: UInt64) {
            random = SplitMix64(state: seed)
            nonce = SystemClock.nowMs()
        }

        mutating func sendFresh(_ node: CrashedNode) {
            nonce += 1
            let envelope = TestMarket.randomEnvelope(nonce: nonce, using: &random)
            unanswered.append((nonce, envelope))
            envelopes[nonce] = envelope
            _ = node.send(kind: 1, envelope)
        }

        /// Takes in an answer; false when the child is gone.
        mutating func receive(_ node: CrashedNode) -> Bool {
            guard let answer = node.nextAnswer() else { return false }
            if answer.code == 0 {
                if let before = admitted[answer.nonce] { Issue.record("nonce \(answer.nonce) was admitted twice: \(before), \(answer)") }
                admitted[answer.nonce] = answer
            } else if answer.code == RejectCode.nonceRepeated.rawValue || answer.code == RejectCode.nonceBelowRemembered.rawValue {
                repeated.insert(answer.nonce)
            } else {
                Issue.record("nonce \(answer.nonce): code \(answer.code)")
            }
            unanswered.removeAll { $0.nonce == answer.nonce }
            return true
        }

        /// Resends what has no answer, then keeps the node busy until it answered `count` times or died.
        mutating func trade(_ node: CrashedNode, answers count: Int) -> Bool {
            for (_, envelope) in unanswered { _ = node.send(kind: 1, envelope) }
            for _ in 0..<count {
                while unanswered.count < CrashTests.inFlightMax { sendFresh(node) }
                guard receive(node) else { return false }
            }
            return true
        }
    }

    private static var inbox: [UInt8] {
        TestMarket.inbox.flatMap { message in withUnsafeBytes(of: message) { Array($0) } }
    }

    @Test(.timeLimit(.minutes(5))) func everyAcknowledgedCommandSurvivesAndNoneTwice() throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = UInt64(environment["MEMEX_SEED"] ?? "") ?? UInt64.random(in: 0...(.max))
        let crashes = Int(environment["MEMEX_CRASHES"] ?? "") ?? 40
        print("seed \(seed), \(crashes) crashes")
        let directory = try TestDirectory()
        var random = SplitMix64(state: seed ^ 1)
        var client = Client(seed: seed)
        for crash in 0..<crashes {
            let node = try CrashedNode(directory: directory.path)
            _ = node.send(kind: 2, Self.inbox)
            if crash % 4 == 3 {
                // Any instant of start-up, recovery and trading: the kernel's timer picks it.
                let delay = UInt32.random(in: 0..<300_000, using: &random)
                let processId = node.process.processIdentifier
                let killer = Thread {
                    usleep(delay)
                    kill(processId, SIGKILL)
                }
                killer.start()
                let isAlive = client.trade(node, answers: .max)
                #expect(!isAlive)
            } else {
                let isAlive = client.trade(node, answers: Int.random(in: 1...400, using: &random))
                if !isAlive { Issue.record("crash \(crash), seed \(seed): the node died by itself") }
                node.kill()
                // What was written before the kill is still in the pipe and counts as acknowledged.
                while client.receive(node) {}
            }
            let end = node.wait()
            if end.status != SIGKILL { Issue.record("crash \(crash), seed \(seed): status \(end.status), \(end.errors)") }
            if !end.errors.isEmpty { print(end.errors) }
        }
        // The last run ends gracefully.
        let node = try CrashedNode(directory: directory.path)
        _ = node.send(kind: 2, Self.inbox)
        var isAlive = client.trade(node, answers: 50)
        // On a busy machine the kills may have come before any checkpoint was whole; this run goes on until there are, and their rows gone.
        let checkpoints = DataDirectory(path: directory.path).checkpoints
        while isAlive, try !CheckpointTests.isFolded(checkpoints) { isAlive = client.trade(node, answers: 50) }
        isAlive = isAlive && client.trade(node, answers: 400)
        while isAlive && !client.unanswered.isEmpty { isAlive = client.receive(node) }
        #expect(isAlive)
        try node.finish()
        let end = node.wait()
        #expect(end.status == 0, "\(end.errors)")
        try verify(directory.path, client, seed: seed)
        // Recovery did go through checkpoints, and their rows left the journal.
        #expect(try CheckpointTests.isFolded(checkpoints))
        let journal = try Journal(
            path: DataDirectory(path: directory.path).journal, durability: .process,
            deployment: DeploymentIdentity(chainId: 31337, rollup: Address(), genesis: Hash256()))
        var firstRow: Int64 = 0
        try journal.replay { row, _ in if firstRow == 0 { firstRow = row } }
        #expect(firstRow > 1)
    }

    /// Compares the chain on disk with what the client was told, and re-executes it without interruption.
    private func verify(_ path: String, _ client: Client, seed: UInt64) throws {
        let deployment = DeploymentIdentity(chainId: 31337, rollup: Address(), genesis: Hash256())
        let store = try ChainStore(path: DataDirectory(path: path).chain, durability: .process, deployment: deployment)
        let producer = BlockProducer(try HostedExchange(), sequence: 0)
        let tree = try StateTree()
        var messages = TestMarket.inbox[...]
        var seen: [UInt64: (block: UInt64, position: UInt32, sequence: UInt64)] = [:]
        var spare = SealJob()
        var parent = Hash256.zero
        let last = try store.lastBlockNumber()
        for number in 1...last {
            let stored = try #require(try store.block(number))
            let header = stored.block.header
            try #require(header.parentHash == parent)
            parent = header.hash
            let domain = SigningDomain(chainId: 31337, rollup: Address())
            if number % 50 == 1 { #expect(header.isSigned(by: TestMarket.key.address, stored.block.signature, in: domain)) }
            let consumed = messages.prefix(Int(stored.block.messageCount))
            messages = messages.dropFirst(consumed.count)
            producer.openBlock(BlockOpening(number: number, timeMs: header.timeMs, l1Origin: header.l1Origin), messages: consumed)
            var position: UInt32 = 0
            stored.block.envelopes.forEach { envelope in
                if let before = seen[envelope.nonce] {
                    Issue.record("nonce \(envelope.nonce) in block \(number) and before at \(before), seed \(seed)")
                }
                if client.envelopes[envelope.nonce] != Array(envelope.bytes) {
                    Issue.record("nonce \(envelope.nonce): other bytes than were sent, seed \(seed)")
                }
                let code = producer.execute(envelope.bytes)
                if code != .none { Issue.record("block \(number) holds a batch that is refused: \(code), seed \(seed)") }
                seen[envelope.nonce] = (number, position, producer.sequence)
                position += 1
            }
            let job = producer.closeBlock(replacingWith: spare)
            job.withCells { tree.apply(cells: $0, $1) }
            try #require(tree.root() == header.stateRoot, "block \(number) of \(last), seed \(seed)")
            try #require(job.sequence == stored.sequence)
            job.removeAll()
            spare = job
        }
        #expect(messages.isEmpty)
        for (nonce, answer) in client.admitted {
            guard let place = seen[nonce] else {
                Issue.record("nonce \(nonce) was acknowledged and is lost: \(answer), seed \(seed)")
                continue
            }
            #expect(place == (answer.block, answer.position, answer.sequence), "nonce \(nonce), seed \(seed)")
        }
        for nonce in client.repeated where seen[nonce] == nil {
            Issue.record("nonce \(nonce) was refused as known but is in no block, seed \(seed)")
        }
        #expect(seen.count == client.admitted.count + client.repeated.subtracting(client.admitted.keys).count)
        try verifyBatches(store, lastBlock: last)
        print("\(last) blocks, \(seen.count) batches admitted, \(client.repeated.count) answers lost in crashes")
    }

    /// Batches cover the blocks from 1 on without gap, and end in the roots of their last blocks.
    private func verifyBatches(_ store: ChainStore, lastBlock: UInt64) throws {
        var next: UInt64 = 1
        var inbox: UInt64 = 0
        let batches = try store.batches(from: 0, countMax: .max)
        #expect(!batches.isEmpty)
        for (number, batch) in batches.enumerated() {
            #expect(batch.number == UInt64(number))
            #expect(batch.firstBlock == next)
            #expect(batch.inboxStart == inbox)
            let block = try #require(try store.block(batch.lastBlock))
            #expect(batch.stateRoot == block.block.header.stateRoot)
            #expect(batch.inboxEnd == block.block.header.inboxCursor)
            #expect(batch.bytes.count <= BatchFormat.bytesMax)
            next = batch.lastBlock + 1
            inbox = batch.inboxEnd
        }
        #expect(next <= lastBlock + 1)
    }
}
