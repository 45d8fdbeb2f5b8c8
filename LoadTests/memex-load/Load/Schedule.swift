/// When the messages of a run are due: evenly, whatever became of those before. Pure.
struct Schedule: Equatable {
    /// On the clock that is asked about.
    let startNs: UInt64
    let perSecond: Double

    init(startNs: UInt64, perSecond: Double) {
        precondition(perSecond > 0)
        self.startNs = startNs
        self.perSecond = perSecond
    }

    /// When message `index` (from 0) is due.
    @inline(__always)
    func dueNs(_ index: Int) -> UInt64 { startNs + UInt64((Double(index) * (1e9 / perSecond)).rounded(.up)) }

    /// How many messages of `total` are due at `nowNs`: all those with ``dueNs(_:)`` up to it.
    @inline(__always)
    func dueCount(atNs nowNs: UInt64, of total: Int) -> Int {
        guard nowNs >= startNs else { return 0 }
        var count = min(total, Int(Double(nowNs - startNs) * perSecond / 1e9) + 1)
        // Rounding may be off by one either way.
        while count < total, dueNs(count) <= nowNs { count += 1 }
        while count > 0, dueNs(count - 1) > nowNs { count -= 1 }
        return count
    }
}
