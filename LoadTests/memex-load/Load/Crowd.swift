import CLinux
import Foundation
import Gateway
import Synchronization

/// Connections besides those that are measured: subscribers, idle ones, and some that misbehave. They live on a thread of their own.
final class Crowd: @unchecked Sendable {
    struct Size: Equatable {
        /// Follow book and trades, and read everything.
        var subscribers = 0
        /// Follow book and trades, and never read.
        var slowReaders = 0
        /// Send nothing but pongs.
        var idle = 0
        /// Send batches whose signatures are no good, each ``badPerSecond`` a second.
        var badSignatures = 0
        var badPerSecond = 100.0

        var count: Int { subscribers + slowReaders + idle + badSignatures }
    }

    private let size: Size
    private let members: [LoadConnection]
    private let badFrames: [UInt8]
    private let queue: ReadinessQueue
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: ServerFrames.frameBytesMax + (64 << 10), alignment: 64)
    private let isStopping = Atomic<Bool>(false)
    private let ended = DispatchSemaphore(value: 0)
    /// Written by the thread until it has ended.
    private var report = CrowdReport()
    private var bookSequences: [UInt64]

    /// Connects everybody; the subscribers' first snapshots may still be on their way. `badMessage` is a batch with a bad signature.
    init(_ size: Size, url: GatewayURL, tls: borrowing LoadTLS, market: UInt16, badMessage: [UInt8]) throws {
        self.size = size
        // Few at once: looking at a thousand sockets is one system call of a millisecond, for which whoever else wants the core waits.
        queue = ReadinessQueue(capacity: 32)
        badFrames = ClientFrame.bytes(badMessage, mask: 0x5A5A_A5A5)
        var members: [LoadConnection] = []
        for number in 0..<size.count {
            let isBad = number >= size.count - size.badSignatures
            let member = LoadConnection(try LoadSocket(url, tls: tls, source: isBad ? Self.badSource(url) : nil), lane: Lane())
            if number < size.subscribers + size.slowReaders {
                for channel in [Channel.book, .trades] { member.enqueue(SubscribeMessage.bytes(channel, market: market)) }
                _ = member.send(dueBefore: 0)
            }
            members.append(member)
        }
        self.members = members
        bookSequences = [UInt64](repeating: 0, count: members.count)
    }

    deinit { buffer.deallocate() }

    /// Misbehaviour is held against an address: on this machine it gets one of its own.
    private static func badSource(_ url: GatewayURL) -> String? { ["127.0.0.1", "localhost"].contains(url.host) ? "127.0.0.2" : nil }

    /// Starts the thread, on `core` unless that is -1.
    func start(core: Int) {
        let thread = Thread { [self] in
            // They stand for other machines: neither the node nor who measures it must wait for them.
            linux_run_when_idle()
            if core >= 0 { _ = linux_stay_on_core(Int32(core)) }
            let before = CPUTime.ofThread()
            live()
            report.cpuSeconds = CPUTime.ofThread() - before
            ended.signal()
        }
        thread.name = "crowd"
        thread.start()
    }

    /// Ends the thread, once. Tells what became of everybody; slow readers are looked at only now.
    func stop() -> CrowdReport {
        isStopping.store(true, ordering: .relaxed)
        ended.wait()
        for number in slowRange {
            let member = members[number]
            member.receive(buffer) { _ in }
            while member.isOpen, member.socket.hasPending { member.receive(buffer) { _ in } }
            if !member.isOpen { report.slowReadersDropped += 1 }
        }
        report.badDropped = members[(members.count - size.badSignatures)...].filter { !$0.isOpen }.count
        report.subscribersDropped = members[..<size.subscribers].filter { !$0.isOpen }.count
        return report
    }

    private var slowRange: Range<Int> { size.subscribers..<size.subscribers + size.slowReaders }

    private func live() {
        report.size = size
        for number in members.indices where !slowRange.contains(number) { queue.add(members[number].socket.descriptor, number: number) }
        let firstBad = members.count - size.badSignatures
        var nextBadNs = MonotonicClock.nanoseconds()
        while !isStopping.load(ordering: .relaxed) {
            queue.wait(nanoseconds: size.badSignatures > 0 ? 2_000_000 : 50_000_000) { number, _, _ in receive(number) }
            let now = MonotonicClock.nanoseconds()
            guard size.badSignatures > 0, now >= nextBadNs else { continue }
            nextBadNs += UInt64(1e9 / max(0.001, size.badPerSecond))
            for number in firstBad..<members.count where members[number].isOpen {
                if case .bytes(badFrames.count) = badFrames.withUnsafeBytes({ members[number].socket.send($0) }) { report.badSent += 1 }
            }
        }
    }

    private func receive(_ number: Int) {
        let member = members[number]
        member.receive(buffer) { message in
            guard let type = message.first else { return }
            report.messages += 1
            report.bytes += message.count
            switch type {
            case Wire.ToClient.reject: report.badRefused += number >= size.subscribers ? 1 : 0
            case Wire.ToClient.bookSnapshot where message.count >= 16:
                bookSequences[number] = message.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            case Wire.ToClient.bookUpdate where message.count >= 16:
                let sequence = message.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                if sequence != bookSequences[number] + 1 { report.bookGaps += 1 }
                bookSequences[number] = sequence
            default: break
            }
        }
        if member.hasExtra { _ = member.send(dueBefore: 0) }
        if !member.isOpen { queue.remove(member.socket.descriptor) }
    }
}

/// What became of a crowd.
struct CrowdReport: Encodable {
    fileprivate(set) var size = Crowd.Size()
    /// Received by those who read.
    var messages = 0
    var bytes = 0
    /// Updates of a book that did not follow the one before.
    var bookGaps = 0
    var subscribersDropped = 0
    var slowReadersDropped = 0
    var badSent = 0
    var badRefused = 0
    var badDropped = 0
    /// Of the crowd's thread.
    var cpuSeconds = 0.0

    /// Adds what became of the same crowd in another round.
    mutating func add(_ other: CrowdReport) {
        messages += other.messages
        bytes += other.bytes
        bookGaps += other.bookGaps
        subscribersDropped += other.subscribersDropped
        slowReadersDropped += other.slowReadersDropped
        badSent += other.badSent
        badRefused += other.badRefused
        badDropped += other.badDropped
        cpuSeconds += other.cpuSeconds
    }

    private enum CodingKeys: String, CodingKey {
        case messages, bytes, bookGaps, subscribersDropped, slowReadersDropped, badSent, badRefused, badDropped, cpuSeconds
    }

    var rows: [(String, Double)] {
        var rows: [(String, Double)] = []
        if size.subscribers > 0 {
            rows += [
                ("subscribers", Double(size.subscribers)), ("  messages to them", Double(messages)), ("  gaps", Double(bookGaps)),
                ("  dropped", Double(subscribersDropped)),
            ]
        }
        if size.slowReaders > 0 { rows += [("slow readers", Double(size.slowReaders)), ("  dropped", Double(slowReadersDropped))] }
        if size.idle > 0 { rows.append(("idle connections", Double(size.idle))) }
        if size.badSignatures > 0 {
            rows += [
                ("bad signatures sent", Double(badSent)), ("  refused", Double(badRefused)), ("  connections closed", Double(badDropped)),
            ]
        }
        return rows
    }
}
