import Engine
import Sequencer

/// What the channels of a market tell.
extension ServerMessage {
    /// Flags of a book or orders snapshot: part of it, and which.
    package struct Part: OptionSet, Equatable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Another part of the same snapshot follows.
        package static let hasMore = Part(rawValue: 1)
        /// The first part: what was known before is void.
        package static let isFirst = Part(rawValue: 2)
        /// A snapshot of one message.
        package static let whole: Part = .isFirst
    }

    /// Levels of a book, with absolute sizes.
    package struct BookLevels: Equatable, Sendable {
        package static let headerBytes = 32

        /// Of a snapshot; empty in an update.
        package var part = Part()
        package var market: UInt16
        /// One more with every update of this market; a snapshot has that of the last update before it.
        package var sequence: UInt64
        package var block: UInt64
        /// ``BookChecksum`` of the whole book after this message; 0 in a part that is not the last.
        package var checksum: UInt64
        package var levels: [BookLevel]
    }

    /// Trades of one market that one batch caused, in order.
    package struct Trades: Equatable, Sendable {
        package static let headerBytes = 24

        /// Whether trades before these were left out, since the client read too slowly.
        package var isGap = false
        package var market: UInt16
        /// Of what caused them.
        package var position: StreamPosition
        /// `side` is the taker's; buy in the opening auction, which has none.
        package var trades: [BookLevel]
    }

    /// The best prices of a market and its last one.
    package struct Ticker: Equatable, Sendable {
        package static let byteCount = 48

        package var market: UInt16
        /// Price codes; `PriceCode.none` where there is none.
        package var bidPriceCode: UInt32
        package var bidLots: UInt64
        package var askPriceCode: UInt32
        package var askLots: UInt64
        package var lastPriceCode: UInt32
        /// Up to which this holds.
        package var position: StreamPosition
    }

    /// Single orders of a book.
    package struct BookOrders: Equatable, Sendable {
        package static let headerBytes = 32

        /// Of a snapshot; empty in an update.
        package var part = Part()
        package var market: UInt16
        /// One more with every update of this market; a snapshot has that of the last update before it.
        package var sequence: UInt64
        /// Up to which this tells.
        package var position: StreamPosition
        package var entries: [Entry]

        /// One order, or what happened to it.
        package struct Entry: Equatable, Sendable {
            package static let byteCount = 32

            package var orderId: UInt64
            /// Lots that rest now; 0: it is gone.
            package var restingLots: UInt64
            package var priceCode: UInt32
            package var side: Side
            /// Nil in a snapshot.
            package var change: BookChange.Kind?
            /// Lots that came or went; 0 in a snapshot.
            package var lots: UInt64
        }
    }
}

/// A price and a number of lots on one side: a level of a book (0 lots: gone), or a trade.
package struct BookLevel: Equatable, Sendable {
    package static let byteCount = 16

    package var priceCode: UInt32
    package var side: Side
    package var lots: UInt64

    package init(priceCode: UInt32, side: Side, lots: UInt64) {
        self.priceCode = priceCode
        self.side = side
        self.lots = lots
    }
}

extension SealedHead {
    /// Bytes of the message that tells of it.
    package static let byteCount = 88
}
