import ArgumentParser
import Engine

enum SideOption: String, CaseIterable, ExpressibleByArgument {
    case buy
    case sell

    var side: Side { self == .buy ? .buy : .sell }
}

enum OrderType: String, CaseIterable, ExpressibleByArgument {
    case gtc
    case ioc
    case postOnly = "post-only"
    case fok
    case market

    var timeInForce: TimeInForce {
        switch self {
        case .gtc: .goodTilCancelled
        case .ioc: .immediateOrCancel
        case .postOnly: .postOnly
        case .fok: .fillOrKill
        case .market: .market
        }
    }

    init(_ timeInForce: TimeInForce) {
        switch timeInForce {
        case .goodTilCancelled: self = .gtc
        case .immediateOrCancel: self = .ioc
        case .postOnly: self = .postOnly
        case .fillOrKill: self = .fok
        case .market: self = .market
        }
    }
}

/// What happens when an order meets one of the same account.
enum SelfTradeOption: String, CaseIterable, ExpressibleByArgument {
    case cancelTaker = "cancel-taker"
    case cancelMaker = "cancel-maker"
    case cancelBoth = "cancel-both"
    case decrement

    var mode: SelfTradePrevention {
        switch self {
        case .cancelTaker: .cancelTaker
        case .cancelMaker: .cancelMaker
        case .cancelBoth: .cancelBoth
        case .decrement: .decrement
        }
    }

    init(_ mode: SelfTradePrevention) {
        switch mode {
        case .cancelTaker: self = .cancelTaker
        case .cancelMaker: self = .cancelMaker
        case .cancelBoth: self = .cancelBoth
        case .decrement: self = .decrement
        }
    }
}

/// On which side of its price a trigger fires.
enum TriggerDirection: String, CaseIterable, ExpressibleByArgument {
    case above
    case below
}

extension Side {
    var name: String { self == .buy ? "buy" : "sell" }
}

extension SideSelection {
    init(_ side: SideOption?) {
        switch side {
        case nil: self = .both
        case .buy: self = .buys
        case .sell: self = .sells
        }
    }

    var name: String {
        switch self {
        case .both: "both sides"
        case .buys: "buys"
        case .sells: "sells"
        }
    }
}
