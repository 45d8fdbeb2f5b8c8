import Engine
import Proof
import Rollup
import Testing

@testable import Sequencer

/// What must hold of the files of a node that was killed and came back, against what its client was told.
enum CrashVerification {
    static let deployment = DeploymentIdentity(chainId: 31337, rollup: Address(), genesis: Hash256())

    /// What `CrashNode` runs with, where it matters.
    static func configuration(_ path: String, eventLogBytes: Int = 1 << 20) throws -> SequencerConfiguration {
        var configuration = SequencerConfiguration(
            directory: try DataDirectory(creating: path), deployment: deployment, key: TestMarket.key)
        configuration.eventLogBytes = eventLogBytes
        return configuration
    }

    /// Compares the chain on disk with what the client was told, and re-executes it without interruption.
    /// Returns how many acknowledged batches are lost, each recorded as an issue.
    @discardableResult
    static func verify(_ path: String, _ client: CrashClient, eventLogBytes: Int? = nil, seed: UInt64) throws -> Int {
        let store = try ChainStore(path: DataDirectory(path: path).chain, durability: .process, deployment: deployment)
        let producer = BlockProducer(try HostedExchange(), sequence: 0)
        let tree = try StateTree()
        var messages = CrashInbox.messages(0..<client.inboxCount)[...]
        var stream = CrashStream()
        var sessionsEnded = 0
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
            stream.note(StreamPosition(openingOf: number), producer.exchange.events)
            stored.block.envelopes.forEach { envelope in
                let code = producer.execute(envelope.bytes)
                if code != .none { Issue.record("block \(number) holds a batch that is refused: \(code), seed \(seed)") }
                let position = producer.lastPosition
                stream.note(StreamPosition(block: number, batch: position), producer.exchange.events)
                guard !envelope.isUnsigned else {
                    sessionsEnded += 1
                    return
                }
                if let before = seen[envelope.nonce] {
                    Issue.record("nonce \(envelope.nonce) in block \(number) and before at \(before), seed \(seed)")
                }
                if client.envelopes[envelope.nonce] != Array(envelope.bytes) {
                    Issue.record("nonce \(envelope.nonce): other bytes than were sent, seed \(seed)")
                }
                seen[envelope.nonce] = (number, position, producer.sequence)
            }
            let job = producer.closeBlock(replacingWith: spare)
            job.withCells { tree.apply(cells: $0, $1) }
            try #require(tree.root() == header.stateRoot, "block \(number) of \(last), seed \(seed)")
            try #require(job.sequence == stored.sequence)
            job.removeAll()
            spare = job
        }
        #expect(messages.isEmpty, "seed \(seed)")
        var lost = 0
        for (nonce, answer) in client.admitted {
            guard let place = seen[nonce] else {
                lost += 1
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
        print(
            "\(last) blocks, \(seen.count) batches admitted, \(sessionsEnded) sessions ended, \(client.inboxCount) messages from L1, "
                + "\(client.repeated.count) answers lost in crashes")
        if let eventLogBytes {
            let count = try stream.verify(configuration(path, eventLogBytes: eventLogBytes), seed: seed)
            print("the log tells the last \(count) of \(stream.things.count) openings and batches")
        }
        return lost
    }

    /// Batches cover the blocks from 1 on without gap, and end in the roots of their last blocks.
    private static func verifyBatches(_ store: ChainStore, lastBlock: UInt64) throws {
        var next: UInt64 = 1
        var inbox: UInt64 = 0
        let batches = try store.batches(from: 0, countMax: .max)
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
