import Engine
import Foundation
import Logging
import SeededRandom
import Signing

@testable import Sequencer

/// A small exchange for tests: ETH, one meme coin, one market, some funded traders.
enum TestMarket {
    static let startMs: UInt64 = 1_700_000_000_000
    static let eth: UInt64 = 1
    static let meme: UInt64 = 2
    static let market: UInt16 = 1
    static let traderCount: UInt32 = 4
    static let feeOwner = Address.numbered(1000)

    static func trader(_ index: UInt32) -> Address { .numbered(index + 1) }

    /// What L1 would send first: listings, then deposits for every trader.
    static var inbox: [InboxMessage] {
        var messages: [InboxMessage] = [
            .token(id: eth, address: .zero, decimals: 9), .token(id: meme, address: .numbered(0xE20), decimals: 6),
            .market(id: UInt64(market), feeOwner: feeOwner, base: meme, quote: eth, lotExponent: 6),
        ]
        for index in 0..<traderCount {
            messages.append(.deposit(owner: trader(index), token: eth, atoms: 1_000_000_000_000_000))
            messages.append(.deposit(owner: trader(index), token: meme, atoms: 1_000_000_000_000_000))
        }
        return messages
    }

    /// An envelope without a valid signature: the executor leaves those to the gateway.
    static func envelope(_ signer: Address, nonce: UInt64, _ commands: [Command]) -> [UInt8] {
        var bytes = withUnsafeBytes(of: signer) { Array($0) }
        withUnsafeBytes(of: nonce) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: [UInt8](repeating: UInt8(truncatingIfNeeded: nonce), count: 64))
        for command in commands {
            let encoded = [UInt8](unsafeUninitializedCapacity: Command.bytesMax) { buffer, count in
                count = command.encode(to: UnsafeMutableRawPointer(buffer.baseAddress!))
            }
            bytes.append(contentsOf: encoded)
        }
        return bytes
    }

    static func place(_ side: Side, mantissa: UInt32, lots: UInt64, id: UInt64 = 0, _ timeInForce: TimeInForce = .goodTilCancelled)
        -> Command
    {
        .place(
            market: market, side: side, timeInForce: timeInForce, priceCode: PriceCode.code(mantissa: mantissa, exponent: 15), lots: lots,
            clientOrderId: id)
    }

    /// A random, mostly valid envelope of one to four commands.
    static func randomEnvelope(nonce: UInt64, using random: inout SeededGenerator) -> [UInt8] {
        let commands = (0..<Int.random(in: 1...4, using: &random)).map { _ -> Command in
            let id = UInt64.random(in: 1...40, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0, 1: return .cancelByClientId(market: market, clientOrderId: id)
            case 2:
                return .withdraw(
                    token: UInt32(Bool.random(using: &random) ? eth : meme), atoms: UInt64.random(in: 0...1000, using: &random))
            default:
                let side = Bool.random(using: &random) ? Side.buy : .sell
                return place(
                    side, mantissa: 50_000 + UInt32.random(in: 0...40, using: &random), lots: UInt64.random(in: 0...50, using: &random),
                    id: id)
            }
        }
        return envelope(trader(UInt32.random(in: 0..<traderCount, using: &random)), nonce: nonce, commands)
    }

    static let key = try! PrivateKey(hex: String(repeating: "11", count: 32))

    static func configuration(_ directory: borrowing TestDirectory) throws -> SequencerConfiguration {
        var configuration = try SequencerConfiguration(
            directory: DataDirectory(creating: directory.path + "/data"), deployment: .test, key: key)
        configuration.eventLogBytes = 1 << 20
        configuration.journalTailBytes = 1 << 20
        return configuration
    }

    static var quiet: Logger { Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }) }
}

/// A result record, copied out of the ring.
struct TestResult: Equatable {
    var tag: UInt64
    var sequence: UInt64
    var block: UInt64
    var nonce: UInt64
    var position: UInt32
    var code: RejectCode
    var eventKinds: [UInt8]

    init(_ record: RingRecord) {
        let body = record.body
        tag = record.tag
        sequence = body.loadUnaligned(fromByteOffset: ResultLayout.sequence, as: UInt64.self)
        block = body.loadUnaligned(fromByteOffset: ResultLayout.block, as: UInt64.self)
        nonce = body.loadUnaligned(fromByteOffset: ResultLayout.nonce, as: UInt64.self)
        position = body.loadUnaligned(fromByteOffset: ResultLayout.position, as: UInt32.self)
        code = RejectCode(rawValue: body.loadUnaligned(fromByteOffset: ResultLayout.rejectCode, as: UInt16.self)) ?? .none
        let count = Int(body.loadUnaligned(fromByteOffset: ResultLayout.eventCount, as: UInt16.self))
        eventKinds = (0..<count).map {
            body.loadUnaligned(fromByteOffset: ResultLayout.events + $0 * MemoryLayout<Event>.stride, as: Event.self).kind
        }
    }
}
