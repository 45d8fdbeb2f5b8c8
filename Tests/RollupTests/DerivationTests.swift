import Engine
import Proof
import Signing
import SeededRandom
import Testing

@testable import Rollup

@Suite struct DerivationTests {
    /// A chain whose first block takes the listings and deposits, and then `blocks` more with trades.
    static func chain(seed: UInt64, blocks: Int) throws -> TestChain {
        var chain = try TestChain(seed: seed)
        try chain.makeBlock(messages: chain.inbox.count, envelopes: 0)
        for _ in 0..<blocks {
            let deposits = chain.generator.below(3)
            for _ in 0..<deposits {
                let owner = chain.keys[chain.generator.below(chain.keys.count)].address
                chain.inbox.append(TestChain.message(1, Hash256(address: owner), Hash256(integer: 2), Hash256(integer: 12345)))
            }
            let envelopes = chain.generator.below(12)
            try chain.makeBlock(messages: deposits, envelopes: envelopes)
        }
        return chain
    }

    static func pages(_ tree: StateTree) -> [UInt32: [UInt8]] {
        var pages: [UInt32: [UInt8]] = [:]
        tree.forEachPage { page, bytes in pages[page] = Array(bytes) }
        return pages
    }

    @Test(arguments: UInt64(1)...6)
    func derivesWhatTheSequencerMade(seed: UInt64) throws {
        print("DerivationTests seed \(seed)")
        var chain = try Self.chain(seed: seed, blocks: 14)
        let derivation = try Derivation(domain: TestChain.domain)
        #expect(derivation.stateRoot == StateTree.genesisRoot)
        var start = 0
        var orders = 0
        while start < chain.blocks.count {
            let end = min(chain.blocks.count, start + 1 + chain.generator.below(6))
            let (bytes, parameters) = try chain.batch(start..<end)
            let outcome = try derivation.apply(batch: bytes, parameters: parameters, inboxMessage: chain.inboxMessage)
            guard case .applied(let derived) = outcome else {
                Issue.record("seed \(seed): \(outcome)")
                return
            }
            #expect(derived.headers == chain.blocks[start..<end].map(\.header), "seed \(seed)")
            #expect(derived.badSignatures == 0 && derived.refused == 0)
            orders += derived.commandCount
            start = end
        }
        #expect(orders > 20)
        #expect(derivation.head == chain.blocks.last?.header)
        #expect(derivation.stateRoot == chain.tree.root())
        #expect(Self.pages(derivation.tree) == Self.pages(chain.tree))
        let state = chain.hosted.exchange.header
        #expect(state.withdrawalCount > 0 && state.openOrderCount > 0, "the stream trades nothing: \(state)")
    }

    @Test func goesOnFromAnotherState() throws {
        let chain = try Self.chain(seed: 40, blocks: 10)
        let first = try Derivation(domain: TestChain.domain)
        let (bytes, parameters) = try chain.batch(0..<5)
        _ = try first.apply(batch: bytes, parameters: parameters, inboxMessage: chain.inboxMessage)
        // As after a restart: cells, tree and last header are all there is.
        let hosted = try HostedExchange()
        let tree = try StateTree()
        first.tree.forEachPage { page, bytes in
            guard let base = bytes.baseAddress else { return }
            tree.load(page: page, base)
            (hosted.arenaBytes + Int(page) * 4096).copyMemory(from: base, byteCount: 4096)
        }
        let second = Derivation(hosted: hosted, tree: tree, head: first.head, domain: TestChain.domain)
        let rest = try chain.batch(5..<chain.blocks.count)
        let outcome = try second.apply(batch: rest.bytes, parameters: rest.parameters, inboxMessage: chain.inboxMessage)
        guard case .applied(let derived) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(derived.headers == chain.blocks[5...].map(\.header))
    }

