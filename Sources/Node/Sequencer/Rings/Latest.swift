import Synchronization

/// The newest of the values that one thread gives, for any other to read. Neither ever waits for the other: who has just been stopped amid it, by a busy
/// scheduler, holds nobody up.
///
/// A value goes to the next of a few slots and is then announced by its number. A reader copies the announced slot, and does so again if meanwhile so many
/// more were given that the slot may have been written to: Boehm, "Can seqlocks get along with programming language memory models?", 2012.
final class Latest<Value: BitwiseCopyable & Sendable>: @unchecked Sendable {
    private static var slotCount: UInt64 { 8 }
    private static var wordsPerSlot: Int { (MemoryLayout<Value>.size + 7) / 8 }

    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    /// Number of the newest value.
    private let newest = Atomic<UInt64>(0)

    init(_ value: Value) {
        let wordCount = Int(Self.slotCount) * Self.wordsPerSlot
        words = .allocate(capacity: wordCount)
        for index in 0..<wordCount { (words + index).initialize(to: Atomic(0)) }
        write(value, to: slot(0))
    }

    deinit {
        words.deinitialize(count: Int(Self.slotCount) * Self.wordsPerSlot)
        words.deallocate()
    }

    /// The newest value. Any thread.
    var value: Value {
        while true {
            let number = newest.load(ordering: .acquiring)
            let value = read(slot(number))
            atomicMemoryFence(ordering: .acquiring)
            // The one behind the newest may be being written.
            if newest.load(ordering: .relaxed) - number < Self.slotCount - 1 { return value }
        }
    }

    /// Only one thread may call it.
    func set(_ value: Value) {
        let number = newest.load(ordering: .relaxed) + 1
        // Who sees a word of this value sees that the value before was announced.
        atomicMemoryFence(ordering: .releasing)
        write(value, to: slot(number))
        newest.store(number, ordering: .releasing)
    }

    private func slot(_ number: UInt64) -> UnsafeMutablePointer<Atomic<UInt64>> {
        words + Int(number % Self.slotCount) * Self.wordsPerSlot
    }

    private func write(_ value: Value, to slot: UnsafeMutablePointer<Atomic<UInt64>>) {
        withUnsafeBytes(of: value) { bytes in
            for index in 0..<Self.wordsPerSlot {
                var word: UInt64 = 0
                withUnsafeMutableBytes(of: &word) { $0.copyBytes(from: bytes[(8 * index)..<min(8 * index + 8, bytes.count)]) }
                slot[index].store(word, ordering: .relaxed)
            }
        }
    }

    private func read(_ slot: UnsafeMutablePointer<Atomic<UInt64>>) -> Value {
        withUnsafeTemporaryAllocation(byteCount: 8 * Self.wordsPerSlot, alignment: max(8, MemoryLayout<Value>.alignment)) { bytes in
            for index in 0..<Self.wordsPerSlot {
                bytes.storeBytes(of: slot[index].load(ordering: .relaxed), toByteOffset: 8 * index, as: UInt64.self)
            }
            return bytes.load(as: Value.self)
        }
    }
}
