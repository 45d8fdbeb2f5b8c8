import Engine

/// The exchange as one would write it without caring for speed: dictionaries, arrays, linear scans, 128-bit products.
///
/// It shares no code with the engine but the types of commands, events and reject codes. It names orders by the order of their creation, in the
/// commands that it takes and in the events that it makes.
final class ReferenceExchange {
    /// Accounts are named by their place here, counted from 1.
    struct Account {
        var owner: Address
        /// The owner's main account.
        var main: UInt32
        /// 0 for the main account.
        var number: UInt64 = 0
        var feeTier: UInt64 = 0
        /// 0: never.
        var cancelAtMs: UInt64 = 0
        var cancelsOnDisconnect = false
    }
    struct Agent {
        /// Main account of the owner who approved it.
        var principal: UInt32
        var expiryMs: UInt64
        var isRevoked = false
    }
    struct Market {
        var base: UInt32
        var quote: UInt32
        var lotAtoms: UInt64
        /// One lot at mantissa m and exponent e costs m * 10^(e + shift) quote atoms.
        var shift: Int
        var makerFee: UInt64
        var takerFee: UInt64
        var feeAccount: UInt32
        var lastPrice: UInt32?
        /// While it collects orders: when it opens.
        var opensAtMs: UInt64?
        var referencePrice: UInt32 = 0
    }
    /// An order that rests, or waits for its trigger.
    struct Order {
        var number: UInt64
        var account: UInt32
        var market: UInt16
        var flags: PlaceFlags
        var priceCode: UInt32
        var lots: UInt64
        var clientOrderId: UInt64
        /// 0: never.
        var expiryMs: UInt64
        /// Nil when it rests.
        var trigger: UInt32?

        var side: Side { flags.side }
    }
    struct Key: Hashable {
        var account: UInt32
        var token: UInt32
    }

    var nowMs: UInt64 = 0
    var decimals: [UInt32: Int] = [:]
    var markets: [UInt16: Market] = [:]
    var accounts: [Account] = []
    var free: [Key: UInt64] = [:]
    var locked: [Key: UInt64] = [:]
    var total: [UInt32: UInt64] = [:]
    /// In order of arrival: price-time priority is a scan.
    var orders: [Order] = []
    var created: UInt64 = 0
    /// Withdrawals before those that are remembered.
    var withdrawalsBefore: UInt64 = 0
    var withdrawals: [(account: UInt32, token: UInt32, atoms: UInt64)] = []
    /// Id of the last withdrawal.
    var lastWithdrawal: UInt64 { withdrawalsBefore + UInt64(withdrawals.count) }
    var agents: [Address: Agent] = [:]
    /// Markets with triggers that were due but had to wait, the first to be looked at last.
    var pending: [UInt16] = []
    /// What happened; whoever reads it clears it.
    var events: [Event] = []

    // MARK: What L1 and the clock do

    func openAccount(_ owner: Address) -> UInt32 {
        if let existing = account(of: owner) { return existing }
        accounts.append(Account(owner: owner, main: UInt32(accounts.count + 1)))
        return UInt32(accounts.count)
    }

    /// The main account of an owner.
    func account(of owner: Address) -> UInt32? { accounts.firstIndex { $0.owner == owner }.map { UInt32($0 + 1) } }

    func deposit(_ owner: Address, token: UInt32, atoms: UInt64) {
        free[Key(account: openAccount(owner), token: token), default: 0] += atoms
        total[token, default: 0] += atoms
    }

    func beginBlock(timeMs: UInt64) {
        nowMs = timeMs
        sweepTimers()
        openMarkets()
        firePendingTriggers()
    }

    // MARK: Commands

    /// Applies a batch of one signer, whose address is known, and adds the events. Returns why it was refused as a whole.
    func apply(_ batch: [Command], signer: Address) -> RejectCode {
        guard let home = homeAccount(signer) else { return .agentExpired }
        var actor: Actor? = home
        for (index, command) in batch.enumerated() {
            let index = UInt16(index)
            var code = RejectCode.none
            if case .useAccount(let account) = command {
                actor = nil
                code = use(account, signer, &actor, index)
            } else if let actor {
                code = perform(command, actor.account, isOwner: actor.isOwner, index)
            } else {
                code = .notYourAccount
            }
            guard code != .none else { continue }
            var event = Event()
            event.kind = Event.Kind.rejected
            event.code = code.rawValue
            event.account = actor?.account ?? home.account
            event.commandIndex = index
            events.append(event)
        }
        return .none
    }

    private func perform(_ command: Command, _ account: UInt32, isOwner: Bool, _ index: UInt16) -> RejectCode {
        switch command {
        case .place(let order): return place(order, expiryMs: 0, account, index)
        case .placeUntil(let order, let expiryMs):
            guard markets[order.market] != nil else { return .unknownMarket }
            guard order.flags.timeInForce.rests else { return .timeInForceInvalid }
            guard expiryMs > nowMs else { return .expiryPassed }
            return place(order, expiryMs: expiryMs, account, index)
        case .placeTrigger(let order, let expiryMs, let trigger): return placeTrigger(order, expiryMs: expiryMs, trigger, account, index)
        case .modify(let market, let number, let priceCode, let lots): return modify(market, number, priceCode, lots, account, index)
        case .cancel(let market, let number): return cancel(market, number: number, account, index)
        case .cancelByClientId(let market, let id): return cancel(market, clientOrderId: id, account, index)
        case .cancelAll(let market, let sides): return cancelAll(market, sides, account, index)
        case .scheduleCancel(let timeMs): return scheduleCancel(timeMs, account, index)
        case .cancelOnDisconnect(let isOn):
            accounts[Int(account) - 1].cancelsOnDisconnect = isOn
            addSettingChanged(account, index)
            return .none
        case .withdraw, .approveAgent, .revokeAgent, .openSubaccount, .transfer, .createToken:
            return isOwner ? performAsOwner(command, account, index) : .agentMayNot
        default:
            return .notAllowed
        }
    }

    func event(_ kind: UInt8, of order: Order, _ index: UInt16) -> Event {
        var event = Event()
        event.kind = kind
        event.side = order.side.rawValue
        event.market = order.market
        event.commandIndex = index
        event.account = order.account
        event.priceCode = order.trigger ?? order.priceCode
        event.orderId = order.number
        event.clientOrderId = order.clientOrderId
        return event
    }
}
