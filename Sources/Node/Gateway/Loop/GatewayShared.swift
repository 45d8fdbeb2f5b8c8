import Synchronization

/// What all threads of a gateway share: limits that hold for all together, and the wish to end.
final class GatewayShared: Sendable {
    let statistics = GatewayStatistics()
    let addresses: AddressLimits
    let accounts: AccountLimits
    /// WebSockets that are open, of all threads.
    private let openConnections = Atomic<Int>(0)
    private let stopRequested = Atomic<Bool>(false)
    private let drainRequested = Atomic<Bool>(false)

    init(_ limits: GatewayLimits) {
        addresses = AddressLimits(limits)
        accounts = AccountLimits(limits.accountCommands, countMax: limits.signersMax)
    }

    var openCount: Int { openConnections.load(ordering: .relaxed) }

    /// Counts one more open connection unless there are `countMax`.
    func open(countMax: Int) -> Bool {
        guard openConnections.add(1, ordering: .relaxed).oldValue < countMax else {
            openConnections.subtract(1, ordering: .relaxed)
            return false
        }
        return true
    }

    func closed() { openConnections.subtract(1, ordering: .relaxed) }

    var isStopRequested: Bool { stopRequested.load(ordering: .acquiring) }
    func requestStop() { stopRequested.store(true, ordering: .releasing) }

    /// Whether the rings to the executor may not be written any more.
    var isDrainRequested: Bool { drainRequested.load(ordering: .acquiring) }
    func requestDrain() { drainRequested.store(true, ordering: .releasing) }
}
