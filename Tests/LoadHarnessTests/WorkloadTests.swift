import Engine
import Gateway
import Signing
import Testing

@testable import memex_load

/// What the harness sends: well-formed, signed, and cancels that name orders placed before them on the same connection.
struct WorkloadTests {
    private let keys = (0..<6).map { _ in PrivateKey.generate() }
    private let domain = SigningDomain(chainId: 7, rollup: Address())

    private func workload(batch: Int, count: Int, mix: String) throws -> Workload {
        var shape = FlowShape()
        shape.middle = PriceCode.code(mantissa: 50_000, exponent: 20)
        shape.accountCount = keys.count
        shape.commandsPerBatch = batch
        shape.clientOrderBase = 1 << 30
        var flow = GeneratedFlow(shape: shape, mix: try #require(CommandMix(mix)), seed: 11)
        flow.anchors = keys.indices.map { .init(orderId: UInt64($0) + 1, priceCode: 5, lots: 1_000_000) }
        let workload = Workload(flow, batchCountMax: count, keys: keys, connections: 4, firstNonce: 1000)
        workload.sign(keys: keys, domain: domain) { _ in }
        return workload
    }

    /// Unmasked messages of a lane.
    private func messages(_ lane: Lane) -> [[UInt8]] {
        lane.ends.indices.map { index in
            let frame = Array(lane.bytes[(index == 0 ? 0 : lane.ends[index - 1])..<lane.ends[index]])
            let headerBytes = frame[1] == 0x80 | 126 ? 4 : 2
            let length = headerBytes == 4 ? Int(frame[2]) << 8 | Int(frame[3]) : Int(frame[1] & 0x7F)
            #expect(frame[0] == 0x82 && frame[1] & 0x80 != 0 && frame.count == headerBytes + 4 + length)
            let mask = frame[headerBytes..<headerBytes + 4]
            return frame[(headerBytes + 4)...].enumerated().map { $1 ^ mask[mask.startIndex + $0 & 3] }
        }
    }

    @Test(arguments: [1, 2, 50])
    func framesHoldSignedBatches(batch: Int) throws {
        let workload = try workload(batch: batch, count: 203, mix: "place:5,cancel:4,modify:1")
        #expect(workload.batchCount == 203 && workload.commandCount == 203 * batch)
        let verifier = SignatureVerifier()
        var nonces: [UInt64] = []
        for lane in workload.lanes {
            for (index, message) in messages(lane).enumerated() {
                try message.withUnsafeBytes { bytes in
                    guard case .commands(let envelopeBytes) = try ClientMessage.decode(bytes), let envelope = Envelope(envelopeBytes) else {
                        Issue.record("no commands message")
                        return
                    }
                    #expect(envelope.nonce == 1000 + UInt64(lane.batches[index]))
                    nonces.append(envelope.nonce)
                    let digest = domain.commandsDigest(nonce: envelope.nonce, payload: envelope.payload)
                    #expect(verifier.isValid(envelope.signature.loadUnaligned(as: Signature.self), of: digest, by: envelope.signer))
                }
            }
        }
        #expect(nonces.sorted() == (1000..<1203).map { UInt64($0) })
    }

    @Test func cancelsNameOrdersPlacedBeforeOnTheSameConnection() throws {
        let workload = try workload(batch: 3, count: 2000, mix: "place:1,cancel:3")
        var cancels = 0
        for lane in workload.lanes {
            var live: Set<[UInt64]> = []
            for message in messages(lane) {
                message.withUnsafeBytes { bytes in
                    let account = UInt64(keys.firstIndex { $0.address == Address(loadingFrom: bytes.baseAddress! + 4) }!)
                    var offset = Wire.commandsHeaderBytes
                    while offset < bytes.count {
                        let type = bytes[offset]
                        if type == 1 {
                            let id = bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self)
                            #expect(live.insert([account, id]).inserted)
                        } else {
                            #expect(type == 3)
                            #expect(live.remove([account, bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt64.self)]) != nil)
                            cancels += 1
                        }
                        offset += Command.byteCount(type: type)
                    }
                }
            }
        }
        #expect(cancels > 2000)
    }

    @Test func messagesAreDueEvenlyWhateverHappens() {
        for perSecond in [1.0, 3, 333, 29_999.5, 1_000_000] {
            let schedule = Schedule(startNs: 5_000, perSecond: perSecond)
            #expect(schedule.dueCount(atNs: 4_999, of: 100) == 0)
            for index in [0, 1, 2, 9, 99] {
                let due = schedule.dueNs(index)
                #expect(schedule.dueCount(atNs: due, of: 100) == index + 1)
                #expect(schedule.dueCount(atNs: due - 1, of: 100) == index)
            }
            #expect(schedule.dueCount(atNs: schedule.dueNs(10_000), of: 100) == 100)
            #expect(abs(Double(schedule.dueNs(1_000) - 5_000) - 1_000e9 / perSecond) <= 1)
        }
    }

    @Test func mixesAreReadAndDrawn() throws {
        let mix = try #require(CommandMix("cancel:40,place:60"))
        #expect(mix.description == "place:60,cancel:40,modify:0" && !mix.hasModify)
        for bad in ["", "place", "place:", "place:-1", "place:1,place:1", "take:1", "cancel:1", "place:1,", "place:0,cancel:5"] {
            #expect(CommandMix(bad) == nil, "\(bad)")
        }
        var generator = SystemRandomNumberGenerator()
        let places = (0..<100_000).filter { _ in mix.draw(using: &generator) == .place }.count
        #expect((59_000...61_000).contains(places))
    }
}
