import Engine
import Foundation
import Logging
import Sequencer
import Signing

// A node's core without gateway and L1, made to be killed: `CrashNode DIRECTORY process|fsync BYTES-OF-THE-EVENT-LOG`.
//
// Frames on stdin: u32 length of the content, u8 kind, content. Kind 1: an envelope. Kind 2: inbox messages, behind the index of the first, u64.
// Kind 3: a stream position, u64; everything admitted after it is told. Kind 4: a signer whose session has ended.
// Answers on stdout, 32 bytes for each envelope in order: sequence u64, block u64, nonce u64, position u32, code u16, note u16 (see `Note`).
// At the end of stdin, or on SIGTERM, it stops gracefully and exits with 0. Short intervals make every kind of moment likely.

/// Reads exactly `count` bytes; nil at the end of stdin.
func readExactly(_ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
        let got = bytes.withUnsafeMutableBytes { read(0, $0.baseAddress! + done, count - done) }
        guard got > 0 else { return nil }
        done += got
    }
    return bytes
}

// Interrupts the read that waits, and fails the next one if none does.
var onTermination = sigaction()
onTermination.__sigaction_handler.sa_handler = { _ in close(0) }
sigaction(SIGTERM, &onTermination, nil)
// The mask is that of whichever thread of the tests made this process.
var termination = sigset_t()
sigaddset(&termination, SIGTERM)
pthread_sigmask(SIG_UNBLOCK, &termination, nil)

guard CommandLine.arguments.count == 4, let durability = Durability(rawValue: CommandLine.arguments[2]),
    let eventLogBytes = Int(CommandLine.arguments[3])
else { fatalError("usage: CrashNode DIRECTORY process|fsync BYTES-OF-THE-EVENT-LOG") }
var logger = Logger(label: "crash-node") { StreamLogHandler.standardError(label: $0) }
logger.logLevel = .error
var configuration = SequencerConfiguration(
    directory: try DataDirectory(creating: CommandLine.arguments[1]),
    deployment: DeploymentIdentity(chainId: 31337, rollup: Address(), genesis: Hash256()),
    key: try PrivateKey(hex: String(repeating: "11", count: 32)))
configuration.durability = durability
configuration.executor.blockIntervalMs = 10
configuration.executor.idleBlockIntervalMs = 40
configuration.executor.groupRecordsMax = 8
configuration.executor.groupBytesMax = 4096
configuration.executor.briefBytesMax = 4096
configuration.executor.blockBytesMax = 4096
configuration.batchAgeMsMax = 60
configuration.checkpointIntervalMs = 10
configuration.incrementsMax = 2
configuration.eventLogBytes = eventLogBytes
configuration.executor.outputReserveBytes = min(configuration.executor.outputReserveBytes, eventLogBytes / 4)
// So small that it goes round, and that orders wait for it.
configuration.journalTailBytes = 1 << 16

let sequencer: Sequencer
do {
    sequencer = try Sequencer(configuration, logger: logger)
} catch {
    FileHandle.standardError.write(Data("refused: \(error)\n".utf8))
    exit(3)
}
let answersReady = try Parker()
sequencer.shared.connect(
    wakeGateway: { answersReady.wake() }, blockSealed: nil,
    failed: { error in
        FileHandle.standardError.write(Data("failed: \(error)\n".utf8))
        _exit(4)
    })
try sequencer.start()

let port = sequencer.ports[0]
let writer = Thread {
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, nil)
    let lookBack = LookBack(port)
    while true {
        lookBack.answerRequests()
        let hasRead = port.fromExecutor.read { record in
            // What the end of a session caused is nobody's answer.
            if record.kind == RingRecord.ToGateway.result, record.session != 0 { lookBack.answer(record) }
        }
        if !hasRead { answersReady.park(timeoutMs: -1) { !port.fromExecutor.isEmpty || LookBack.requests.withLock { !$0.isEmpty } } }
    }
}
writer.start()

while let header = readExactly(5) {
    let length = header.withUnsafeBytes { Int($0.loadUnaligned(as: UInt32.self)) }
    guard let content = readExactly(length) else { break }
    if header[4] == 2 {
        let (first, messages) = content.withUnsafeBytes { bytes in
            (
                bytes.loadUnaligned(as: UInt64.self),
                stride(from: 8, to: length, by: InboxMessage.bytes).map { InboxMessage(loadingFrom: bytes.baseAddress! + $0) }
            )
        }
        precondition(sequencer.inbox.push(messages, first: first, l1Block: first + UInt64(messages.count)))
        continue
    }
    if header[4] == 3 {
        let position = StreamPosition(rawValue: content.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        LookBack.requests.withLock { $0.append(position) }
        answersReady.wake()
        continue
    }
    let input = port.toExecutor
    let fill: (UnsafeMutableRawPointer) -> Void = { body in
        content.withUnsafeBytes { body.copyMemory(from: $0.baseAddress!, byteCount: length) }
    }
    // The ring is larger than what the test ever has in flight.
    let isEnd = header[4] == 4
    let kind = isEnd ? RingRecord.ToExecutor.disconnected : RingRecord.ToExecutor.commands
    precondition(input.tryWrite(kind: kind, session: isEnd ? 0 : 1, tag: 0, bodyBytes: length, fill))
    input.commit()
    // As a gateway does: in the executor's place where that sleeps. The other thread reads the log.
    if !sequencer.stepInPlace(makeRoom: {}) { sequencer.wakeExecutor() }
}
try sequencer.stop()
exit(0)
