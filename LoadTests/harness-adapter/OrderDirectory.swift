/// Finds the book's slot of a resting order by the id that the harness gave it, and the other way round.
///
/// An open-addressed table of slots (linear probing, no tombstones: what follows a removed entry moves up), beside a flat array of ids by slot. Measured
/// here against a flat array indexed by id: that one is as large as all ids ever used, so a cancel right after its order waits for
/// a line that is still on its way from memory (54 ns a message against 27, loaded machine); this one is as large as what rests.
///
/// Invariants: every resting order has one entry, reachable from its home without crossing an empty one; at most a quarter of the entries
/// are used.
struct OrderDirectory {
    private static let bitsMin: UInt64 = 14

    private var table: UnsafeMutablePointer<UInt32>
    private let ids: UnsafeMutablePointer<UInt64>
    /// The table has 2^(64 - shift) entries.
    private var shift: UInt64
    private var count = 0

    /// nil when the system refuses the address space.
    init?() {
        shift = 64 - Self.bitsMin
        guard let ids = Pages.map(bytes: Layout.orderCapacity * 8), let table = Pages.map(bytes: 4 << Self.bitsMin, touched: true)
        else { return nil }
        self.ids = ids.assumingMemoryBound(to: UInt64.self)
        self.table = table.assumingMemoryBound(to: UInt32.self)
        Pages.touch(ids, bytes: 2 << 20)
    }

    func deallocate() {
        Pages.unmap(table, bytes: 4 * capacity)
        Pages.unmap(ids, bytes: Layout.orderCapacity * 8)
    }

    /// The id of the order that rests in `slot`.
    @inline(__always)
    func id(slot: UInt32) -> UInt64 { ids[Int(slot)] }

    /// The order `id` rests in `slot` from now on. Nothing with that id may rest yet.
    @inline(__always)
    mutating func add(_ id: UInt64, slot: UInt32) {
        if _slowPath(count &* 4 >= capacity) { grow() }
        count &+= 1
        ids[Int(slot)] = id
        enter(slot, home: home(id))
    }

    /// The slot of the resting order `id`, or 0.
    @inline(__always)
    func slot(_ id: UInt64) -> UInt32 { table[place(id)] }

    /// Forgets the resting order `id`; returns its slot, or 0 if no such order rests.
    @inline(__always)
    mutating func remove(_ id: UInt64) -> UInt32 {
        let place = place(id)
        let slot = table[place]
        guard slot != 0 else { return 0 }
        count &-= 1
        close(place)
        return slot
    }

    /// The resting order `id` goes from one slot into another.
    @inline(__always)
    mutating func move(_ id: UInt64, from slot: UInt32, to other: UInt32) {
        // An order that is taken out and put in again mostly gets the slot that it gave back.
        guard slot != other else { return }
        let place = place(id)
        table[place] = other
        ids[Int(other)] = id
    }

    private var capacity: Int { 1 << Int(64 - shift) }

    @inline(__always)
    private func home(_ id: UInt64) -> Int { Int(truncatingIfNeeded: (id &* 0x9E37_79B9_7F4A_7C15) &>> shift) }

    @inline(__always)
    private func next(_ place: Int) -> Int { (place &+ 1) & (capacity &- 1) }

    /// The entry of `id`, or the empty one where the search for it ends.
    @inline(__always)
    private func place(_ id: UInt64) -> Int {
        var place = home(id)
        while table[place] != 0 && ids[Int(table[place])] != id { place = next(place) }
        return place
    }

    @inline(__always)
    private func enter(_ slot: UInt32, home: Int) {
        var place = home
        while table[place] != 0 { place = next(place) }
        table[place] = slot
    }

    /// Empties an entry, into which those behind it move up that would not be found any more.
    @inline(__always)
    private func close(_ place: Int) {
        var hole = place
        var candidate = next(place)
        while table[candidate] != 0 {
            let slot = table[candidate]
            let distance = (candidate &- home(ids[Int(slot)])) & (capacity &- 1)
            if distance >= (candidate &- hole) & (capacity &- 1) {
                table[hole] = slot
                hole = candidate
            }
            candidate = next(candidate)
        }
        table[hole] = 0
    }

    @inline(never)
    private mutating func grow() {
        let (old, oldCapacity) = (table, capacity)
        guard let memory = Pages.map(bytes: 8 * oldCapacity, touched: true) else { fatalError("harness adapter: no memory") }
        table = memory.assumingMemoryBound(to: UInt32.self)
        shift -= 1
        for place in 0..<oldCapacity where old[place] != 0 { enter(old[place], home: home(ids[Int(old[place])])) }
        Pages.unmap(old, bytes: 4 * oldCapacity)
    }
}