    /// Envelopes that an honest sequencer never posts: they change nothing but the commands root.
    @Test func badEnvelopesArePassedOver() throws {
        var chain = try Self.chain(seed: 11, blocks: 3)
        let stranger = try PrivateKey(bytes: Hash256(integer: 4242))
        let place = Command.place(
            market: 1, side: .buy, timeInForce: .goodTilCancelled, priceCode: PriceCode.code(mantissa: 19_000, exponent: 15), lots: 3,
            clientOrderId: 0)
        var forged = TestChain.envelope(stranger, nonce: chain.nextNonce(), [place])
        withUnsafeBytes(of: chain.keys[1].address) { forged.replaceSubrange(0..<20, with: $0) }
        var altered = TestChain.envelope(chain.keys[1], nonce: chain.nextNonce(), [place])
        altered[Envelope.payloadOffset + 8] ^= 1
        var zero = TestChain.envelope(chain.keys[1], nonce: chain.nextNonce(), [place])
        zero.replaceSubrange(28..<92, with: [UInt8](repeating: 0, count: 64))
        let unknown = TestChain.envelope(stranger, nonce: chain.nextNonce(), [place])
        let old = TestChain.envelope(chain.keys[1], nonce: 5, [place])
        let future = TestChain.envelope(chain.keys[1], nonce: .max, [place])
        var replayed: [UInt8] = []
        chain.blocks.last { $0.envelopes.count > 0 }?.envelopes.forEach { replayed = Array($0.bytes) }
        try #require(!replayed.isEmpty)
        try chain.makeBlock(messages: 0, envelopes: 9, extra: [forged, altered, unknown, zero, old, future, replayed])

        let derivation = try Derivation(domain: TestChain.domain)
        let (bytes, parameters) = try chain.batch(0..<chain.blocks.count)
        let outcome = try derivation.apply(batch: bytes, parameters: parameters, inboxMessage: chain.inboxMessage)
        guard case .applied(let derived) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(derived.headers == chain.blocks.map(\.header))
        #expect(derived.badSignatures == 3)
        #expect(derived.refused == 4)
    }

