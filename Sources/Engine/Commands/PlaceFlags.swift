/// The side of an order.
package enum Side: UInt8, Sendable {
    case buy = 0
    case sell = 1

    /// (By arithmetic: written as a choice it becomes a branch, which half of all orders take by surprise.)
    package var opposite: Side { unsafeBitCast(rawValue ^ 1, to: Side.self) }
}

/// How long an order stands.
package enum TimeInForce: UInt8, Sendable, CaseIterable {
    /// Rests until filled or cancelled.
    case goodTilCancelled = 0
    /// Fills what it can at once; the rest is dropped.
    case immediateOrCancel = 1
    /// Refused if any part would fill at once.
    case postOnly = 2
    /// Filled whole at once, or refused.
    case fillOrKill = 3
    /// As immediate-or-cancel, its price the worst that is acceptable; it reserves nothing and also stops where the free balance ends.
    case market = 4

    /// Whether what is not filled at once goes to the book.
    package var rests: Bool { self == .goodTilCancelled || self == .postOnly }
}

/// What happens when an order meets a resting one of the same account. The mode of the incoming order decides.
package enum SelfTradePrevention: UInt8, Sendable, CaseIterable {
    /// What is left of the incoming order is dropped.
    case cancelTaker = 0
    /// The resting order is cancelled, the incoming one goes on.
    case cancelMaker = 1
    /// Both.
    case cancelBoth = 2
    /// Both lose the size of the smaller one without a trade.
    case decrement = 3
}

/// The flags byte of the commands that place an order.
///
/// | bits | field |
/// | --- | --- |
/// | 0 | ``Side`` |
/// | 1-3 | ``TimeInForce`` |
/// | 4-5 | ``SelfTradePrevention`` |
/// | 6 | of a trigger order: fires at or above (1) or at or below (0) its trigger price |
/// | 7 | zero |
package struct PlaceFlags: Equatable, Sendable {
    package var side: Side
    package var timeInForce: TimeInForce
    package var selfTradePrevention: SelfTradePrevention
    package var firesAbove: Bool

    package init(
        side: Side, timeInForce: TimeInForce = .goodTilCancelled, selfTradePrevention: SelfTradePrevention = .cancelTaker,
        firesAbove: Bool = false
    ) {
        self.side = side
        self.timeInForce = timeInForce
        self.selfTradePrevention = selfTradePrevention
        self.firesAbove = firesAbove
    }

    /// Nil if `rawValue` is no such byte.
    @inline(__always)
    package init?(rawValue: UInt8) {
        guard rawValue < 0x80, let timeInForce = TimeInForce(rawValue: rawValue >> 1 & 7),
            let prevention = SelfTradePrevention(rawValue: rawValue >> 4 & 3)
        else { return nil }
        self.init(
            side: rawValue & 1 == 0 ? .buy : .sell, timeInForce: timeInForce, selfTradePrevention: prevention,
            firesAbove: rawValue & 0x40 != 0)
    }

    package var rawValue: UInt8 {
        side.rawValue | timeInForce.rawValue << 1 | selfTradePrevention.rawValue << 4 | (firesAbove ? 0x40 : 0)
    }
}

/// The sides that a cancel-all command is about.
package enum SideSelection: UInt8, Sendable, CaseIterable {
    case both = 0
    case buys = 1
    case sells = 2

    package func contains(_ side: Side) -> Bool { self == .both || (self == .buys) == (side == .buy) }
}
