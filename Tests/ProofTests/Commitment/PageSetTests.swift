import SeededRandom
import Testing

@testable import Proof

@Suite struct PageSetTests {
    @Test func completeStretchesAreGivenOnce() throws {
        var set = try PageSet(below: 4 * 512 + 100)
        var generator = SeededGenerator(seed: 11)
        // All of stretches 1 and 3, all but one page of 2, a page of 0 and of the broken one at the end.
        var pages = Array(512..<1024) + Array(1024..<1535) + Array(1536..<2048) + [5, 2147]
        pages.shuffle(using: &generator)
        for page in pages + pages {
            set.insert(page)
            let contains = set.contains(page)
            #expect(contains)
        }
        let missing = set.contains(1535)
        #expect(!missing)
        var complete: Set<Int> = []
        while let stretch = set.takeComplete() {
            let fresh = complete.insert(stretch).inserted
            #expect(fresh)
        }
        #expect(complete == [1, 3])
        set.insert(1535)
        let last = set.takeComplete()
        let none = set.takeComplete()
        #expect(last == 2 && none == nil)
    }

    @Test func cellsAreSortedAndEqualOnesKeepTheirOrder() {
        var order = CellOrder()
        var generator = SeededGenerator(seed: 12)
        for count in [0, 1, 2, 300, 5000, 17] {
            let range = count == 300 ? UInt32(40) : 1 << 29
            let indices = (0..<count).map { _ in UInt32.random(in: 0..<range, using: &generator) }
            let keys = indices.withUnsafeBufferPointer { Array(order.ascending($0)) }
            #expect(keys == indices.enumerated().map { UInt64($1) << 32 | UInt64($0) }.sorted())
        }
    }
}
