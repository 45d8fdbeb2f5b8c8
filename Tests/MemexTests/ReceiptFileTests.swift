import Engine
import Foundation
import Settlement
import Signing
import Testing

@testable import Gateway
@testable import memex

@Suite struct ReceiptFileTests {
    static let sequencer = PrivateKey.generate()
    static let trader = PrivateKey.generate()
    static let rollup = PrivateKey.generate().address
    static let domain = SigningDomain(chainId: 1337, rollup: rollup)
    static let deployment = Deployment(chainId: 1337, rollup: rollup, deployedAtBlock: 1, sequencer: sequencer.address)

    static func commands(nonce: UInt64) -> [UInt8] {
        CommandsMessage.encode([.cancelAll(market: 0, sides: .both)], nonce: nonce, key: trader, domain: domain)
    }

    static func file(signedBy key: PrivateKey = sequencer) -> ReceiptFile {
        let receipts = (1...3).map { nonce in
            Receipt(
                block: 8, position: UInt32(nonce),
                commands: commands(nonce: UInt64(nonce))[4...].withUnsafeBytes { Keccak256.hash($0) })
        }
        let signed = ReceiptGroup.sign(receipts, key: key, domain: domain)[1]
        return ReceiptFile(commands: commands(nonce: 2), receipt: .init(nonce: 2, signed: signed))
    }

    @Test func isReadAsItWasWritten() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("memex-receipt-\(getpid())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let file = Self.file()
        try file.write(to: path)
        let read = try ReceiptFile(path: path)
        #expect(read.commands == file.commands && read.receipt == file.receipt && read.signer == Self.trader.address)
        try read.check(Self.deployment)
        try Data("{\"commands\":\"0x01\",\"receipt\":\"0x94\"}".utf8).write(to: URL(filePath: path))
        #expect(throws: CommandFailure.self) { try ReceiptFile(path: path) }
        #expect(throws: CommandFailure.self) { try ReceiptFile(path: path + "-missing") }
    }

    @Test func foreignOnesAreRefused() throws {
        #expect(throws: CommandFailure.self) { try Self.file(signedBy: .generate()).check(Self.deployment) }
        let other = ReceiptFile(commands: Self.commands(nonce: 3), receipt: Self.file().receipt)
        #expect(throws: CommandFailure.self) { try other.check(Self.deployment) }
        var elsewhere = Self.deployment
        elsewhere.chainId = 1
        #expect(throws: CommandFailure.self) { try Self.file().check(elsewhere) }
    }
}
