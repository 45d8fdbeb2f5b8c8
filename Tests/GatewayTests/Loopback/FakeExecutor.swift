import Engine
import Glibc
import Sequencer
import Synchronization

@testable import Gateway

/// Plays the executor on real rings: admits what it is sent and answers with events that it makes up, so that tests choose the outcome.
///
/// - A nonce below 100 refuses the batch with the code of that number.
/// - A place order of `1000 + code` lots is refused with that code.
/// - An immediate-or-cancel order fills at once against ``makerAccount``; any other rests.
/// - A cancel succeeds if its order id is even.
/// - The reply to a query for a book is as long as the depth asked for says.
/// - Addresses that begin with a byte n from 1 to 199 own account n; others none, until ``deposit(account:)``.
final class FakeExecutor: @unchecked Sendable {
    static let makerAccount: UInt32 = 77

    /// One for each gateway thread.
    let ports: [ExecutorPort]
    private let output: EventLog
    private let parker: Parker
    private let isStopped = Atomic<Bool>(false)
    /// While set, input is left in the ring.
    let isPaused = Atomic<Bool>(false)
    /// Deposits to be reported: account ids.
    private let deposits = Mutex<[UInt32]>([])
    private let known = Mutex<Set<UInt32>>([])
    /// Signers whose watched connection was said to have ended, in order.
    let disconnected = Mutex<[Address]>([])
    private var thread = pthread_t()
    private var sequence: UInt64 = 0
    private var block: UInt64 = 1
    /// Of the next batch in its block.
    private var position: UInt32 = 0
    /// Set before the first record can come.
    var wakeGateway: @Sendable () -> Void = {}

    init(threads: Int = 1, inputBytes: Int = 1 << 20, outputBytes: Int = 1 << 22) throws {
        let output = try EventLog(capacity: outputBytes)
        self.output = output
        ports = try (0..<threads).map { thread in
            ExecutorPort(thread: thread, toExecutor: try ByteRing(capacity: inputBytes), fromExecutor: output.makeReader())
        }
        parker = try Parker()
    }

