import Glibc

/// A growable queue of bytes: appended at the end, consumed at the front. All integers are written little-endian.
///
/// Invariants: `readIndex <= writeIndex <= capacity`. Memory is kept when the buffer empties, so that a warmed-up buffer allocates nothing;
/// ``shrink(to:)`` gives back what a rare large message took. A buffer of capacity 0 has none until the first byte. Appending is amortized O(1) a byte.
package struct ByteBuffer: ~Copyable {
    /// What a buffer of a connection may keep while it is empty: enough for a few messages.
    package static let idleBytesMax = 1024
    /// The least that is allocated.
    private static let allocationBytesMin = 256

    /// Nil exactly if `capacity` is 0.
    private var memory: UnsafeMutableRawPointer?
    package private(set) var capacity: Int
    private var readIndex = 0
    private var writeIndex = 0

    package init(capacity: Int = 512) {
        precondition(capacity >= 0)
        self.capacity = capacity
        memory = capacity == 0 ? nil : .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { memory?.deallocate() }

    /// Bytes that wait to be consumed.
    package var count: Int { writeIndex - readIndex }
    package var isEmpty: Bool { writeIndex == readIndex }

    /// The bytes that wait; valid until the next mutation.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory.map { $0 + readIndex }, count: count) }

    /// Forgets everything, keeping the memory.
    package mutating func removeAll() {
        readIndex = 0
        writeIndex = 0
    }

    /// Drops `byteCount` bytes at the front.
    package mutating func consume(_ byteCount: Int) {
        precondition(byteCount >= 0 && byteCount <= count)
        readIndex += byteCount
        if readIndex == writeIndex { removeAll() }
    }

    /// Room for `byteCount` bytes at the end; call ``advance(_:)`` with what was written.
    package mutating func reserve(_ byteCount: Int) -> UnsafeMutableRawPointer {
        if capacity - writeIndex < byteCount || memory == nil { makeRoom(byteCount) }
        // There is memory now.
        return memory.unsafelyUnwrapped + writeIndex
    }

    /// Takes over `byteCount` bytes that were written where ``reserve(_:)`` pointed.
    package mutating func advance(_ byteCount: Int) {
        precondition(byteCount >= 0 && byteCount <= capacity - writeIndex)
        writeIndex += byteCount
    }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        memcpy(reserve(bytes.count), base, bytes.count)
        writeIndex += bytes.count
    }

    /// Moves everything to the end of `target`: without a copy if that is empty.
    package mutating func move(to target: inout ByteBuffer) {
        if target.isEmpty {
            swap(&self, &target)
        } else {
            target.append(bytes)
        }
        removeAll()
    }

    package mutating func append<Integer: FixedWidthInteger & BitwiseCopyable>(_ value: Integer) {
        reserve(MemoryLayout<Integer>.size).storeBytes(of: value.littleEndian, as: Integer.self)
        writeIndex += MemoryLayout<Integer>.size
    }

    /// Appends the bytes of a plain value (an address, a hash) as they lie in memory.
    package mutating func append<Value: BitwiseCopyable>(raw value: Value) {
        reserve(MemoryLayout<Value>.size).storeBytes(of: value, as: Value.self)
        writeIndex += MemoryLayout<Value>.size
    }

    package mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package mutating func append(text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    /// Gives back memory if the buffer is empty and has more than `byteCount` bytes.
    package mutating func shrink(to byteCount: Int) {
        guard isEmpty, capacity > byteCount, let memory else { return }
        memory.deallocate()
        self.memory = nil
        capacity = 0
        removeAll()
    }

    private mutating func makeRoom(_ byteCount: Int) {
        let used = count
        if let memory, used + byteCount <= capacity, readIndex >= capacity / 2 {
            memmove(memory, memory + readIndex, used)
        } else {
            var larger = max(capacity, Self.allocationBytesMin / 2)
            repeat { larger *= 2 } while larger < used + byteCount
            let grown = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
            if let memory {
                memcpy(grown, memory + readIndex, used)
                memory.deallocate()
            }
            memory = grown
            capacity = larger
        }
        readIndex = 0
        writeIndex = used
    }
}
