import Engine

extension RejectCode {
    /// One sentence for the person at the other end: what was wrong, and what to do.
    package var text: StaticString {
        switch self {
        case .none: "Accepted."
        case .malformedPayload:
            "The payload is not a run of whole, known commands with all reserved bits zero; rebuild it from the protocol page."
        case .badSignature:
            "The signature does not belong to the signer; check chain id, contract, nonce and payload of the digest, and use a low s."
        case .unknownSigner: "This address neither owns an account nor is approved for one; deposit on L1 or let the owner approve it."
        case .agentExpired: "The approval of this agent key has expired or was revoked; let the owner approve it again."
        case .nonceTooOld: "The nonce lies more than two days behind block time; use the present time in milliseconds."
        case .nonceTooNew: "The nonce lies more than one day ahead of block time; use the present time in milliseconds."
        case .nonceRepeated: "This nonce was used before; sign the commands again with a new one."
        case .nonceBelowRemembered: "The nonce is below the 64 highest used by this signer; use the present time in milliseconds."
        case .tooManyCommands: "A batch may hold 512 commands; split it."
        case .unknownMarket: "No such market is listed; query the markets."
        case .sizeZero: "The size must be at least one lot."
        case .sizeTooLarge: "The size exceeds 2^63 - 1 atoms of the base token, more than it can ever amount to; send fewer lots."
        case .priceInvalid: "The price code must be below 3240000."
        case .priceTooFine: "One lot at this price is not a whole number of quote atoms; choose a coarser or higher price."
        case .notionalTooLarge:
            "Price times size exceeds 2^63 - 1 atoms of the quote token, more than it can ever amount to; send fewer lots."
        case .insufficientBalance:
            "The free balance, which the account query tells, does not cover this command: a buy takes price times lots of the quote token, a sell its lots of the base token. Cancel orders, deposit, or send less."
        case .postOnlyWouldTake: "A post-only order may not fill at once; quote a price behind the opposite side."
        case .unknownOrder: "No such order rests in this market; it was filled or cancelled before."
        case .notYourOrder: "This order belongs to another account."
        case .clientOrderIdInUse: "One of your resting orders has this client order id; choose another or cancel that order."
        case .tooManyOpenOrders:
            "The account has 10000 resting orders, or 256 whose client order ids collide; cancel some, or count client order ids up by one."
        case .capacityExhausted: "The exchange has no room for another record of this kind; try again later."
        case .wouldNotFill: "The book cannot fill this fill-or-kill order whole; send fewer lots, a better price, or immediate-or-cancel."
        case .tooDeep:
            "The command would look at more resting orders than the 1024 of a fill-or-kill, or the 20000 of all cancel-alls in a batch: send fewer lots, or fewer cancel-alls."
        case .expiryPassed: "The expiry lies before block time; use a later one."
        case .triggerWouldFire: "The last price is already past this trigger; place the order itself, or choose another trigger price."
        case .noLastPrice: "The market has not traded yet, so a trigger has nothing to wait for."
        case .marketOpening: "The market is executing its opening auction; try again after its opened event."
        case .notDuringAuction:
            "The market collects orders for its opening auction; only good-till-cancelled, good-till-time and post-only orders may join."
        case .timeInForceInvalid: "This command does not go with this time in force; use one that rests."
        case .notYourAccount: "The key may not act for this account; name an account of its owner, or of the owner who approved it."
        case .symbolInvalid: "A symbol is 1 to 16 printable ASCII characters without spaces."
        case .supplyInvalid: "A supply is 1 to 2^63 - 1 atoms; choose fewer decimals for a larger one."
        case .tooManySubaccounts: "An owner may open 16 sub-accounts; use an existing one."
        case .notAllowed: "The account has not allowed this; see cancel-on-disconnect."
        case .agentMayNot: "An agent key trades only; withdrawals and approvals need the owner's key."
        case .unknownToken: "No such token is listed; query the tokens."
        case .amountZero: "The amount must be at least one atom."
        case .agentAddressTaken: "This address is already the owner or agent of an account; approve a fresh key."
        case .tooManyAgents: "An account may approve 16 agent keys in all; extend an existing one."
        case .unknownAgent: "This address is not an agent of the account."
        case .malformedMessage: "The message does not have the length or the reserved bytes of its type; see the protocol page."
        case .messageTooLarge: "A message may have 16480 bytes; split the batch."
        case .unknownMessageType: "No message begins with this byte; see the protocol page."
        case .busy: "The exchange is saturated and applied nothing; send the same bytes again a little later."
        case .tooManySubscriptions: "The connection has as many subscriptions as hello allows; unsubscribe from something first."
        case .unknownChannel:
            "No such channel exists: 1 book, 2 trades, 3 account, 4 blocks, 5 ticker, 6 orders, 7 receipts (where the gateway signs them)."
        case .unknownQuery: "No such query exists: 1 status, 2 tokens, 3 markets, 4 account, 5 book, 6 accounts."
        case .quotaExceeded: "The account has sent more commands than its quota; wait, or send fewer: cancels are never throttled."
        case .tooManyFromAddress: "Too much comes from your IP address; send less a second, or over fewer connections."
        case .settlementBehind:
            "The exchange is behind in posting to L1 and takes no new orders until it has caught up; cancels and withdrawals pass."
        case .historyGone: "What came after this position is no longer kept; query the account and subscribe without a position."
        }
    }
}
