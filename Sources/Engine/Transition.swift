/// The exchange: a deterministic state machine over one arena.
///
/// `beginBlock`, `consume`, `execute` and `disconnect` are its only transitions; the same calls in the same order give the same bytes, on
/// the host and in the guest. It does no I/O, allocates nothing and never throws: what a user does wrong comes back as a
/// ``RejectCode``.
package struct Exchange: ~Copyable {
    let memory: ExchangeMemory
    let arena: Arena
    var eventCount = 0
    /// Orders that cancel-all commands of the batch that is being executed looked at and left alone.
    var vainLooks = 0

    package init(_ memory: ExchangeMemory) {
        self.memory = memory
        arena = Arena(memory)
    }

    /// Opens block `number` (the last one plus 1) at `timeMs` (not before the last one's). What is due by then happens.
    package mutating func beginBlock(number: UInt64, timeMs: UInt64) {
        let header = writableHeader()
        precondition(number == header.pointee.blockNumber + 1 && timeMs >= header.pointee.blockTimeMs)
        header.pointee.blockNumber = number
        header.pointee.blockTimeMs = timeMs
        sweepTimers()
        openMarkets()
        firePendingTriggers()
    }

    /// Admits a command batch whose signature was found good, and applies its commands one by one.
    ///
    /// Returns why the batch as a whole was refused (then nothing at all changed), or `.none`: then the nonce is used up and
    /// each command has left exactly one result event.
    package mutating func execute(signer: Address, nonce: UInt64, payload: UnsafeRawBufferPointer) -> RejectCode {
        var offset = 0
        guard payload.count <= Command.bytesMax, let command = Command.decode(payload, at: &offset), offset == payload.count,
            !command.isUnsigned
        else { return executeSeveral(signer: signer, nonce: nonce, payload: payload) }
        // To decode a lone command was to check it.
        let (code, slot, home) = admit(signer: signer, nonce: nonce)
        guard code == .none else { return code }
        vainLooks = 0
        var actor = home
        apply(command, signer: slot, home, &actor, index: 0)
        return .none
    }

    private mutating func executeSeveral(signer: Address, nonce: UInt64, payload: UnsafeRawBufferPointer) -> RejectCode {
        let wellFormed = checkPayload(payload)
        guard wellFormed == .none else { return wellFormed }
        let (code, slot, home) = admit(signer: signer, nonce: nonce)
        guard code == .none else { return code }
        run(payload, signer: slot, home: home)
        return .none
    }

    /// Uses up the nonce of a batch whose commands are well-formed. Returns why not, or the key's slot and where its commands go.
    @inline(__always)
    private mutating func admit(signer: Address, nonce: UInt64) -> (code: RejectCode, slot: UInt32, home: Actor) {
        let slot = findSigner(signer)
        guard slot != 0 else { return (.unknownSigner, 0, Actor()) }
        let home = homeAccount(signer: slot)
        guard home.account != 0 else { return (.agentExpired, slot, home) }
        let (code, higher) = checkNonce(nonce, signer: slot)
        guard code == .none else { return (code, slot, home) }
        remember(nonce, signer: slot, higher: higher)
        return (.none, slot, home)
    }

    /// Applies the commands of a well-formed payload one by one, for `home` until they name another account. Each leaves exactly one result event.
    mutating func run(_ payload: UnsafeRawBufferPointer, signer slot: UInt32, home: Actor) {
        vainLooks = 0
        var actor = home
        var offset = 0
        var index: UInt16 = 0
        while let command = Command.decode(payload, at: &offset) {
            apply(command, signer: slot, home, &actor, index: index)
            index += 1
        }
    }

    /// Applies a command, or tells why not.
    @inline(__always)
    private mutating func apply(_ command: Command, signer slot: UInt32, _ home: Actor, _ actor: inout Actor, index: UInt16) {
        let code: RejectCode
        if case .useAccount(let account) = command {
            code = use(account: account, signer: slot, actor: &actor, commandIndex: index)
        } else {
            // After a refused use-account nothing may land in an account that was not meant.
            code = actor.account == 0 ? .notYourAccount : apply(command, actor, index: index)
        }
        if code != .none { emitRejected(code, account: actor.account == 0 ? home.account : actor.account, index: index) }
    }

    /// Whether a payload is a run of 1 to ``Layout/commandsPerPayloadMax`` well-formed commands and nothing else.
    package func checkPayload(_ payload: UnsafeRawBufferPointer) -> RejectCode {
        guard payload.count <= Layout.payloadBytesMax else { return .tooManyCommands }
        var offset = 0
        var count = 0
        while offset < payload.count {
            guard let command = Command.decode(payload, at: &offset), !command.isUnsigned else { return .malformedPayload }
            count += 1
        }
        guard count > 0 else { return .malformedPayload }
        return count <= Layout.commandsPerPayloadMax ? .none : .tooManyCommands
    }

    private mutating func apply(_ command: Command, _ actor: Actor, index: UInt16) -> RejectCode {
        let account = actor.account
        switch command {
        case .place(let order):
            return place(order, expiryMs: 0, account: account, commandIndex: index)
        case .cancel(let market, let orderId):
            return cancel(account: account, market: market, orderId: orderId, commandIndex: index)
        case .cancelByClientId(let market, let clientOrderId):
            return cancel(account: account, market: market, clientOrderId: clientOrderId, commandIndex: index)
        case .scheduleCancel(let timeMs): return scheduleCancel(account: account, timeMs: timeMs, commandIndex: index)
        case .cancelOnDisconnect(let isOn): return setCancelOnDisconnect(isOn, account: account, commandIndex: index)
        case .withdraw, .approveAgent, .revokeAgent, .openSubaccount, .transfer, .createToken:
            return actor.isOwner ? applyAsOwner(command, account: account, index: index) : .agentMayNot
        case .placeUntil(let order, let expiryMs):
            return placeUntil(order, expiryMs: expiryMs, account: account, commandIndex: index)
        case .placeTrigger(let order, let expiryMs, let triggerPriceCode):
            return placeTrigger(order, expiryMs: expiryMs, triggerPriceCode: triggerPriceCode, account: account, commandIndex: index)
        case .modify(let market, let orderId, let priceCode, let lots):
            return modify(account: account, market: market, orderId: orderId, priceCode: priceCode, lots: lots, commandIndex: index)
        case .cancelAll(let market, let sides): return cancelAll(account: account, market: market, sides: sides, commandIndex: index)
        case .disconnected, .useAccount: return .notAllowed
        }
    }

    /// What moves funds, or gives power over an account.
    private mutating func applyAsOwner(_ command: Command, account: UInt32, index: UInt16) -> RejectCode {
        switch command {
        case .withdraw(let token, let atoms):
            return withdraw(account: account, token: token, amount: atoms, commandIndex: index)
        case .approveAgent(let agent, let expiryMs):
            let code = approveAgent(agent, expiryMs: expiryMs, account: account)
            if code == .none { emit(Event.Kind.agentChanged, account: account, index: index) }
            return code
        case .revokeAgent(let agent):
            let code = revokeAgent(agent, account: account)
            if code == .none { emit(Event.Kind.agentChanged, account: account, index: index) }
            return code
        case .openSubaccount: return openSubaccount(of: account, commandIndex: index)
        case .transfer(let token, let atoms, let toAccount):
            return transfer(from: account, to: toAccount, token: token, atoms: atoms, commandIndex: index)
        case .createToken(let symbol, let decimals, let supply):
            return createToken(symbol, decimals: decimals, supply: supply, account: account, commandIndex: index)
        default: return .notAllowed
        }
    }
}
