/// Several short runs of the same load as one: times are those of all of them.
extension LoadReport {
    /// Counts and lengths add up, times lie in one histogram, rates and shares are means: rounds are of one length.
    init(rounds: [LoadReport]) {
        precondition(!rounds.isEmpty)
        self = rounds[0]
        for round in rounds.dropFirst() { addCounts(of: round) }
        func mean(_ figure: (LoadReport) -> Double) -> Double { rounds.reduce(0) { $0 + figure($1) } / Double(rounds.count) }
        ackedPerSecond = mean(\.ackedPerSecond)
        ackedMessagesPerSecond = mean(\.ackedMessagesPerSecond)
        verifyPerSecondReference = mean(\.verifyPerSecondReference)
        shareOfVerifyReference = shareOfVerifyReference.map { _ in mean { $0.shareOfVerifyReference ?? 0 } }
        clientMicrosecondsPerMessage = mean(\.clientMicrosecondsPerMessage)
        for thread in (nodeMicrosecondsPerMessage ?? [:]).keys {
            nodeMicrosecondsPerMessage?[thread] = mean { $0.nodeMicrosecondsPerMessage?[thread] ?? 0 }
        }
    }

    private mutating func addCounts(of round: LoadReport) {
        seconds += round.seconds
        sent += round.sent
        acked += round.acked
        placed += round.placed
        cancelled += round.cancelled
        modified += round.modified
        cancelsTooLate += round.cancelsTooLate
        filledLots += round.filledLots
        rejected += round.rejected
        rejectedByCode.merge(round.rejectedByCode, uniquingKeysWith: +)
        lost += round.lost
        connectionsClosed += round.connectionsClosed
        ackMicroseconds.add(round.ackMicroseconds)
        marketDataMicroseconds.add(round.marketDataMicroseconds)
        sendDelayMicroseconds.add(round.sendDelayMicroseconds)
        if let other = round.crowd { crowd?.add(other) }
        if let other = round.attack { attack?.add(other) }
    }
}
