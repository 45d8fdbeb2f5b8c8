import Engine
import Testing

@testable import Gateway

@Suite struct WatchedSessionsTests {
    static func payload(_ commands: [Command]) -> [UInt8] {
        var bytes: [UInt8] = []
        for command in commands {
            var encoded = [UInt8](repeating: 0, count: Command.bytesMax)
            let count = encoded.withUnsafeMutableBytes { $0.baseAddress.map { command.encode(to: $0) } ?? 0 }
            bytes += encoded.prefix(count)
        }
        return bytes
    }

    static func tag(_ watched: inout WatchedSessions, _ commands: [Command], signer: UInt8 = 1) -> UInt64 {
        payload(commands).withUnsafeBytes { watched.tag(of: $0, signer: ServerMessageTests.address(signer)) }
    }

    static func ended(_ watched: inout WatchedSessions) -> [UInt8] {
        var signers: [UInt8] = []
        watched.takeEnded {
            signers.append($0[0])
            return true
        }
        return signers
    }

    @Test func watchesWhoTurnsItOn() {
        var watched = WatchedSessions()
        let place = Command.place(lots: 12)
        #expect(Self.tag(&watched, [place, .cancelOnDisconnect(false), .cancelAll(market: 0, sides: .both)]) == 0)
        let tag = Self.tag(&watched, [.useAccount(12), place, .cancelOnDisconnect(true), .cancelOnDisconnect(false)])
        #expect(tag != 0)
        watched.applied(tag: 0, session: 7, isOpen: true)
        watched.ended(session: 7)
        #expect(!watched.hasEnded)
        watched.applied(tag: tag, session: 7, isOpen: true)
        watched.ended(session: 8)
        #expect(!watched.hasEnded)
        watched.ended(session: 7)
        #expect(Self.ended(&watched) == [1])
        watched.ended(session: 7)
        #expect(Self.ended(&watched) == [])
    }

    @Test func anotherThreadsConnectionTakesOver() {
        var watched = WatchedSessions()
        let tag = Self.tag(&watched, [.cancelOnDisconnect(true)])
        watched.applied(tag: tag, session: 7, isOpen: true)
        var signer = Address.zero
        watched.ended(session: 7)
        watched.takeEnded {
            signer = $0
            return true
        }
        let second = Self.tag(&watched, [.cancelOnDisconnect(true)])
        watched.applied(tag: second, session: 8, isOpen: true)
        watched.tookOver(signer)
        watched.ended(session: 8)
        #expect(!watched.hasEnded)
    }

    @Test func refusedBatchesWatchNothing() {
        var watched = WatchedSessions()
        let tag = Self.tag(&watched, [.cancelOnDisconnect(true)])
        watched.forget(tag: tag)
        watched.applied(tag: tag, session: 7, isOpen: true)
        watched.ended(session: 7)
        #expect(!watched.hasEnded)
    }

    @Test func aConnectionThatIsGoneByThenHasEnded() {
        var watched = WatchedSessions()
        let tag = Self.tag(&watched, [.cancelOnDisconnect(true)])
        watched.ended(session: 7)
        #expect(!watched.hasEnded)
        watched.applied(tag: tag, session: 7, isOpen: false)
        #expect(Self.ended(&watched) == [1])
    }

    @Test func theLatestConnectionCounts() {
        var watched = WatchedSessions()
        for session in [UInt32(7), 8, 8] {
            let tag = Self.tag(&watched, [.cancelOnDisconnect(true)])
            watched.applied(tag: tag, session: session, isOpen: true)
        }
        watched.ended(session: 7)
        #expect(!watched.hasEnded)
        watched.ended(session: 8)
        #expect(Self.ended(&watched) == [1])
    }

    @Test func nothingIsLostWhileTheRingIsFull() {
        var watched = WatchedSessions()
        for signer in UInt8(1)...4 {
            let tag = Self.tag(&watched, [.cancelOnDisconnect(true)], signer: signer)
            watched.applied(tag: tag, session: 7, isOpen: true)
        }
        watched.ended(session: 7)
        var room = 2
        var first: [UInt8] = []
        watched.takeEnded {
            guard room > 0 else { return false }
            room -= 1
            first.append($0[0])
            return true
        }
        #expect(first == [1, 2] && watched.hasEnded)
        #expect(Self.ended(&watched) == [3, 4] && !watched.hasEnded)
    }

    /// Whatever a payload holds is scanned without a trap; the engine refuses what is malformed.
    @Test func anyBytesAreScanned() {
        var watched = WatchedSessions()
        for length in 0..<40 {
            for byte in [UInt8(0), 1, 8, 12, 13, 255] {
                [UInt8](repeating: byte, count: length).withUnsafeBytes { _ = watched.tag(of: $0, signer: .zero) }
            }
        }
    }
}
