import SeededRandom

/// Generates flow around a wandering middle price: the character of the published op files, from any seed.
///
/// Adds lie at a normal distance from the middle (so some cross), cancels hit any live order, takes always fill. The number of live orders grows
/// to `liveTarget` first and then stays around it.
package struct OperationGenerator {
    /// What a stream looks like.
    package struct Shape: Sendable {
        var seed: UInt64
        /// Resting orders that the stream keeps.
        var liveTarget: Int
        /// Mean distance of a limit price from the middle, in ticks.
        var offset: Double
        /// Shares in percent; the rest are takes.
        var addPercent: Int
        var cancelPercent: Int

        /// 10,000 live orders; half adds, a third of them crossing.
        package static let ops = Shape(seed: 20_240_601, liveTarget: 10_000, offset: 28, addPercent: 50, cancelPercent: 40)
        /// 10,000 live orders; quotes that come and go.
        package static let quote = Shape(seed: 20_240_602, liveTarget: 10_000, offset: 88, addPercent: 50, cancelPercent: 48)
        /// 200,000 live orders.
        package static let deep = Shape(seed: 20_240_603, liveTarget: 200_000, offset: 88, addPercent: 50, cancelPercent: 40)
    }

    private struct Live {
        var id: UInt64
        var side: UInt8
    }

    private let shape: Shape
    private let accountCount: Int
    /// Neighbouring operations that one account does.
    private let burst: Int
    private var random: SeededGenerator
    private var middle = 30_000
    private let book = NaiveBook()
    private var stream = OperationStream()
    /// Live orders of each account, and where each order stands in there.
    private var live: [[Live]]
    private var place: [UInt64: (account: Int, index: Int)] = [:]
    private var liveCount = 0

    private init(_ shape: Shape, accountCount: Int, burst: Int) {
        self.shape = shape
        self.accountCount = accountCount
        self.burst = burst
        random = SeededGenerator(seed: shape.seed)
        live = Array(repeating: [], count: accountCount)
    }

    /// `count` operations after the prefill. `accountCount` (even) accounts take turns, `burst` operations at a time; those with an even number buy, the
    /// others sell, so that nobody meets himself. The prefill is a multiple of `burst`, too.
    package static func stream(_ shape: Shape, count: Int, accountCount: Int, burst: Int) -> OperationStream {
        var generator = OperationGenerator(shape, accountCount: accountCount, burst: burst)
        generator.generate(count)
        return generator.stream
    }

    private mutating func generate(_ count: Int) {
        while liveCount < shape.liveTarget || stream.operations.count % burst != 0 {
            if stream.operations.count % burst == 0 { turn() }
            let side = UInt8(account & 1)
            add(tick: middle + (side == 0 ? -1 : 1) * (1 + Int(abs(50 * normal()))))
        }
        stream.prefillCount = stream.operations.count
        for _ in 0..<count {
            if stream.operations.count % burst == 0 { turn() }
            operate()
        }
    }

    private var account = 0

    private mutating func turn() { account = Int.random(in: 0..<accountCount, using: &random) }

    private mutating func operate() {
        if Int.random(in: 0..<128, using: &random) == 0 {
            middle = min(max(middle + (Bool.random(using: &random) ? 1 : -1), 25_000), 35_000)
        }
        let dice = Int.random(in: 0..<100, using: &random)
        let side = UInt8(account & 1)
        if dice >= shape.addPercent && dice < shape.addPercent + shape.cancelPercent && liveCount >= shape.liveTarget,
            let order = live[account].randomElement(using: &random)
        {
            stream.operations.append(
                Operation(id: order.id, tick: 0, lots: 0, kind: Operation.Kind.cancel, side: side, account: UInt16(account + 1)))
            _ = book.remove(order.id)
            forget(order.id)
        } else if dice >= shape.addPercent + shape.cancelPercent, let best = book.bestPrice(side == 0 ? .sell : .buy) {
            append(Operation.Kind.take, tick: Int(best) + (side == 0 ? 500 : -500))
        } else {
            add(tick: middle + Int(((side == 0 ? -shape.offset : shape.offset) + 50 * normal()).rounded()))
        }
    }

    private mutating func add(tick: Int) {
        let left = append(Operation.Kind.add, tick: tick)
        guard left > 0, let operation = stream.operations.last else { return }
        book.rest(
            NaiveOrder(
                number: operation.id, account: UInt32(account), side: operation.side == 0 ? .buy : .sell, price: UInt32(operation.tick),
                lots: UInt64(left)))
        place[operation.id] = (account, live[account].count)
        live[account].append(Live(id: operation.id, side: operation.side))
        liveCount += 1
    }

    /// Appends an order of the account and fills what it can; returns the lots left.
    @discardableResult
    private mutating func append(_ kind: UInt8, tick: Int) -> UInt64 {
        stream.idMax += 1
        let operation = Operation(
            id: stream.idMax, tick: Int32(min(max(tick, 1), 65_000)), lots: UInt32.random(in: 1...100, using: &random), kind: kind,
            side: UInt8(account & 1), account: UInt16(account + 1))
        stream.operations.append(operation)
        var gone: [UInt64] = []
        let left = book.fill(operation.side == 0 ? .buy : .sell, limit: UInt32(operation.tick), lots: UInt64(operation.lots)) {
            maker, _, isGone in
            if isGone { gone.append(maker.number) }
        }
        gone.forEach { forget($0) }
        return left
    }

    private mutating func forget(_ id: UInt64) {
        guard let (account, index) = place.removeValue(forKey: id) else { return }
        let last = live[account].removeLast()
        if last.id != id {
            live[account][index] = last
            place[last.id] = (account, index)
        }
        liveCount -= 1
    }

    /// Sum of twelve uniform numbers less 6: close to a normal distribution, and the same on every machine, which libm's functions need not be.
    private mutating func normal() -> Double {
        var sum = -6.0
        for _ in 0..<12 { sum += Double.random(in: 0..<1, using: &random) }
        return sum
    }
}
