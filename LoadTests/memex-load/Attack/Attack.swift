import CLinux
import Foundation
import Gateway
import Synchronization

/// Clients that mean harm, of all kinds at once, on a thread of their own. On this machine each kind has addresses of its own, since misbehaviour is
/// held against addresses: 127.64.0.0 and on for the first kind, 127.65.0.0 for the second.
final class Attack: @unchecked Sendable {
    private let plan: AttackPlan
    private let url: GatewayURL
    private let target: sockaddr_in
    private let context: TLSContext
    private let pieces: AttackPieces
    private var groups: [Group] = []
    private let queue = ReadinessQueue(capacity: 32)
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: ServerFrames.frameBytesMax + (64 << 10), alignment: 64)
    private let isStopping = Atomic<Bool>(false)
    private let begun = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    /// Written by the thread until it has ended.
    private var report = AttackReport()

    /// All connections of a kind, whose steps are evenly spread.
    private struct Group {
        let kind: AttackKind
        let attackers: [Attacker]
        /// Number of the first attacker among those of all kinds.
        let firstNumber: Int
        var schedule = Schedule(startNs: 0, perSecond: 1)
        var stepCount = 0
        /// Whoever was thrown out comes again from the next address; another attack begins elsewhere.
        let firstAddress = Int.random(in: 0...AttackPlan.addressesMax)
        var tally = AttackTally()
    }

    /// `badMessages` are batches whose signatures do not fit.
    init(_ plan: AttackPlan, url: GatewayURL, badMessages: [[UInt8]]) throws {
        guard let target = AttackSocket.address(url.host == "localhost" ? "127.0.0.1" : url.host, port: url.port) else {
            throw LoadFailure("attackers need the gateway's IPv4 address, not \(url.host)")
        }
        try DescriptorLimit.raise(to: plan.connections.values.reduce(DescriptorLimit.otherFiles, +))
        self.plan = plan
        self.url = url
        self.target = target
        context = try TLSContext.client(trust: .insecure)
        pieces = try AttackPieces(context: context, url: url, badMessages: badMessages)
        let request = Array(WebSocketUpgradeRequest(authority: url.authority, path: "/").text.utf8)
        var number = 0
        for (kind, count) in plan.connections.sorted(by: { $0.key < $1.key }) where url.isSecure || !kind.needsTLS {
            groups.append(Group(kind: kind, attackers: (0..<count).map { _ in Attacker(kind, request: request) }, firstNumber: number))
            number += count
        }
    }

    deinit { buffer.deallocate() }

    /// Starts the thread, on `core` unless that is -1, and returns when everybody has taken a first step.
    func start(core: Int) {
        let thread = Thread { [self] in
            // They stand for other machines: neither the node nor who measures it must wait for them.
            linux_run_when_idle()
            if core >= 0 { _ = linux_stay_on_core(Int32(core)) }
            let (startNs, cpuBefore) = (MonotonicClock.nanoseconds(), CPUTime.ofThread())
            for index in groups.indices {
                let perSecond = groups[index].kind.stepsPerSecond * plan.pace * Double(groups[index].attackers.count)
                groups[index].schedule = Schedule(startNs: startNs, perSecond: perSecond)
            }
            live()
            report.cpuSeconds = CPUTime.ofThread() - cpuBefore
            report.seconds = Double(MonotonicClock.nanoseconds() - startNs) / 1e9
            ended.signal()
        }
        thread.name = "attack"
        thread.start()
        begun.wait()
    }

    /// Ends the attack, once, and tells what became of it.
    func stop() -> AttackReport {
        isStopping.store(true, ordering: .relaxed)
        ended.wait()
        for group in groups {
            report.kinds[group.kind.rawValue] = group.tally
            report.kinds[group.kind.rawValue]?.connections = group.attackers.count
        }
        report.badSignatures = (report.kinds[AttackKind.badSignatures.rawValue]?.pieces ?? 0) * pieces.badSignatureCount
        groups = []
        return report
    }

    private func live() {
        var isBegun = false
        while !isStopping.load(ordering: .relaxed) {
            queue.wait(nanoseconds: 1_000_000) { number, _, _ in receive(number) }
            let now = MonotonicClock.nanoseconds()
            for index in groups.indices { takeSteps(&groups[index], now) }
            if !isBegun, groups.allSatisfy({ $0.stepCount >= $0.attackers.count }) {
                isBegun = true
                begun.signal()
            }
        }
        if !isBegun { begun.signal() }
    }

    private func takeSteps(_ group: inout Group, _ now: UInt64) {
        let due = group.schedule.dueCount(atNs: now, of: .max)
        // What could not be done in time is left undone: nobody is attacked harder for it later.
        group.stepCount = max(group.stepCount, due - group.attackers.count)
        while group.stepCount < due {
            let index = group.stepCount % group.attackers.count
            group.stepCount += 1
            let attacker = group.attackers[index]
            if attacker.socket == nil { connect(attacker, number: group.firstNumber + index, &group) }
            attacker.goOn(pieces, &group.tally)
        }
    }

    private func connect(_ attacker: Attacker, number: Int, _ group: inout Group) {
        let isLocal = target.sin_addr.s_addr == UInt32(0x7F00_0001).bigEndian
        let place = (group.firstAddress + group.tally.connects % plan.addresses) % AttackPlan.addressesMax
        let source = "127.\(64 + (AttackKind.allCases.firstIndex(of: group.kind) ?? 0)).\(place >> 8).\(place & 255)"
        guard let socket = try? AttackSocket(target, source: isLocal ? source : nil, context: context, isSecure: url.isSecure) else {
            return
        }
        attacker.connect(socket, &group.tally)
        queue.add(socket.descriptor, number: number)
    }

    private func receive(_ number: Int) {
        guard let index = groups.lastIndex(where: { $0.firstNumber <= number }) else { return }
        groups[index].attackers[number - groups[index].firstNumber].receive(buffer, pieces, &groups[index].tally)
    }
}
