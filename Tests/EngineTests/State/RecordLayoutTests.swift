import Testing

@testable import Engine

/// Sizes and offsets are part of the protocol: L1 and the guest read these bytes.
@Suite struct RecordLayoutTests {
    @Test func sizesFitCells() {
        #expect(MemoryLayout<StateHeader>.size == 64)
        #expect(MemoryLayout<Token>.size == 64)
        #expect(MemoryLayout<ScheduleHeader>.size == 64)
        #expect(MemoryLayout<Market>.size == 64)
        #expect(MemoryLayout<BookState>.size == 64)
        #expect(MemoryLayout<Account>.size == 64)
        #expect(MemoryLayout<AccountSchedule>.size == 64)
        #expect(MemoryLayout<Timer>.size == 16)
        #expect(MemoryLayout<TimerBucket>.size == 8)
        #expect(MemoryLayout<Signer>.size == 64)
        #expect(MemoryLayout<Balance>.size == 64)
        #expect(MemoryLayout<Withdrawal>.size == 64)
        #expect(MemoryLayout<Order>.size == 32)
        #expect(MemoryLayout<OrderDetail>.size == 64)
        #expect(MemoryLayout<Level>.size == 16)
        #expect(MemoryLayout<LevelGroup>.size == 16)
        #expect(MemoryLayout<Event>.size == 64)
        #expect(MemoryLayout<InboxMessage>.size == InboxMessage.bytes)
        #expect(MemoryLayout<Address>.size == 20)
        #expect(MemoryLayout<Hash256>.size == 32)
    }

    @Test func cellsThatL1ReadsHaveTheirDocumentedOffsets() {
        #expect(MemoryLayout<Balance>.offset(of: \.owner) == 0)
        #expect(MemoryLayout<Balance>.offset(of: \.token) == 20)
        #expect(MemoryLayout<Balance>.offset(of: \.free) == 24)
        #expect(MemoryLayout<Balance>.offset(of: \.locked) == 32)
        #expect(MemoryLayout<Balance>.offset(of: \.account) == 40)
        #expect(MemoryLayout<Balance>.offset(of: \.reserved32) == 44)
        #expect(MemoryLayout<Withdrawal>.offset(of: \.owner) == 0)
        #expect(MemoryLayout<Withdrawal>.offset(of: \.token) == 20)
        #expect(MemoryLayout<Withdrawal>.offset(of: \.amount) == 24)
        #expect(MemoryLayout<Withdrawal>.offset(of: \.id) == 32)
        #expect(MemoryLayout<Withdrawal>.offset(of: \.blockNumber) == 40)
        #expect(MemoryLayout<Withdrawal>.offset(of: \.reserved) == 48)
        #expect(MemoryLayout<Token>.offset(of: \.l1Address) == 0)
        #expect(MemoryLayout<Token>.offset(of: \.id) == 20)
        #expect(MemoryLayout<Token>.offset(of: \.supply) == 24)
        #expect(MemoryLayout<Token>.offset(of: \.decimals) == 32)
        #expect(MemoryLayout<Token>.offset(of: \.unitExponent) == 36)
        #expect(MemoryLayout<Token>.offset(of: \.symbol) == 40)
        #expect(MemoryLayout<Token>.offset(of: \.reserved) == 56)
    }

    /// The wheel of timers finds an order's and an account's timer by these.
    @Test func timersLieWhereTheWheelLooksForThem() {
        #expect(MemoryLayout<OrderDetail>.offset(of: \.timer) == OrderDetail.timerOffset)
        #expect(MemoryLayout<AccountSchedule>.offset(of: \.timer) == 0)
    }

    /// Fields fill each record: the sizes of all fields add up to the size of the record.
    @Test func noRecordHasPadding() {
        func fieldBytes<Record>(_ record: Record) -> Int {
            Mirror(reflecting: record).children.reduce(0) { $0 + byteCount(of: $1.value) }
        }
        func byteCount<Value>(of value: Value) -> Int { MemoryLayout<Value>.size }
        #expect(fieldBytes(StateHeader()) == 64)
        #expect(fieldBytes(Token()) == 64)
        #expect(fieldBytes(ScheduleHeader()) == 64)
        #expect(fieldBytes(Market()) == 64)
        #expect(fieldBytes(BookState()) == 64)
        #expect(fieldBytes(Account()) == 64)
        #expect(fieldBytes(AccountSchedule()) == 64)
        #expect(fieldBytes(Timer()) == 16)
        #expect(fieldBytes(TimerBucket()) == 8)
        #expect(fieldBytes(Signer()) == 64)
        #expect(fieldBytes(Balance()) == 64)
        #expect(fieldBytes(Withdrawal()) == 64)
        #expect(fieldBytes(Order()) == 32)
        #expect(fieldBytes(OrderDetail()) == 64)
        #expect(fieldBytes(Level()) == 16)
        #expect(fieldBytes(LevelGroup()) == 16)
        #expect(fieldBytes(Event()) == 64)
    }

    @Test func regionsDoNotOverlap() {
        let regions: [(start: Int, bytes: Int)] = [
            (Layout.header, 4096),
            (Layout.tokens, Layout.tokenCapacity * 64),
            (Layout.tokenTotals, Layout.tokenCapacity * 8),
            (Layout.markets, Layout.marketCapacity * 64),
            (Layout.bookStates, Layout.bookCapacity * 64),
            (Layout.timerBuckets, Layout.timerBucketCount * 8),
            (Layout.timerBitmaps, Layout.timerLevels * 8),
            (Layout.priceSummaries, Layout.bookCapacity * Layout.priceSummaryBytes),
            (Layout.signers, Layout.signerCapacity * 64),
            (Layout.accounts, Layout.accountCapacity * 128),
            (Layout.signerIndex, Layout.signerBuckets * 4),
            (Layout.clientOrderIndex, Layout.clientOrderBuckets * 4),
            (Layout.nonces, Layout.signerCapacity * Layout.noncesPerSigner * 8),
            (Layout.balanceDirectories, Layout.accountCapacity * Layout.balanceDirectoryBytes),
            (Layout.orders, Layout.orderCapacity * 32),
            (Layout.orderDetails, Layout.orderCapacity * 64),
            (Layout.levelPages, Layout.levelPageCapacity * 1024),
            (Layout.balances, Layout.balancePageCapacity * Layout.balancesPerPage * 64),
            (Layout.withdrawals, Layout.withdrawalCapacity * 64),
            (Layout.levelDirectories, Layout.bookCapacity * Layout.levelDirectoryBytes),
        ]
        for (region, next) in zip(regions, regions.dropFirst()) {
            #expect(region.start + region.bytes <= next.start)
        }
        #expect(regions.last!.start + regions.last!.bytes <= Layout.arenaBytes)
        #expect(Int(PriceCode.count + 63) / 64 * 16 <= Layout.levelDirectoryBytes)
    }
}
