import Engine
import SeededRandom

/// An endless random stream of calls of the engine: blocks, inbox messages and command batches of every kind, good and bad, on a few accounts that
/// meet in a few markets. The same seed gives the same stream, as long as `observe` is told what the calls did.
///
/// Built over ``Command``: a new kind of command gets a line in `RandomStream+Commands.swift`.
package struct RandomStream {
    package static let startMs: UInt64 = 1_790_000_000_000

    var random: SeededGenerator
    /// Calls that come next, the last one first: at the start tokens, markets, deposits and agents, later a wave now and then.
    private var queued: [EngineCall] = []
    var blockNumber: UInt64 = 0
    var timeMs = RandomStream.startMs
    private var nonce = RandomStream.startMs
    private var usedNonces: [(signer: Address, nonce: UInt64)] = []
    /// Ids of orders that were placed, the latest ones; most rest no more.
    var orders = RecentOrders()
    /// Sub-accounts that were opened, each after an account of the same owner.
    var subaccounts: [(opener: UInt32, id: UInt32)] = []
    let traders: [Address]
    let agents: [Address]
    /// Price codes around which each market trades.
    var centers: [UInt16: Int] = [:]
    /// The market that was listed last to open with an auction.
    var newestAuction: UInt16 = 5
    /// Commands made so far, those of malformed payloads not counted.
    package private(set) var commandCount = 0

    /// Traders own accounts from the start; agents sign for some of them. With `bigAuction` so many orders collect in one market that its
    /// opening takes several blocks.
    package init(
        seed: UInt64, bigAuction: Bool = false, traders: [Address] = (1...16).map { Self.address($0) },
        agents: [Address] = (100..<108).map { Self.address($0) }
    ) {
        random = SeededGenerator(seed: seed)
        self.traders = traders
        self.agents = agents
        open()
        if bigAuction { queued = self.bigAuction() + queued }
    }

    /// The next call to make.
    package mutating func next() -> EngineCall {
        if let call = queued.popLast() { return call }
        switch random.below(1000) {
        case 0..<30: return nextBlock()
        case 30..<60: return .consume(randomMessage())
        case 60..<65: return .disconnect(signer: randomSigner())
        case 65:
            queued = wave().reversed()
            return next()
        default: return randomBatch()
        }
    }

    /// Learns what the last call did.
    package mutating func observe(_ events: UnsafeBufferPointer<Event>) {
        for event in events {
            switch event.kind {
            case Event.Kind.placed, Event.Kind.modified, Event.Kind.triggerPlaced:
                guard event.orderId != 0 else { continue }
                orders.insert(RecentOrders.Entry(id: event.orderId, market: event.market, account: event.account))
            case Event.Kind.subaccountOpened: subaccounts.append((event.account, event.counterAccount))
            default: continue
            }
        }
    }

    /// An address made up from a number.
    package static func address(_ number: UInt64) -> Address {
        var hash = Keccak256()
        hash.update(Hash256(integer: number))
        return withUnsafeBytes(of: hash.finish()) { Address(loadingFrom: $0.baseAddress!) }
    }

    // MARK: How it starts

    private mutating func open() {
        var calls: [EngineCall] = [nextBlock()]
        for (token, decimals) in [(UInt64(1), UInt64(9)), (2, 6), (3, 0), (4, 18)] {
            calls.append(.consume(Self.tokenListed(token, decimals: decimals)))
        }
        calls.append(.consume(Self.marketListed(1, base: 2, quote: 1, lotExponent: 3, makerFee: 1, takerFee: 5)))
        calls.append(.consume(Self.marketListed(2, base: 3, quote: 1, lotExponent: 6, makerFee: 0, takerFee: 30)))
        calls.append(.consume(Self.marketListed(3, base: 4, quote: 2, lotExponent: 14, makerFee: 100, takerFee: 100)))
        // Single atoms, so that fees have to be rounded.
        calls.append(.consume(Self.marketListed(4, base: 3, quote: 2, lotExponent: 0, makerFee: 7, takerFee: 13)))
        centers = [1: Self.price(12_500, -3), 2: Self.price(12_000, -13), 3: Self.price(99_990, 0), 4: Self.price(25_000, -6)]
        list(auctions: [5, 6], into: &calls)
        for trader in traders {
            for token in UInt64(1)...4 { calls.append(.consume(Self.deposit(trader, token: token, atoms: 400_000_000_000))) }
        }
        for agent in agents {
            let owner = traders[random.below(4)]
            calls.append(batch([.approveAgent(agent, expiryMs: random.chance(50) ? 0 : timeMs + 100_000)], signer: owner))
        }
        queued = calls.reversed()
    }

    /// Markets that open with an auction, in a moment.
    private mutating func list(auctions: [UInt16], into calls: inout [EngineCall]) {
        for market in auctions { calls.append(.consume(auction(market))) }
    }

    static func price(_ mantissa: UInt32, _ power: Int32) -> Int {
        Int(PriceCode.code(mantissa: mantissa, exponent: UInt32(power + PriceCode.exponentBias)))
    }

    // MARK: Blocks and batches

    private mutating func nextBlock() -> EngineCall {
        blockNumber += 1
        if blockNumber > 1 { timeMs += random.chance(20) ? 0 : UInt64(random.below(400)) }
        if random.chance(1) { timeMs += UInt64(random.below(3 * 86_400_000)) }
        // Prices wander, so that resting orders are crossed and levels come and go.
        for market in centers.keys.sorted() { centers[market]! += random.below(21) - 10 }
        return .beginBlock(number: blockNumber, timeMs: timeMs)
    }

    private mutating func randomBatch() -> EngineCall {
        let signer = randomSigner()
        let count = random.chance(1) ? 1 + random.below(Layout.commandsPerPayloadMax + 8) : 1 + random.below(8)
        let commands = (0..<count).map { _ in randomCommand(signer: signer) }
        return batch(commands, signer: signer, mayBeDamaged: true)
    }

    mutating func randomSigner() -> Address {
        if random.chance(1) { return Self.address(UInt64(1000 + random.below(50))) }
        return random.chance(15) ? agents[random.below(agents.count)] : traders[random.below(traders.count)]
    }

    mutating func batch(_ commands: [Command], signer: Address, mayBeDamaged: Bool = false) -> EngineCall {
        let payload = payload(of: commands, mayBeDamaged: mayBeDamaged)
        return .execute(signer: signer, nonce: randomNonce(signer), payload: payload)
    }

    mutating func payload(of commands: [Command], mayBeDamaged: Bool) -> [UInt8] {
        var payload: [UInt8] = []
        withUnsafeTemporaryAllocation(byteCount: Command.bytesMax, alignment: 8) { room in
            guard let start = room.baseAddress else { return }
            for command in commands {
                let length = command.encode(to: start)
                payload.append(contentsOf: UnsafeRawBufferPointer(start: start, count: length))
            }
        }
        if mayBeDamaged && random.chance(3) { damage(&payload) } else { commandCount += commands.count }
        return payload
    }

    private mutating func randomNonce(_ signer: Address) -> UInt64 {
        nonce = max(nonce + 1, timeMs)
        switch random.below(200) {
        case 0: return random.next() >> UInt64(random.below(64))
        case 1: return timeMs - UInt64(random.below(Int(2 * Layout.nonceAgeMsMax)))
        case 2: return timeMs + UInt64(random.below(Int(2 * Layout.nonceLeadMsMax)))
        case 3..<6:
            if let used = usedNonces.randomElement(using: &random), used.signer == signer || random.chance(10) { return used.nonce }
        default: break
        }
        if usedNonces.count < 64 {
            usedNonces.append((signer, nonce))
        } else {
            usedNonces[random.below(64)] = (signer, nonce)
        }
        return nonce
    }

    /// Makes bytes of it that are most probably no payload.
    private mutating func damage(_ payload: inout [UInt8]) {
        switch random.below(5) {
        case 0: payload.removeLast(1 + random.below(payload.count))
        case 1: payload = (0..<random.below(80)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        case 2: payload += [UInt8](repeating: UInt8(random.below(20)), count: 1 + random.below(Layout.payloadBytesMax + 100))
        default:
            for _ in 0...random.below(3) { payload[random.below(payload.count)] ^= 1 << UInt8(random.below(8)) }
        }
    }
}