    /// The one form that needs no signature does what the exchange allows; whatever else has none is passed over.
    @Test func unsignedEnvelopesEndSessions() throws {
        var chain = try Self.chain(seed: 12, blocks: 4)
        let key = chain.keys[1]
        func unsigned(_ signer: Address) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: Envelope.unsignedBytes)
            bytes.withUnsafeMutableBytes { Envelope.writeUnsigned(signer: signer, to: $0.baseAddress!) }
            return bytes
        }
        let order = Command.place(
            market: 1, side: .buy, timeInForce: .goodTilCancelled, priceCode: PriceCode.code(mantissa: 10_000, exponent: 15), lots: 3,
            clientOrderId: 0)
        try chain.makeBlock(
            messages: 0, envelopes: [TestChain.envelope(key, nonce: chain.nextNonce(), [.cancelOnDisconnect(true), order])])
        #expect((chain.hosted.exchange.account(owner: key.address)?.openOrderCount ?? 0) > 0)
        // Of the second signer nobody asked for anything.
        try chain.makeBlock(messages: 0, envelopes: [unsigned(key.address), unsigned(chain.keys[2].address)])
        #expect(chain.hosted.exchange.account(owner: key.address)?.openOrderCount == 0)

        var otherNonce = unsigned(key.address)
        otherNonce[Envelope.nonceOffset] = 1
        var otherSignature = unsigned(key.address)
        otherSignature[Envelope.signatureOffset + 63] = 1
        let twice = unsigned(key.address) + [13, 0, 0, 0]
        var otherCommand = unsigned(key.address)
        otherCommand[Envelope.payloadOffset] = 15
        try chain.makeBlock(messages: 0, envelopes: 0, extra: [])
        try chain.makeBlock(messages: 0, envelopes: 4, extra: [otherNonce, otherSignature, twice, otherCommand])

        let derivation = try Derivation(domain: TestChain.domain)
        let (bytes, parameters) = try chain.batch(0..<chain.blocks.count)
        guard case .applied(let derived) = try derivation.apply(batch: bytes, parameters: parameters, inboxMessage: chain.inboxMessage)
        else {
            Issue.record("not applied")
            return
        }
        #expect(derived.headers == chain.blocks.map(\.header))
        #expect(derived.badSignatures == 4 && derived.refused == 1)
        #expect(derivation.stateRoot == chain.tree.root())
    }

    /// Events are of no use here: those of blocks that hold nothing must not pile up until their room is full.
    @Test func eventsOfEmptyBlocksAreForgotten() throws {
        var chain = try Self.chain(seed: 14, blocks: 4)
        let order = Command.Order(
            market: 1, flags: PlaceFlags(side: .buy), priceCode: PriceCode.code(mantissa: 10_000, exponent: 15), lots: 3)
        let nonce = chain.nextNonce()
        let expiryMs = chain.hosted.exchange.header.blockTimeMs + 10_000
        try chain.makeBlock(
            messages: 0, envelopes: [TestChain.envelope(chain.keys[1], nonce: nonce, [.placeUntil(order, expiryMs: expiryMs)])])
        let open = chain.hosted.exchange.header.openOrderCount
        while chain.hosted.exchange.header.blockTimeMs < expiryMs { try chain.makeBlock(messages: 0, envelopes: []) }
        #expect(chain.hosted.exchange.header.openOrderCount == open - 1)
        let derivation = try Derivation(domain: TestChain.domain)
        let (bytes, parameters) = try chain.batch(0..<chain.blocks.count)
        _ = try derivation.apply(batch: bytes, parameters: parameters, inboxMessage: chain.inboxMessage)
        #expect(derivation.stateRoot == chain.tree.root() && derivation.hosted.exchange.events.isEmpty)
    }

    /// Whoever could sign `disconnected` himself would have two ways to say the same.
    @Test func nobodySignsThatASessionEnded() throws {
        let chain = try Self.chain(seed: 13, blocks: 1)
        RandomBlocks.payload([.disconnected]).withUnsafeBytes {
            #expect(chain.hosted.exchange.checkPayload($0) == .malformedPayload)
        }
    }

    @Test func contradictionsAreIgnored() throws {
        let chain = try Self.chain(seed: 21, blocks: 6)
        let derivation = try Derivation(domain: TestChain.domain)
        func fault(_ bytes: [UInt8], _ parameters: BatchParameters) throws -> BatchFault? {
            let root = derivation.stateRoot
            let head = derivation.head
            let outcome = try derivation.apply(batch: bytes, parameters: parameters, inboxMessage: chain.inboxMessage)
            guard case .ignored(let fault) = outcome else { return nil }
            #expect(derivation.stateRoot == root && derivation.head == head)
            #expect(derivation.hosted.exchange.header.blockNumber == head?.number ?? 0)
            return fault
        }
        let (bytes, parameters) = try chain.batch(0..<3)
        let later = try chain.batch(3..<5)
        #expect(try fault(later.bytes, later.parameters) == .wrongBlock(expected: 1, actual: 4))
        var wrong = parameters
        wrong.inboxEnd += 1
        let consumed = parameters.inboxEnd
        #expect(try fault(bytes, wrong) == .wrongInboxCount(consumed: consumed, cursor: 0, postedEnd: consumed + 1))
        wrong = parameters
        wrong.firstTimeMs += 1
        #expect(try fault(bytes, wrong) == .wrongTimes(firstMs: parameters.firstTimeMs, lastMs: parameters.lastTimeMs, posted: wrong))
        wrong = parameters
        wrong.lastTimeMs -= 1
        #expect(try fault(bytes, wrong) == .wrongTimes(firstMs: parameters.firstTimeMs, lastMs: parameters.lastTimeMs, posted: wrong))
        #expect(try fault([], parameters) == .undecodable(.empty))
        #expect(try fault(Array(bytes.dropLast()), parameters) != nil)
        // An incomplete view of L1 is an error, not a rule.
        #expect(throws: MissingInboxMessage(index: 2)) {
            try derivation.apply(batch: bytes, parameters: parameters) { $0 == 2 ? nil : chain.inboxMessage($0) }
        }
        #expect(derivation.head == nil)
        #expect(try fault(bytes, parameters) == nil)
        #expect(derivation.head == chain.blocks[2].header)
        // The same once more, or a gap, or a step back in time.
        #expect(try fault(bytes, parameters) == .wrongBlock(expected: 4, actual: 1))
        let gap = try chain.batch(4..<5)
        #expect(try fault(gap.bytes, gap.parameters) == .wrongBlock(expected: 4, actual: 5))
        var early = chain.blocks[3]
        early.header.timeMs = chain.blocks[2].header.timeMs - 1
        var encoder = BatchEncoder()
        try encoder.append(early)
        let earlyParameters = try #require(encoder.parameters)
        #expect(
            try fault(encoder.bytes(), earlyParameters)
                == .timeGoesBack(last: chain.blocks[2].header.timeMs, first: chain.blocks[2].header.timeMs - 1))
        #expect(try fault(later.bytes, later.parameters) == nil)
        #expect(derivation.head == chain.blocks[4].header)
    }

    /// A mutated batch is either ignored, with nothing changed, or applied whole; it never traps.
    @Test func mutatedBatchesNeverApplyInPart() throws {
        let chain = try Self.chain(seed: 31, blocks: 4)
        let (bytes, parameters) = try chain.batch(0..<chain.blocks.count)
        var generator = SeededGenerator(seed: 31)
        var derivation = try Derivation(domain: TestChain.domain)
        var ignored = 0
        var applied = 0
        for _ in 0..<400 {
            var mutated = bytes
            for _ in 0...generator.below(3) { mutated[generator.below(mutated.count)] ^= 1 << UInt8(generator.below(8)) }
            switch try derivation.apply(batch: mutated, parameters: parameters, inboxMessage: chain.inboxMessage) {
            case .ignored:
                ignored += 1
                #expect(derivation.head == nil)
            case .applied(let derived):
                applied += 1
                #expect(derived.headers.count == chain.blocks.count)
                #expect(derived.headers.last?.inboxCursor == parameters.inboxEnd)
                derivation = try Derivation(domain: TestChain.domain)
                continue
            }
        }
        print("derivation of mutated batches: \(ignored) ignored, \(applied) applied")
        #expect(derivation.stateRoot == StateTree.genesisRoot)
        #expect(ignored > 40 && applied > 40)
    }
}
