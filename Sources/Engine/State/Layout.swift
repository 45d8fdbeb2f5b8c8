/// Where everything lies in the arena, and how much of it there can be.
///
/// The arena is 2^35 bytes of 64-byte cells; untouched memory is zero and costs nothing. Slot 0 of every pool
/// and identifier 0 of every kind mean "none", so that an all-zero arena is the genesis state.
/// The L1 contract knows `tokens`, `balances` and `withdrawals`: those three never move.
package enum Layout {
    /// Size of the arena in bytes: the upper half of the proving machine's 2^36-byte memory.
    package static let arenaBytes = 1 << 35
    /// Size of a Merkle leaf in bytes.
    package static let cellBytes = 64
    /// Cells in the arena.
    package static let cellCount = arenaBytes / cellBytes
    /// Height of the state root above the cells; also the number of hashes in a path.
    package static let treeHeight = 29

    // MARK: Offsets of the regions, in bytes.

    package static let header = 0x0_0000_0000
    package static let scheduleHeader = 0x0_0000_0040
    package static let tokens = 0x0_0010_0000
    package static let tokenTotals = 0x0_0018_0000
    package static let markets = 0x0_0020_0000
    package static let bookStates = 0x0_0030_0000
    package static let timerBuckets = 0x0_0038_0000
    package static let timerBitmaps = timerBuckets + timerBucketCount * 8
    package static let priceSummaries = 0x0_0400_0000
    package static let signers = 0x0_0800_0000
    package static let accounts = 0x0_1000_0000
    package static let signerIndex = 0x0_1800_0000
    package static let clientOrderIndex = 0x0_1C00_0000
    package static let nonces = 0x0_4000_0000
    package static let balanceDirectories = 0x0_8000_0000
    package static let orders = 0x1_0000_0000
    package static let orderDetails = 0x2_0000_0000
    package static let levelPages = 0x3_0000_0000
    package static let balances = 0x4_0000_0000
    package static let withdrawals = 0x5_0000_0000
    package static let levelDirectories = 0x6_0000_0000

    // MARK: Capacities, in records; slot 0 is never used, but for that of withdrawals.

    package static let tokenCapacity = 1 << 12
    /// Ids of tokens listed from L1 are below this; tokens born on the exchange have those from here on, so that neither takes from the other.
    package static let bornTokensStart: UInt32 = 1 << 11
    package static let marketCapacity = 1 << 12
    /// The book of market m has index m, its trigger book `marketCapacity + m`.
    package static let bookCapacity = 2 * marketCapacity
    package static let accountCapacity = 1 << 20
    package static let signerCapacity = 1 << 21
    package static let orderCapacity = 1 << 26
    package static let levelPageCapacity = 1 << 22
    package static let balancePageCapacity = 1 << 22
    /// A power of two. When all slots were used they are used again, the oldest first.
    package static let withdrawalCapacity = 1 << 26

    /// Index of the cell of the withdrawal record `id`, for as long as no later one takes it.
    package static func withdrawalCell(id: UInt64) -> UInt32 {
        UInt32(withdrawals / cellBytes) + UInt32(truncatingIfNeeded: id % UInt64(withdrawalCapacity))
    }

    // MARK: Shapes.

    /// Buckets of the open-addressed table that finds a signer by address: twice the signers, so probes stay short.
    package static let signerBuckets = 1 << 22
    /// Buckets of the chained table that finds an order by client order id.
    package static let clientOrderBuckets = 1 << 24
    /// Nonces remembered for each signer: 64 x 8 bytes. A power of two.
    package static let noncesPerSigner = 64
    /// Balance cells in a page; a page serves 16 neighbouring tokens of one account.
    package static let balancesPerPage = 16
    /// Bytes of one account's directory of balance pages, 4 bytes a page.
    package static let balanceDirectoryBytes = 4 * tokenCapacity / balancesPerPage
    /// Bytes between the level directories of two books.
    package static let levelDirectoryBytes = 1 << 20
    /// Bytes between the summary bitmaps of two books.
    package static let priceSummaryBytes = 8 << 10
    /// Levels of the wheel of timers: enough for the 6-bit digits of a time of 64 bits.
    package static let timerLevels = 11
    /// Buckets of the wheel of timers: 64 at each level.
    package static let timerBucketCount = timerLevels * 64

    // MARK: Limits of what users may send.

    /// Bytes of the commands under one signature.
    package static let payloadBytesMax = 16 << 10
    /// Commands under one signature.
    package static let commandsPerPayloadMax = 512
    /// Resting orders of one account.
    package static let openOrdersPerAccountMax = 10_000
    /// Resting orders of one account whose client order ids fall into one bucket: none has so many but who chose the ids for it, to have
    /// every search go through them all.
    package static let ordersPerBucketMax = 256
    /// Agent keys that one owner may ever approve.
    package static let agentsPerAccountMax = 16
    /// Accounts that one owner may open besides the main one.
    package static let subaccountsPerOwnerMax = 16
    /// Resting orders that one order may meet: what is left of it then is dropped. Bounds the events and the proof steps of a command.
    package static let makersPerOrderMax = 1024
    /// Resting orders that are looked at to see whether a fill-or-kill order can be filled.
    package static let fillOrKillReachMax = 1024
    /// Orders that the cancel-all commands under one signature may look at and leave alone; then the next is refused. An account has 10,000, so
    /// a batch of such commands that cancel nothing would be endless work.
    package static let vainLooksPerPayloadMax = 20_000
    /// Trigger orders that fire because of one command, and because of one block; the others wait for the next.
    package static let triggersPerCommandMax = 64
    package static let triggersPerBlockMax = 1024
    /// Timers that go off or move in one block; the others follow in the next. An account whose turn it is loses all its orders at once, and
    /// each counts, so a block ends at most 10,000 orders later than this.
    package static let timersPerBlockMax = 4096
    /// How long a timer waits that went off for an order in an opening auction that is being executed, in milliseconds: long enough that
    /// many such timers do not keep all others from their turn.
    package static let frozenTimerDelayMs: UInt64 = 1000
    /// Steps of the opening auctions in one block.
    package static let openingStepsPerBlockMax = 4096
    /// Fee tiers are 0 (full fees) to this (none).
    package static let feeTierMax: UInt32 = 10
    /// Highest maker or taker fee, in basis points.
    package static let feeBasisPointsMax = 100
    /// Age beyond which a nonce is stale, in milliseconds of block time: two days.
    package static let nonceAgeMsMax: UInt64 = 2 * 86_400_000
    /// How far a nonce may lie ahead of block time, in milliseconds: one day.
    package static let nonceLeadMsMax: UInt64 = 86_400_000
    /// Id of ETH: the first token that L1 lists.
    package static let etherToken: UInt32 = 1
    /// What creating one of the first tokens costs, in atoms of ETH (1 gwei): 0.01 ETH. It doubles with each eighth of the ids that is used
    /// up; whoever takes all of them pays 652 ETH.
    package static let tokenPriceAtoms: UInt64 = 10_000_000
    /// Tokens born before the price doubles.
    package static let tokensPerPrice: UInt32 = 256
    /// Decimals of a token's atom.
    package static let tokenDecimalsMax: UInt8 = 18
    /// Atoms of a token that may ever be inside the exchange: sums of balances cannot overflow below this.
    package static let tokenAtomsMax: UInt64 = (1 << 63) - 1
}
