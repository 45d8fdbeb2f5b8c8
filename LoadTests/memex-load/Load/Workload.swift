import CLinux
import Engine
import Foundation
import Gateway
import Signing
import Synchronization

/// Every batch of a run, signed before the run begins: batch i is due i / rate seconds after its start and has nonce `firstNonce + i`.
struct Workload {
    let lanes: [Lane]
    let firstNonce: UInt64
    private(set) var batchCount = 0
    private(set) var commandCount = 0
    /// Connection of each batch.
    private(set) var laneOfBatch: [UInt16] = []
    /// Commands before each batch's end.
    private(set) var commandEnds: [Int] = []

    /// Takes up to `batchCountMax` batches from `flow`. Those of an account all go over one connection, so that its cancels do not overtake its orders.
    init(_ flow: some CommandFlow, batchCountMax: Int, keys: [PrivateKey], connections: Int, firstNonce: UInt64) {
        self.firstNonce = firstNonce
        lanes = (0..<connections).map { _ in Lane() }
        laneOfBatch.reserveCapacity(batchCountMax)
        commandEnds.reserveCapacity(batchCountMax)
        let lanes = lanes
        var (batches, commandTotal) = (0, 0)
        var ofBatch: [UInt16] = []
        var ends: [Int] = []
        guard batchCountMax > 0 else { return }
        flow.forEach { account, commands in
            lanes[account % connections].append(
                batch: batches, commands, nonce: firstNonce + UInt64(batches), signer: keys[account].address)
            ofBatch.append(UInt16(account % connections))
            batches += 1
            commandTotal += commands.count
            ends.append(commandTotal)
            return batches < batchCountMax
        }
        (batchCount, commandCount, laneOfBatch, commandEnds) = (batches, commandTotal, ofBatch, ends)
    }

    /// Commands of one batch.
    func commandCount(of batch: Int) -> Int { commandEnds[batch] - (batch > 0 ? commandEnds[batch - 1] : 0) }

    /// Signs everything on all cores; `progress` gets the share that is done, now and then, on this thread.
    func sign(keys: [PrivateKey], domain: SigningDomain, progress: (Double) -> Void) {
        let byAddress = Dictionary(keys.map { ($0.address, $0) }) { first, _ in first }
        let pieceFrames = 512
        let pieces = lanes.flatMap { lane in
            stride(from: 0, to: lane.count, by: pieceFrames).map { (lane, $0..<min($0 + pieceFrames, lane.count)) }
        }
        let nextPiece = Atomic<Int>(0)
        let group = DispatchGroup()
        let work: @Sendable () -> Void = {
            var random = SystemRandomNumberGenerator()
            while true {
                let piece = nextPiece.add(1, ordering: .relaxed).oldValue
                guard piece < pieces.count else { return }
                pieces[piece].0.finish(pieces[piece].1, keys: byAddress, domain: domain, random: &random)
            }
        }
        for _ in 0..<ProcessInfo.processInfo.activeProcessorCount { DispatchQueue.global().async(group: group, execute: work) }
        while group.wait(timeout: .now() + .seconds(1)) == .timedOut {
            progress(min(1, Double(nextPiece.load(ordering: .relaxed)) / Double(max(1, pieces.count))))
        }
    }
}
