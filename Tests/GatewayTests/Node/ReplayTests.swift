import Engine
import Foundation
import SeededRandom
import Sequencer
import Signing
import Testing

@testable import Gateway

/// What a subscriber who was cut off pieces together is what one saw who never was; and so are the answers to batches sent again.
@Suite(.serialized) struct ReplayTests {
    static let price = NodeTests.price

    /// Account messages that wait, in order, until the reply to a message of its own shows that no more do.
    static func drain(_ client: GatewayClient) throws -> [ServerMessage] {
        _ = try client.serverTimeMs()
        var messages: [ServerMessage] = []
        while let message = try client.receive(timeoutMs: 0) {
            if message.eventPosition != nil { messages.append(message) }
        }
        return messages
    }

    /// Reads on until the replay that was asked for is over; without its end.
    static func untilCaughtUp(_ client: GatewayClient) throws -> (messages: [ServerMessage], position: StreamPosition)? {
        var messages: [ServerMessage] = []
        while let message = try client.receive(timeoutMs: 60_000) {
            if case .caughtUp(let caughtUp) = message { return (messages, caughtUp.position) }
            if message.eventPosition != nil { messages.append(message) }
        }
        return nil
    }

    static func randomBatch(_ generator: inout SeededGenerator) -> [Command] {
        (0..<Int.random(in: 1...6, using: &generator)).map { _ in
            let side: Side = Bool.random(using: &generator) ? .buy : .sell
            let price = price + UInt32.random(in: 0...20, using: &generator)
            switch Int.random(in: 0..<10, using: &generator) {
            case 0: return .cancelAll(market: 0, sides: .both)
            case 1, 2: return NodeTests.place(side, price, UInt64.random(in: 1...9, using: &generator), .immediateOrCancel)
            default: return NodeTests.place(side, price, UInt64.random(in: 1...9, using: &generator))
            }
        }
    }

    /// Every position asked for, a replay of what came after it, exactly once and in order; then live messages go on without gap.
    @Test func replaysWhatCameAfterAPosition() throws {
        var generator = SeededGenerator(seed: 71)
        let rig = try NodeRig(ownerCount: 2)
        let trader = try rig.client()
        let owner = rig.owners[0]
        let watcher = try rig.client()
        try watcher.subscribe(.account, owner: owner.address)
        for round in 0..<200 { _ = try trader.submit(Self.randomBatch(&generator), key: rig.owners[round % 2]) }
        let seen = try Self.drain(watcher)
        #expect(seen.count > 200)
        let positions = seen.compactMap(\.eventPosition)
        #expect(zip(positions, positions.dropFirst()).allSatisfy { $0 <= $1 })

        for _ in 0..<20 {
            let after = positions[Int.random(in: 0..<positions.count, using: &generator)]
            let client = try rig.client()
            try client.subscribe(.account, owner: owner.address, after: after)
            let replay = try #require(try Self.untilCaughtUp(client))
            #expect(replay.messages == seen.filter { $0.eventPosition! > after }, "after \(after)")
            #expect(replay.position >= positions.last!)
        }
        // From the very beginning: the deposits, too.
        let all = try rig.client()
        #expect(all.hello.oldestPosition == StreamPosition(rawValue: 0))
        try all.subscribe(.account, owner: owner.address, after: all.hello.oldestPosition)
        let whole = try #require(try Self.untilCaughtUp(all))
        #expect(Array(whole.messages.dropFirst(2)) == seen)
        guard case .funds(let deposit) = whole.messages[0] else {
            Issue.record("\(whole.messages[0])")
            return
        }
        #expect(deposit.kind == .deposit && deposit.atoms == NodeRig.funds && deposit.position.place == 0)
        // And it goes on.
        _ = try trader.submit([NodeTests.place(.buy, Self.price - 50, 3)], key: owner)
        #expect(try Self.drain(all) == Self.drain(watcher))
    }

