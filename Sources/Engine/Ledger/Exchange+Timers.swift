/// The wheel of timers: what happens by itself at a time, to orders (their time is over) and to accounts (all their orders are cancelled).
///
/// Eleven levels of 64 buckets. With `done` = `ScheduleHeader.timersDoneMs`, a timer lies at the level of the highest 6-bit digit in which its
/// time differs from `done`, in the bucket of that digit. So the lowest occupied level holds whatever is due next, all in its first occupied
/// bucket; a stretch of time in which nothing is due costs nothing however long it is; and a timer moves at most once a level, towards the
/// lowest, where a bucket is one millisecond. Every visit moves or ends a timer: nobody can make each block walk what is due much later.
///
/// Invariants: a bucket's bit is set exactly while one of its lists is not empty; lists are linked both ways, the first one naming its bucket.
/// Between blocks no bucket lies at the digits of `done`, unless the last sweep stopped at its limit: then the next goes on there.
extension Exchange {
    enum TimerOwner { case order, account }

    // MARK: Arming

    /// Lets the order that rests in `slot` go at the first block whose time is `expiryMs` (not 0) or later.
    mutating func armTimer(order slot: UInt32, expiryMs: UInt64) {
        precondition(expiryMs != 0)
        orderBook(0).setHasExpiry(slot: slot)
        writableTimer(slot, .order).pointee.dueMs = expiryMs
        linkTimer(slot, .order, atMs: expiryMs)
    }

    /// Takes the order's timer, if it has one, out of the wheel.
    mutating func disarmTimer(order slot: UInt32) {
        unlinkTimer(slot, .order)
        writableTimer(slot, .order).pointee.dueMs = 0
    }

    /// Has all orders of the account cancelled at the first block whose time is `dueMs` or later, instead of when it was to be; 0: never.
    mutating func setTimer(account: UInt32, dueMs: UInt64) {
        unlinkTimer(account, .account)
        writableTimer(account, .account).pointee.dueMs = dueMs
        if dueMs != 0 { linkTimer(account, .account, atMs: dueMs) }
    }

    // MARK: Going off

    /// Sets off what is due at block time or was before, earliest first; of one millisecond the orders first.
    mutating func sweepTimers() {
        let now = pointer(Layout.header, as: StateHeader.self).pointee.blockTimeMs
        var work: UInt32 = 0
        while let bucket = nextDueBucket(nowMs: now) {
            let lists = pointer(Layout.timerBuckets + bucket * 8, as: TimerBucket.self)
            while lists.pointee.firstOrder != 0 || lists.pointee.firstAccount != 0 {
                guard work < UInt32(Layout.timersPerBlockMax) else { return }
                work += lists.pointee.firstOrder != 0 ? goOff(order: lists.pointee.firstOrder) : goOff(account: lists.pointee.firstAccount)
            }
        }
    }

    /// A bucket to be emptied now; nil when everything up to `nowMs` has gone off. Moves `timersDoneMs` on.
    private mutating func nextDueBucket(nowMs: UInt64) -> Int? {
        let done = pointer(Layout.scheduleHeader, as: ScheduleHeader.self).pointee.timersDoneMs
        // Where the last sweep stopped.
        for level in 0..<Layout.timerLevels where occupiedBuckets(level) >> digit(done, level) & 1 == 1 {
            return level * 64 + Int(digit(done, level))
        }
        if let first = firstBucket(), first.startMs <= nowMs {
            writable(Layout.scheduleHeader, as: ScheduleHeader.self).pointee.timersDoneMs = first.startMs
            return first.bucket
        }
        // What is left is due later than `nowMs`, and stays where it is: `nowMs` differs from it in the same digit.
        if done < nowMs { writable(Layout.scheduleHeader, as: ScheduleHeader.self).pointee.timersDoneMs = nowMs }
        return nil
    }

    /// The bucket with what is due next, and the time at which it begins; nil if no timer is set.
    private func firstBucket() -> (bucket: Int, startMs: UInt64)? {
        let done = pointer(Layout.scheduleHeader, as: ScheduleHeader.self).pointee.timersDoneMs
        for level in 0..<Layout.timerLevels {
            let occupied = occupiedBuckets(level)
            guard occupied != 0 else { continue }
            let first = occupied.trailingZeroBitCount
            let shift = UInt64(6 * level)
            return (level * 64 + first, (done >> shift & ~63 | UInt64(first)) << shift)
        }
        return nil
    }

    /// When a block will next find something to do for the timers: no later than the next of them is due, and earlier only a few times for each; nil if
    /// none is set.
    package var nextTimerMs: UInt64? { firstBucket()?.startMs }

