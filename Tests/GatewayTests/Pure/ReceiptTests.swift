import Engine
import SeededRandom
import Signing
import Testing

@testable import Gateway

@Suite struct ReceiptTests {
    static let domain = SigningDomain(chainId: 1337, rollup: ServerMessageTests.address(0x42))

    static func receipts(_ count: Int) -> [Receipt] {
        (0..<count).map { Receipt(block: 7, position: UInt32($0), commands: Keccak256.hashPair(Hash256(integer: UInt64($0)), .zero)) }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 100, 127, 1000, ReceiptGroup.countMax])
    func everyReceiptOfAGroupVerifies(count: Int) {
        let key = PrivateKey.generate()
        let signed = ReceiptGroup.sign(Self.receipts(count), key: key, domain: Self.domain)
        #expect(signed.count == count && Set(signed.map(\.signature)).count == 1)
        for index in Set([0, 1, count / 2, count - 2, count - 1].filter { (0..<count).contains($0) }) {
            #expect(signed[index].receipt == Self.receipts(count)[index] && signed[index].path.count <= 12)
            #expect(signed[index].isSigned(by: key.address, in: Self.domain), "\(index) of \(count)")
            #expect(!signed[index].isSigned(by: PrivateKey.generate().address, in: Self.domain))
        }
    }

    /// Whatever is changed, the signature no longer fits.
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func nothingCanBeChanged(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let key = PrivateKey.generate()
        let count = Int.random(in: 2...40, using: &generator)
        let signed = ReceiptGroup.sign(Self.receipts(count), key: key, domain: Self.domain)
        func refused(_ change: (inout SignedReceipt) -> Void) {
            var forged = signed[Int.random(in: 0..<count, using: &generator)]
            let before = forged
            change(&forged)
            guard forged != before else { return }
            #expect(!forged.isSigned(by: key.address, in: Self.domain), "seed \(seed): \(forged)")
        }
        refused { $0.receipt.block += 1 }
        refused { $0.receipt.position ^= 1 }
        refused { $0.receipt.commands.word2 ^= 1 }
        refused { $0.index += 1 }
        refused { $0.index = $0.count }
        refused { $0.signature.s.word0 ^= 1 }
        refused { $0.path.append(.zero) }
        refused { _ = $0.path.popLast() }
        refused { $0.path.reverse() }
        refused { $0.path[0].word3 ^= 1 }
        for receipt in signed {
            #expect(!receipt.isSigned(by: key.address, in: SigningDomain(chainId: 1, rollup: ServerMessageTests.address(0x42))))
        }
    }

    @Test func refusesPathsThatAreNone() {
        #expect(ReceiptTree.root(leaf: .zero, index: 0, count: 0, path: []) == nil)
        #expect(ReceiptTree.root(leaf: .zero, index: 1, count: 1, path: []) == nil)
        #expect(ReceiptTree.root(leaf: .zero, index: 0, count: 1, path: []) == Hash256.zero)
        #expect(ReceiptTree.root(leaf: .zero, index: .max - 1, count: .max, path: []) == nil)
    }
}
