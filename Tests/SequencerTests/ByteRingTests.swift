import Foundation
import SeededRandom
import Synchronization
import Testing

@testable import Sequencer

@Suite struct ByteRingTests {
    @Test func aRecordComesOutAsItWentIn() throws {
        let ring = try ByteRing(capacity: 1024)
        for bodyBytes in 0...100 {
            #expect(
                ring.tryWrite(kind: 7, flags: 1, session: 0xDEAD_BEEF, tag: UInt64.max - 3, bodyBytes: bodyBytes) { body in
                    for index in 0..<bodyBytes { body.storeBytes(of: UInt8(index), toByteOffset: index, as: UInt8.self) }
                })
            #expect(ring.isEmpty, "nothing is visible before the commit")
            ring.commit()
            let hasRead = ring.read { record in
                #expect(record.kind == 7)
                #expect(record.flags == 1)
                #expect(record.session == 0xDEAD_BEEF)
                #expect(record.tag == UInt64.max - 3)
                #expect(Array(record.body) == (0..<bodyBytes).map { UInt8($0) })
                #expect(Int(bitPattern: record.body.baseAddress) % 8 == 0)
            }
            #expect(hasRead)
            #expect(!ring.read { _ in Issue.record("the ring is empty") })
        }
    }

    @Test func aFullRingRefusesAndLosesNothing() throws {
        let ring = try ByteRing(capacity: 256)
        var written: UInt64 = 0
        while ring.tryWrite(kind: 1, session: 0, tag: written, bodyBytes: 8, { $0.storeBytes(of: written, as: UInt64.self) }) {
            written += 1
        }
        #expect(written == 8, "eight records of 32 bytes fill 256 bytes to the last byte")
        ring.commit()
        #expect(ring.usedBytes == 256)
        var seen: UInt64 = 0
        for round in 0..<1000 {
            let hasRead = ring.read { record in
                #expect(record.tag == seen)
                seen += 1
            }
            #expect(hasRead)
            #expect(
                ring.tryWrite(kind: 1, session: 0, tag: written, bodyBytes: 8) { $0.storeBytes(of: written, as: UInt64.self) }, "\(round)")
            #expect(!ring.tryWrite(kind: 1, session: 0, tag: 0, bodyBytes: 0) { _ in })
            written += 1
            ring.commit()
        }
    }

    @Test func theLargestRecordAlwaysFitsAnEmptyRing() throws {
        let ring = try ByteRing(capacity: 512)
        let bodyBytes = ring.recordBytesMax - RingRecord.headerBytes
        for offset in 0..<64 {
            #expect(ring.tryWrite(kind: 1, session: 0, tag: UInt64(offset), bodyBytes: 8 * (offset % 5)) { _ in })
            ring.commit()
            #expect(ring.read { _ in })
            #expect(
                ring.tryWrite(kind: 2, session: 0, tag: 0, bodyBytes: bodyBytes) {
                    $0.initializeMemory(as: UInt8.self, repeating: 9, count: bodyBytes)
                })
            ring.commit()
            var isIntact = false
            _ = ring.read { isIntact = $0.body.allSatisfy { $0 == 9 } }
            #expect(isIntact)
        }
    }

    @Test func peekingShowsEachRecordOnceAndBeforeItIsRead() throws {
        let ring = try ByteRing(capacity: 512)
        var random = SeededGenerator(seed: 7)
        var (written, peeked, read) = (UInt64(0), UInt64(0), UInt64(0))
        for _ in 0..<10_000 {
            let bodyBytes = Int.random(in: 0...40, using: &random)
            if Bool.random(using: &random),
                ring.tryWrite(
                    kind: 1, session: 0, tag: written, bodyBytes: bodyBytes,
                    { $0.initializeMemory(as: UInt8.self, repeating: 0, count: bodyBytes) })
            {
                written += 1
                ring.commit()
            }
            if Bool.random(using: &random) {
                let expected = max(peeked, read)
                let isShown = ring.peek(recordsMax: 3) { #expect($0.tag == expected) }
                #expect(isShown == (expected < written && expected < read + 3))
                peeked = isShown ? expected + 1 : expected
            }
            if Bool.random(using: &random), ring.read({ #expect($0.tag == read) }) { read += 1 }
        }
        #expect(read > 2_000 && peeked > 1_000)
    }

    @Test func twoThreadsMillionsOfRecords() throws {
        let count = UInt64(ProcessInfo.processInfo.environment["MEMEX_RING_RECORDS"] ?? "") ?? 3_000_000
        let seed = UInt64(ProcessInfo.processInfo.environment["MEMEX_SEED"] ?? "") ?? UInt64.random(in: 0...(.max))
        print("seed \(seed), \(count) records")
        let ring = try ByteRing(capacity: 1 << 16)
        var noiseSource = SeededGenerator(seed: seed)
        let noise = (0..<8192).map { _ in UInt8.random(in: 0...255, using: &noiseSource) }
        let toConsumer = try Parker()
        let toProducer = try Parker()
        let producer = Thread {
            var random = SeededGenerator(seed: seed)
            var tag: UInt64 = 0
            while tag < count {
                var following = random
                let value = following.next()
                // Mostly small, sometimes a page, with bursts between commits.
                let bodyBytes = Int(value & 63 == 0 ? value >> 8 & 4095 : value >> 8 & 127)
                let source = Int(value >> 32 & 4095)
                let isWritten = ring.tryWrite(kind: 1, session: UInt32(truncatingIfNeeded: value), tag: tag, bodyBytes: bodyBytes) { body in
                    noise.withUnsafeBytes { body.copyMemory(from: $0.baseAddress! + source, byteCount: bodyBytes) }
                }
                if isWritten {
                    random = following
                    tag += 1
                } else {
                    ring.commit()
                    toConsumer.wake()
                    toProducer.park(timeoutMs: 10_000) { ring.hasRoom(8192) }
                }
                if value >> 60 == 0 {
                    ring.commit()
                    toConsumer.wake()
                }
            }
            ring.commit()
            toConsumer.wake()
        }
        producer.start()
        var random = SeededGenerator(seed: seed)
        var expected: UInt64 = 0
        var mismatches = 0
        while expected < count {
            let hasRead = ring.read { record in
                let value = random.next()
                let bodyBytes = Int(value & 63 == 0 ? value >> 8 & 4095 : value >> 8 & 127)
                let source = Int(value >> 32 & 4095)
                let isGood =
                    record.tag == expected && record.session == UInt32(truncatingIfNeeded: value) && record.body.count == bodyBytes
                    && noise.withUnsafeBytes { memcmp($0.baseAddress! + source, record.body.baseAddress!, bodyBytes) } == 0
                if !isGood { mismatches += 1 }
                expected += 1
            }
            toProducer.wake()
            if !hasRead { toConsumer.park(timeoutMs: 10_000) { !ring.isEmpty } }
        }
        #expect(mismatches == 0, "seed \(seed)")
        #expect(ring.usedBytes == 0)
    }

    /// Ping-pong with parking on every hop: one lost wake-up costs the timeout, which the sum shows.
    @Test func noWakeUpIsLost() throws {
        let rounds: UInt64 = 50_000
        let there = try ByteRing(capacity: 256)
        let back = try ByteRing(capacity: 256)
        let thereParker = try Parker()
        let backParker = try Parker()
        let echo = Thread {
            for _ in 0..<rounds {
                while true {
                    var tag: UInt64 = 0
                    if there.read({ tag = $0.tag }) {
                        _ = back.tryWrite(kind: 1, session: 0, tag: tag, bodyBytes: 0) { _ in }
                        back.commit()
                        backParker.wake()
                        break
                    }
                    thereParker.park(timeoutMs: 20_000) { !there.isEmpty }
                }
            }
        }
        echo.start()
        let clock = ContinuousClock()
        var mismatches = 0
        var longest = Duration.zero
        for round in 0..<rounds {
            let start = clock.now
            _ = there.tryWrite(kind: 1, session: 0, tag: round, bodyBytes: 0) { _ in }
            there.commit()
            thereParker.wake()
            while !back.read({ if $0.tag != round { mismatches += 1 } }) {
                backParker.park(timeoutMs: 20_000) { !back.isEmpty }
            }
            longest = max(longest, clock.now - start)
        }
        #expect(mismatches == 0)
        #expect(longest < .seconds(10), "a lost wake-up costs the whole timeout of 20 s")
    }
}