    /// Takes the order whose time is over off its book, or moves its timer to a lower level. Returns the work done.
    private mutating func goOff(order slot: UInt32) -> UInt32 {
        guard !moveTimer(slot, .order) else { return 1 }
        if isFrozen(pointer(orderOffset(slot), as: Order.self).pointee) {
            linkTimer(slot, .order, atMs: blockTimeMs.addingSaturated(Layout.frozenTimerDelayMs))
        } else {
            reduceToNothing(slot: slot, .expired)
        }
        return 1
    }

    /// Cancels all orders of the account, or moves its timer to a lower level. Returns the work done.
    private mutating func goOff(account: UInt32) -> UInt32 {
        guard !moveTimer(account, .account) else { return 1 }
        let (cancelled, kept) = cancelOrders(of: account, .scheduled)
        setTimer(account: account, dueMs: kept == 0 ? 0 : blockTimeMs.addingSaturated(Layout.frozenTimerDelayMs))
        if cancelled > 0 || kept == 0 { emitAccountCancelled(.scheduled, account: account, count: cancelled) }
        return 1 + cancelled + kept
    }

    /// Takes a timer out of a bucket whose time has come, and enters it again, returning true, if its own has not.
    private mutating func moveTimer(_ id: UInt32, _ owner: TimerOwner) -> Bool {
        unlinkTimer(id, owner)
        let due = pointer(timerOffset(id, owner), as: Timer.self).pointee.dueMs
        guard due > pointer(Layout.scheduleHeader, as: ScheduleHeader.self).pointee.timersDoneMs else { return false }
        linkTimer(id, owner, atMs: due)
        return true
    }

    // MARK: The lists

    /// Enters a timer that is in no list. A time that has passed counts as the one at which the wheel stands: next to go off.
    private mutating func linkTimer(_ id: UInt32, _ owner: TimerOwner, atMs timeMs: UInt64) {
        let done = pointer(Layout.scheduleHeader, as: ScheduleHeader.self).pointee.timersDoneMs
        let time = max(timeMs, done)
        let level = time == done ? 0 : (63 - (time ^ done).leadingZeroBitCount) / 6
        let digit = digit(time, level)
        let bucket = level * 64 + Int(digit)
        let head = writable(headOffset(bucket, owner), as: UInt32.self)
        let timer = writableTimer(id, owner)
        timer.pointee.next = head.pointee
        timer.pointee.previous = Timer.bucketMark | UInt32(bucket)
        if head.pointee != 0 { writableTimer(head.pointee, owner).pointee.previous = id }
        head.pointee = id
        writable(Layout.timerBitmaps + level * 8, as: UInt64.self).pointee |= 1 << digit
    }

    /// Takes a timer out of its list, if it is in one.
    private mutating func unlinkTimer(_ id: UInt32, _ owner: TimerOwner) {
        let previous = pointer(timerOffset(id, owner), as: Timer.self).pointee.previous
        guard previous != 0 else { return }
        let timer = writableTimer(id, owner)
        let next = timer.pointee.next
        if next != 0 { writableTimer(next, owner).pointee.previous = previous }
        if previous & Timer.bucketMark == 0 {
            writableTimer(previous, owner).pointee.next = next
        } else {
            let bucket = Int(previous & ~Timer.bucketMark)
            writable(headOffset(bucket, owner), as: UInt32.self).pointee = next
            let lists = pointer(Layout.timerBuckets + bucket * 8, as: TimerBucket.self)
            if lists.pointee.firstOrder | lists.pointee.firstAccount == 0 {
                writable(Layout.timerBitmaps + bucket / 64 * 8, as: UInt64.self).pointee &= ~(1 << UInt64(bucket % 64))
            }
        }
        timer.pointee.next = 0
        timer.pointee.previous = 0
    }

    @inline(__always)
    private func timerOffset(_ id: UInt32, _ owner: TimerOwner) -> Int {
        owner == .order ? detailOffset(id) + OrderDetail.timerOffset : scheduleOffset(id)
    }

    @inline(__always)
    private mutating func writableTimer(_ id: UInt32, _ owner: TimerOwner) -> UnsafeMutablePointer<Timer> {
        writable(timerOffset(id, owner), as: Timer.self)
    }

    @inline(__always)
    private func headOffset(_ bucket: Int, _ owner: TimerOwner) -> Int {
        Layout.timerBuckets + bucket * 8 + (owner == .order ? 0 : 4)
    }

    @inline(__always)
    private func occupiedBuckets(_ level: Int) -> UInt64 { pointer(Layout.timerBitmaps + level * 8, as: UInt64.self).pointee }

    @inline(__always)
    private func digit(_ timeMs: UInt64, _ level: Int) -> UInt64 { timeMs >> UInt64(6 * level) & 63 }
}
