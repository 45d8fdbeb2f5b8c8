import CLinux
import Foundation
import Gateway
import Synchronization

/// Connections besides those that are measured: subscribers, idle ones, and some that never read. They live on a thread of their own.
final class Crowd: @unchecked Sendable {
    struct Size: Equatable {
        /// Follow book and trades, and read everything.
        var subscribers = 0
        /// Follow book and trades, and never read.
        var slowReaders = 0
        /// Send nothing but pongs.
        var idle = 0

        var count: Int { subscribers + slowReaders + idle }
    }

    private let size: Size
    private let members: [LoadConnection]
    private let queue: ReadinessQueue
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: ServerFrames.frameBytesMax + (64 << 10), alignment: 64)
    private let isStopping = Atomic<Bool>(false)
    private let ended = DispatchSemaphore(value: 0)
    /// Written by the thread until it has ended.
    private var report = CrowdReport()
    private var bookSequences: [UInt64]

    /// Connects everybody; the subscribers' first snapshots may still be on their way.
    init(_ size: Size, url: GatewayURL, tls: borrowing LoadTLS, market: UInt16) throws {
        self.size = size
        // Few at once: looking at a thousand sockets is one system call of a millisecond, for which whoever else wants the core waits.
        queue = ReadinessQueue(capacity: 32)
        var members: [LoadConnection] = []
        for number in 0..<size.count {
            let member = LoadConnection(try LoadSocket(url, tls: tls), lane: Lane())
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
        report.subscribersDropped = members[..<size.subscribers].filter { !$0.isOpen }.count
        return report
    }

    private var slowRange: Range<Int> { size.subscribers..<size.subscribers + size.slowReaders }

    private func live() {
        report.size = size
        for number in members.indices where !slowRange.contains(number) { queue.add(members[number].socket.descriptor, number: number) }
        while !isStopping.load(ordering: .relaxed) {
            queue.wait(nanoseconds: 50_000_000) { number, _, _ in receive(number) }
        }
    }

    private func receive(_ number: Int) {
        let member = members[number]
        member.receive(buffer) { message in
            guard let type = message.first else { return }
            report.messages += 1
            report.bytes += message.count
            switch type {
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
    /// Of the crowd's thread.
    var cpuSeconds = 0.0

    /// Adds what became of the same crowd in another round.
    mutating func add(_ other: CrowdReport) {
        messages += other.messages
        bytes += other.bytes
        bookGaps += other.bookGaps
        subscribersDropped += other.subscribersDropped
        slowReadersDropped += other.slowReadersDropped
        cpuSeconds += other.cpuSeconds
    }

    private enum CodingKeys: String, CodingKey {
        case messages, bytes, bookGaps, subscribersDropped, slowReadersDropped, cpuSeconds
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
        return rows
    }
}
