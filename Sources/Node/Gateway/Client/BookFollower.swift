import Engine

/// A copy of a market's book, kept from the messages of channel book, that knows whether it is right. Pure.
package struct BookFollower: Sendable {
    /// Why a copy is void: subscribe again.
    package enum Fault: Error, Equatable, Sendable {
        /// A message is missing.
        case gap(expected: UInt64, found: UInt64)
        /// The levels are not those of the exchange.
        case checksum(expected: UInt64, found: UInt64)
    }

    private var bids: [UInt32: UInt64] = [:]
    private var asks: [UInt32: UInt64] = [:]
    private var checksum: UInt64 = 0
    private var sequence: UInt64 = 0
    /// Whether the snapshot is there as a whole.
    package private(set) var isComplete = false
    /// Block of the last change.
    package private(set) var block: UInt64 = 0

    package init() {}

    /// The levels of one side, best first.
    package func levels(_ side: Side) -> [BookLevel] {
        let levels = side == .buy ? bids.sorted { $0.key > $1.key } : asks.sorted { $0.key < $1.key }
        return levels.map { BookLevel(priceCode: $0.key, side: side, lots: $0.value) }
    }

    /// Follows a part of a snapshot.
    package mutating func follow(snapshot: ServerMessage.BookLevels) throws(Fault) {
        if snapshot.part.contains(.isFirst) {
            self = BookFollower()
            sequence = snapshot.sequence
        }
        guard snapshot.sequence == sequence else { throw .gap(expected: sequence, found: snapshot.sequence) }
        isComplete = !snapshot.part.contains(.hasMore)
        try apply(snapshot)
    }

    /// Follows an update; it may come between the parts of a snapshot.
    package mutating func follow(update: ServerMessage.BookLevels) throws(Fault) {
        guard update.sequence == sequence + 1 else { throw .gap(expected: sequence + 1, found: update.sequence) }
        sequence = update.sequence
        try apply(update)
    }

    /// Sizes are absolute, 0 removes the level.
    private mutating func apply(_ message: ServerMessage.BookLevels) throws(Fault) {
        block = message.block
        for level in message.levels {
            let lots = level.lots == 0 ? nil : level.lots
            let before = level.side == .buy ? bids[level.priceCode] : asks[level.priceCode]
            if level.side == .buy { bids[level.priceCode] = lots } else { asks[level.priceCode] = lots }
            let old = BookLevel(priceCode: level.priceCode, side: level.side, lots: before ?? 0)
            checksum = checksum &+ BookChecksum.mix(level) &- BookChecksum.mix(old)
        }
        guard isComplete, checksum != message.checksum else { return }
        throw .checksum(expected: message.checksum, found: checksum)
    }
}
