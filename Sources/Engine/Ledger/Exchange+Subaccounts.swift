/// Several accounts of one owner: which of them a command is for, opening them, and moving funds between them.
///
/// Invariants: an owner's accounts are linked from the main account in the order of their numbers; all name the same owner, main account and
/// fee tier.
extension Exchange {
    /// For which account a command acts, and whether with the owner's key; account 0: none.
    struct Actor {
        var account: UInt32 = 0
        var isOwner = false
    }

    /// Where the commands of a key go that name no account: into its own account, else into the main account of its principal.
    func homeAccount(signer slot: UInt32) -> Actor {
        let signer = pointer(signerOffset(slot), as: Signer.self)
        if signer.pointee.account != 0 { return Actor(account: signer.pointee.account, isOwner: true) }
        return isActiveAgent(signer.pointee) ? Actor(account: signer.pointee.principal, isOwner: false) : Actor()
    }

    /// Makes another account the one that the following commands are for; none, if it is refused.
    mutating func use(account id: UInt32, signer slot: UInt32, actor: inout Actor, commandIndex: UInt16) -> RejectCode {
        actor = Actor()
        guard id > 0, id <= pointer(Layout.header, as: StateHeader.self).pointee.accountCount else { return .notYourAccount }
        let main = pointer(accountOffset(id), as: Account.self).pointee.mainAccount
        let signer = pointer(signerOffset(slot), as: Signer.self)
        let isOwner = signer.pointee.account == main
        guard isOwner || signer.pointee.principal == main else { return .notYourAccount }
        guard isOwner || isActiveAgent(signer.pointee) else { return .agentExpired }
        actor = Actor(account: id, isOwner: isOwner)
        emit(Event.Kind.settingChanged, account: id, index: commandIndex)
        return .none
    }

    /// Opens one more account for the owner of `account`.
    mutating func openSubaccount(of account: UInt32, commandIndex: UInt16) -> RejectCode {
        let main = pointer(accountOffset(account), as: Account.self).pointee.mainAccount
        guard pointer(accountOffset(main), as: Account.self).pointee.subaccountCount < UInt32(Layout.subaccountsPerOwnerMax)
        else { return .tooManySubaccounts }
        guard pointer(Layout.header, as: StateHeader.self).pointee.accountCount + 1 < UInt32(Layout.accountCapacity)
        else { return .capacityExhausted }

        // From here on nothing fails.
        let header = writableHeader()
        header.pointee.accountCount += 1
        let id = header.pointee.accountCount
        var last = main
        while case let next = pointer(accountOffset(last), as: Account.self).pointee.nextSubaccount, next != 0 { last = next }
        writableAccount(last).pointee.nextSubaccount = id
        let first = writableAccount(main)
        first.pointee.subaccountCount += 1
        let opened = writableAccount(id)
        opened.pointee.owner = first.pointee.owner
        opened.pointee.signer = first.pointee.signer
        opened.pointee.id = id
        opened.pointee.feeTier = first.pointee.feeTier
        opened.pointee.mainAccount = main
        opened.pointee.subaccountNumber = first.pointee.subaccountCount
        var event = Event()
        event.kind = Event.Kind.subaccountOpened
        event.commandIndex = commandIndex
        event.account = account
        event.counterAccount = id
        event.lots = UInt64(opened.pointee.subaccountNumber)
        emit(event)
        return .none
    }

    /// Moves free atoms between two accounts of one owner.
    mutating func transfer(from account: UInt32, to other: UInt32, token: UInt32, atoms: UInt64, commandIndex: UInt16) -> RejectCode {
        guard other > 0, other <= pointer(Layout.header, as: StateHeader.self).pointee.accountCount,
            pointer(accountOffset(other), as: Account.self).pointee.mainAccount
                == pointer(accountOffset(account), as: Account.self).pointee.mainAccount
        else { return .notYourAccount }
        guard isListed(token: token) else { return .unknownToken }
        guard atoms > 0 else { return .amountZero }
        guard freeAtoms(account: account, token: token) >= atoms else { return .insufficientBalance }
        guard canOpenBalances(pages: 1) else { return .capacityExhausted }

        // From here on nothing fails.
        openBalance(account: other, token: token)
        writableBalance(account: account, token: token).pointee.free -= atoms
        writableBalance(account: other, token: token).pointee.free += atoms
        var event = Event()
        event.kind = Event.Kind.transferred
        event.commandIndex = commandIndex
        event.account = account
        event.counterAccount = other
        event.counterOrderId = UInt64(token)
        event.lots = atoms
        emit(event)
        return .none
    }

    /// Calls `body` with every account of the owner of `main`, in the order of their numbers.
    @inline(__always)
    mutating func forEachAccount(ofOwnerOf main: UInt32, _ body: (_ exchange: inout Exchange, _ account: UInt32) -> Void) {
        var account = main
        while account != 0 {
            let next = pointer(accountOffset(account), as: Account.self).pointee.nextSubaccount
            body(&self, account)
            account = next
        }
    }
}
