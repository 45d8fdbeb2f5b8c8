/// Why a command, or a whole command batch, was refused. Nothing of what is refused is applied.
///
/// The numbers are part of the protocol: they are never reused.
package enum RejectCode: UInt16, Sendable, CaseIterable {
    case none = 0

    // The batch as a whole.
    case malformedPayload = 1
    case badSignature = 2
    case unknownSigner = 3
    case agentExpired = 4
    case nonceTooOld = 5
    case nonceTooNew = 6
    case nonceRepeated = 7
    case nonceBelowRemembered = 8
    case tooManyCommands = 9

    // Orders.
    case unknownMarket = 20
    case sizeZero = 21
    case sizeTooLarge = 22
    case priceInvalid = 23
    case priceTooFine = 24
    case notionalTooLarge = 25
    case insufficientBalance = 26
    // 27 was selfTrade, before orders said what is to happen then.
    case postOnlyWouldTake = 28
    case unknownOrder = 29
    case notYourOrder = 30
    case clientOrderIdInUse = 31
    case tooManyOpenOrders = 32
    case capacityExhausted = 33
    case wouldNotFill = 34
    case tooDeep = 35
    case expiryPassed = 36
    case triggerWouldFire = 37
    case noLastPrice = 38
    case marketOpening = 39
    case notDuringAuction = 52
    case timeInForceInvalid = 53

    // Funds and keys.
    case agentMayNot = 40
    case unknownToken = 41
    case amountZero = 42
    case agentAddressTaken = 43
    case tooManyAgents = 44
    case unknownAgent = 45
    case notYourAccount = 46
    case tooManySubaccounts = 47
    case notAllowed = 48
    case symbolInvalid = 49
    case supplyInvalid = 50

    // The connection; these never reach the engine.
    case malformedMessage = 60
    case messageTooLarge = 61
    case unknownMessageType = 62
    case busy = 63
    case tooManySubscriptions = 64
    case unknownChannel = 65
    case unknownQuery = 66
    case quotaExceeded = 67
    case tooManyFromAddress = 68
    case historyGone = 69
    case settlementBehind = 70
}