    func start() {
        let context = Unmanaged.passRetained(self).toOpaque()
        pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<FakeExecutor>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context)
    }

    func stop() {
        isStopped.store(true, ordering: .releasing)
        parker.wake()
        pthread_join(thread, nil)
    }

    func wake() { parker.wake() }

    func deposit(account: UInt32) {
        _ = known.withLock { $0.insert(account) }
        deposits.withLock { $0.append(account) }
        parker.wake()
    }

    private func run() {
        while !isStopped.load(ordering: .acquiring) {
            var work = 0
            if !isPaused.load(ordering: .acquiring) {
                for port in ports { while work < 256, port.toExecutor.read({ handle($0) }) { work += 1 } }
            }
            for account in deposits.withLock({ list in
                defer { list.removeAll() }
                return list
            }) {
                var event = Event()
                event.kind = Event.Kind.deposited
                event.account = account
                event.counterOrderId = 1
                event.lots = 500
                openBlock()
                write(kind: RingRecord.ToGateway.events, session: 0, tag: 0, [event])
                work += 1
            }
            if output.hasUncommitted {
                output.commit()
                wakeGateway()
            }
            if work == 0 {
                parker.park(timeoutMs: 50) {
                    isStopped.load(ordering: .acquiring)
                        || ports.contains { !$0.toExecutor.isEmpty } && !isPaused.load(ordering: .acquiring)
                        || deposits.withLock { !$0.isEmpty }
                }
            }
        }
    }

    private func openBlock() {
        block += 1
        position = 0
        write(kind: RingRecord.ToGateway.blockOpened, session: 0, tag: 0, byteCount: 16) { body in
            body.storeBytes(of: self.block, as: UInt64.self)
            body.storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
        }
    }

    private func handle(_ record: RingRecord) {
        switch record.kind {
        case RingRecord.ToExecutor.commands: commands(record)
        case RingRecord.ToExecutor.query: query(record)
        case RingRecord.ToExecutor.disconnected:
            guard let base = record.body.baseAddress else { return }
            let signer = Address(loadingFrom: base)
            disconnected.withLock { $0.append(signer) }
        default: preconditionFailure("kind \(record.kind)")
        }
    }

    private func commands(_ record: RingRecord) {
        let nonce = record.body.loadUnaligned(fromByteOffset: EnvelopeLayout.nonce, as: UInt64.self)
        if nonce < 100 { return result(record, nonce: nonce, code: UInt16(nonce), []) }
        let account = UInt32(record.body[EnvelopeLayout.signer])
        let payload = UnsafeRawBufferPointer(rebasing: record.body[EnvelopeLayout.payload...])
        var offset = 0
        var index: UInt16 = 0
        var events: [Event] = []
        while let command = Command.decode(payload, at: &offset) {
            events += self.events(of: command, account: account, index: index)
            index += 1
        }
        guard offset == payload.count else { return result(record, nonce: nonce, code: RejectCode.malformedPayload.rawValue, []) }
        sequence += 1
        result(record, nonce: nonce, code: 0, events)
    }

    private func events(of command: Command, account: UInt32, index: UInt16) -> [Event] {
        var event = Event()
        event.commandIndex = index
        event.account = account
        switch command {
        case .place(let order):
            let lots = order.lots
            event.market = order.market
            event.side = order.flags.side.rawValue
            event.priceCode = order.priceCode
            event.clientOrderId = order.clientOrderId
            guard lots < 1000 || lots > 2000 else {
                event.kind = Event.Kind.rejected
                event.code = UInt16(lots - 1000)
                return [event]
            }
            event.kind = Event.Kind.placed
            guard order.flags.timeInForce == .immediateOrCancel else {
                event.orderId = UInt64(index) << 32 | 10
                event.remaining = lots
                return [event]
            }
            event.lots = lots
            var fill = event
            fill.kind = Event.Kind.fill
            fill.counterAccount = Self.makerAccount
            fill.counterOrderId = 99
            fill.clientOrderId = 55
            fill.remaining = 3
            return [fill, event]
        case .cancel(let market, let orderId):
            event.market = market
            event.orderId = orderId
            event.kind = orderId % 2 == 0 ? Event.Kind.cancelled : Event.Kind.rejected
            event.remaining = orderId % 2 == 0 ? 4 : 0
            event.code = orderId % 2 == 0 ? 0 : RejectCode.unknownOrder.rawValue
        case .cancelByClientId: event.kind = Event.Kind.cancelled
        case .withdraw(let token, let atoms):
            event.kind = Event.Kind.withdrawn
            event.orderId = 1
            event.counterOrderId = UInt64(token)
            event.lots = atoms
        case .approveAgent, .revokeAgent: event.kind = Event.Kind.agentChanged
        default: event.kind = Event.Kind.settingChanged
        }
        return [event]
    }

    private func result(_ record: RingRecord, nonce: UInt64, code: UInt16, _ events: [Event]) {
        // In parts, as the executor does with very long results.
        let partMax = 300
        var start = 0
        repeat {
            let part = events[start..<min(start + partMax, events.count)]
            start += part.count
            write(
                kind: RingRecord.ToGateway.result, flags: start < events.count ? RingRecord.Flags.continues : 0, session: record.session,
                tag: record.tag, Array(part),
                header: { body in
                    body.initializeMemory(as: UInt8.self, repeating: 0, count: ResultLayout.events)
                    body.storeBytes(of: code == 0 ? self.sequence : 0, toByteOffset: ResultLayout.sequence, as: UInt64.self)
                    body.storeBytes(of: self.block, toByteOffset: ResultLayout.block, as: UInt64.self)
                    body.storeBytes(of: nonce, toByteOffset: ResultLayout.nonce, as: UInt64.self)
                    body.storeBytes(of: code == 0 ? self.position : UInt32.max, toByteOffset: ResultLayout.position, as: UInt32.self)
                    body.storeBytes(of: code, toByteOffset: ResultLayout.rejectCode, as: UInt16.self)
                    body.storeBytes(of: UInt16(part.count), toByteOffset: ResultLayout.eventCount, as: UInt16.self)
                    body.storeBytes(
                        of: Address(loadingFrom: record.body.baseAddress! + EnvelopeLayout.signer), toByteOffset: ResultLayout.signer,
                        as: Address.self)
                })
        } while start < events.count
        if code == 0 { position += 1 }
    }

    private func query(_ record: RingRecord) {
        let kind = record.body[QueryLayout.kind]
        guard kind != QueryKind.balances.rawValue else { return balances(record) }
        let depth = kind == QueryKind.book.rawValue ? Int(record.body.load(fromByteOffset: QueryLayout.depth, as: UInt16.self)) : 0
        var reply = [UInt8](repeating: 0, count: QueryReply.Account.balances + depth * BookLevel.byteCount)
        reply[QueryReply.kind] = kind
        let first = UInt32(record.body[QueryLayout.address])
        let isFound = (1..<200).contains(first) || known.withLock { $0.contains(first) }
        reply[QueryReply.isFound] = isFound ? 1 : 0
        if isFound {
            reply.withUnsafeMutableBytes { bytes in
                // The record's owner is its first field, its id its sixth.
                let start = QueryReply.Account.account
                for index in 0..<20 { bytes[start + index] = record.body[QueryLayout.address + index] }
                bytes.storeBytes(of: first, toByteOffset: start + 36, as: UInt32.self)
            }
        }
        write(kind: RingRecord.ToGateway.queryReply, session: record.session, tag: record.tag, byteCount: reply.count) { body in
            reply.withUnsafeBytes { body.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        }
    }

    /// Every account has 100 free and 5 locked atoms of token 1.
    private func balances(_ record: RingRecord) {
        let account = record.body.load(fromByteOffset: QueryLayout.account, as: UInt32.self)
        let byteCount = QueryReply.Balances.holdings + QueryReply.Holding.bytes
        write(kind: RingRecord.ToGateway.queryReply, session: record.session, tag: record.tag, byteCount: byteCount) { body in
            body.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
            body.storeBytes(of: QueryKind.balances.rawValue, toByteOffset: QueryReply.kind, as: UInt8.self)
            body.storeBytes(of: 1, toByteOffset: QueryReply.isFound, as: UInt8.self)
            body.storeBytes(of: 1, toByteOffset: QueryReply.count, as: UInt32.self)
            body.storeBytes(of: account, toByteOffset: QueryReply.Balances.account, as: UInt32.self)
            let holding = body + QueryReply.Balances.holdings
            holding.storeBytes(of: 1, toByteOffset: QueryReply.Holding.token, as: UInt32.self)
            holding.storeBytes(of: 100, toByteOffset: QueryReply.Holding.free, as: UInt64.self)
            holding.storeBytes(of: 5, toByteOffset: QueryReply.Holding.locked, as: UInt64.self)
        }
    }

    private func write(
        kind: UInt8, flags: UInt8 = 0, session: UInt32, tag: UInt64, _ events: [Event], header: ((UnsafeMutableRawPointer) -> Void)? = nil
    ) {
        let headerBytes = header == nil ? 0 : ResultLayout.events
        let eventBytes = events.count * MemoryLayout<Event>.stride
        write(kind: kind, flags: flags, session: session, tag: tag, byteCount: headerBytes + eventBytes) { body in
            header?(body)
            events.withUnsafeBytes { if let base = $0.baseAddress { (body + headerBytes).copyMemory(from: base, byteCount: eventBytes) } }
        }
    }

    private func write(
        kind: UInt8, flags: UInt8 = 0, session: UInt32, tag: UInt64, byteCount: Int, _ fill: (UnsafeMutableRawPointer) -> Void
    ) {
        while !output.tryWrite(kind: kind, flags: flags, session: session, tag: tag, bodyBytes: byteCount, fill) {
            output.commit()
            wakeGateway()
            usleep(1000)
            if isStopped.load(ordering: .acquiring) { return }
        }
    }
}