    /// Cut off at random, also by restarts of the node: the pieces make the whole, and every batch is applied once.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func piecesMakeTheWhole(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let rig = try NodeRig(ownerCount: 2)
        let owner = rig.owners[0]
        let reader = try rig.client()
        reader.reconnectsMax = 20
        try reader.subscribe(.account, owner: owner.address)
        let trader = try rig.client()
        trader.reconnectsMax = 20
        var pieced: [ServerMessage] = []
        var acks: [ServerMessage.Ack] = []
        for round in 0..<150 {
            acks.append(try trader.submit(Self.randomBatch(&generator), key: rig.owners[round % 2]))
            switch round == 75 ? 0 : Int.random(in: 1..<25, using: &generator) {
            case 0:
                try rig.restart()
                // The next submission finds the connection broken; so does the reader.
                try reader.reconnect()
            case 1...4:
                // Some of what waits is read, the rest is lost with the connection.
                for _ in 0..<Int.random(in: 0...5, using: &generator) {
                    if let message = try reader.receive(timeoutMs: 0), message.eventPosition != nil { pieced.append(message) }
                }
                try reader.reconnect()
            case 5...9: pieced += try Self.drain(reader)
            default: break
            }
        }
        pieced += try Self.drain(reader)
        let witness = try rig.client()
        try witness.subscribe(.account, owner: owner.address, after: StreamPosition(rawValue: 0))
        let whole = try #require(try Self.untilCaughtUp(witness)).messages
        // The witness heard of the deposits, too, and of the cancelling at the restarts, if any.
        #expect(pieced == Array(whole.dropFirst(2)), "seed \(seed)")
        #expect(acks.map(\.sequence) == Array(1...150), "seed \(seed)")
        let stream = acks.map(\.streamPosition)
        #expect(zip(stream, stream.dropFirst()).allSatisfy { $0 < $1 })
    }

    /// The same bytes, or the same commands signed anew, are answered as they were; others under the same nonce are refused.
    @Test func answersAgain() throws {
        var generator = SeededGenerator(seed: 72)
        let rig = try NodeRig(ownerCount: 1)
        let key = rig.owners[0]
        var client = try rig.client()
        var sent: [(message: [UInt8], ack: ServerMessage.Ack)] = []
        func answer(_ message: [UInt8]) throws -> ServerMessage? {
            try client.sendMessage(message)
            return try MarketDataTests.next(client) { message -> ServerMessage? in
                switch message {
                case .ack, .reject: message
                default: nil
                }
            }
        }
        for _ in 0..<100 {
            let message = CommandsMessage.encode(Self.randomBatch(&generator), nonce: client.nextNonce(), key: key, domain: client.domain)
            guard case .ack(let ack) = try answer(message) else {
                Issue.record("not acknowledged")
                return
            }
            sent.append((message, ack))
        }
        func again() throws {
            // More than the 64 nonces that the engine remembers.
            for (message, ack) in sent {
                guard case .ack(var repeated) = try answer(message) else {
                    Issue.record("not answered again: \(ack)")
                    return
                }
                repeated.quotaRemaining = ack.quotaRemaining
                #expect(repeated == ack)
            }
            let (message, ack) = sent[sent.count - 1]
            let other = CommandsMessage.encode([.cancelAll(market: 0, sides: .both)], nonce: ack.nonce, key: key, domain: client.domain)
            guard case .reject(let reject) = try answer(other) else {
                Issue.record("applied under a used nonce")
                return
            }
            #expect(reject.code == RejectCode.nonceRepeated.rawValue)
            guard case .ack = try answer(message) else {
                Issue.record("not answered after the refusal")
                return
            }
        }
        try again()
        try rig.restart()
        client = try rig.client()
        try again()
        #expect(try client.status().position.sequence == 100)
    }

    /// Cut off while answers are on their way: each batch is answered in the end, and applied once.
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func unansweredBatchesAreSentAgain(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let rig = try NodeRig(ownerCount: 1)
        let client = try rig.client()
        var answers: [UInt64: StreamPosition] = [:]
        var sentCount = 0
        for _ in 0..<20 {
            for _ in 0..<Int.random(in: 1...12, using: &generator) {
                try client.send(Self.randomBatch(&generator), key: rig.owners[0])
                sentCount += 1
            }
            for _ in 0..<Int.random(in: 0...12, using: &generator) {
                guard case .ack(let ack) = try client.receive(timeoutMs: 1) else { continue }
                #expect(answers.updateValue(ack.streamPosition, forKey: ack.nonce) == nil, "seed \(seed)")
            }
            try client.reconnect()
        }
        while answers.count < sentCount, let message = try client.receive(timeoutMs: 5000) {
            guard case .ack(let ack) = message else {
                Issue.record("seed \(seed): \(message)")
                return
            }
            answers[ack.nonce] = ack.streamPosition
        }
        #expect(answers.count == sentCount && Set(answers.values).count == sentCount && client.unanswered.isEmpty, "seed \(seed)")
        #expect(try client.status().position.sequence == UInt64(sentCount), "seed \(seed)")
    }

    /// What is no longer kept is refused, and the connection goes on.
    @Test func saysWhenHistoryIsGone() throws {
        let rig = try NodeRig(ownerCount: 1, eventLogBytes: 1 << 20)
        let client = try rig.client()
        let key = rig.owners[0]
        let batch = [Command](repeating: NodeTests.place(.buy, Self.price, 1), count: 200) + [.cancelAll(market: 0, sides: .both)]
        for _ in 0..<60 { _ = try client.submit(batch, key: key) }
        let error = #expect(throws: GatewayClientError.self) {
            try client.subscribe(.account, owner: key.address, after: StreamPosition(openingOf: 1))
        }
        guard case .rejected(let reject) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reject.code == RejectCode.historyGone.rawValue)
        let later = try rig.client()
        #expect(later.hello.oldestPosition > StreamPosition(openingOf: 1))
        try later.subscribe(.account, owner: key.address, after: later.hello.oldestPosition)
        #expect(try Self.untilCaughtUp(later) != nil)
        _ = try client.submit([NodeTests.place(.buy, Self.price, 1)], key: key)
    }
}
