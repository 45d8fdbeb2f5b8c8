import Engine

/// Command batches ready to be executed, end to end: what the executor gets after the signatures were checked.
package struct EnvelopeStream {
    /// Payloads one after another.
    var bytes: [UInt8] = []
    /// Where each payload ends.
    var ends: [Int] = []
    /// Who signs each: an account of ``BenchMarket``.
    var accounts: [UInt16] = []
    /// Commands before each payload's end.
    var commandEnds: [Int] = []
    package private(set) var accountCount: Int
    package var envelopeCount: Int { ends.count }
    package var commandCount: Int { commandEnds.last ?? 0 }
    /// The operation behind each command, and the id of the operation behind each (account, client order id): to name trades as op files do.
    var operationIds: [UInt64] = []
    var idsByClientOrder: [[UInt64]]
    /// Ids that the engine gives to the orders that come to rest, in their order, where commands name orders by id.
    var orderNames: [UInt64] = []

    init(accountCount: Int) {
        self.accountCount = accountCount
        idsByClientOrder = Array(repeating: [0], count: accountCount)
    }

    /// Commands for a stream of operations. Each add and take gets the next client order id of its account, and cancels name orders by it, as bots
    /// do. Up to `batch` neighbouring operations of one account go under one signature.
    package init(_ stream: OperationStream, accountCount: Int, batch: Int) {
        self.init(accountCount: accountCount)
        var orders: [(account: UInt16, clientOrderId: UInt64)] = Array(repeating: (0, 0), count: Int(stream.idMax) + 1)
        bytes.reserveCapacity(stream.operations.count * 20)
        var pending = 0
        for (index, operation) in stream.operations.enumerated() {
            let id = Int(operation.id)
            let command: Command
            if operation.kind == Operation.Kind.cancel {
                command = .cancelByClientId(market: BenchMarket.id, clientOrderId: orders[id].clientOrderId)
            } else {
                let account = operation.account > 0 ? operation.account - 1 : operation.assignedAccount(of: accountCount)
                idsByClientOrder[Int(account)].append(operation.id)
                orders[id] = (account, UInt64(idsByClientOrder[Int(account)].count - 1))
                command = .place(
                    market: BenchMarket.id, side: operation.side == 0 ? .buy : .sell,
                    timeInForce: operation.kind == Operation.Kind.add ? .goodTilCancelled : .immediateOrCancel,
                    priceCode: BenchMarket.priceCode(tick: operation.tick), lots: UInt64(operation.lots),
                    clientOrderId: orders[id].clientOrderId)
            }
            let account = orders[id].account
            if pending > 0, pending == batch || account != accounts.last || index == stream.prefillCount { pending = 0 }
            append(command, account: account, operationId: operation.id, opensEnvelope: pending == 0)
            pending += 1
        }
    }

    mutating func append(_ command: Command, account: UInt16, operationId: UInt64, opensEnvelope: Bool) {
        withUnsafeTemporaryAllocation(byteCount: Command.bytesMax, alignment: 8) { scratch in
            let count = command.encode(to: scratch.baseAddress!)
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: scratch[..<count]))
        }
        operationIds.append(operationId)
        if opensEnvelope {
            ends.append(bytes.count)
            accounts.append(account)
            commandEnds.append(operationIds.count)
        } else {
            ends[ends.count - 1] = bytes.count
            commandEnds[commandEnds.count - 1] = operationIds.count
        }
    }

    /// Commands of a block.
    private static let blockCommands = 65_536
    private static let blockMs: UInt64 = 10

    /// Time of the block that begins before this envelope; nil if none does.
    func blockTimeMs(before envelope: Int) -> UInt64? {
        guard envelope > 0 else { return nil }
        let block = commandEnds[envelope - 1] / Self.blockCommands
        guard block > (envelope > 1 ? commandEnds[envelope - 2] / Self.blockCommands : 0) else { return nil }
        return BenchMarket.startMs + UInt64(block) * Self.blockMs
    }

    /// The envelopes cut into a first part of at least `first` commands and `count` further parts of about equal size.
    package func parts(first: Int, count: Int) -> [Range<Int>] {
        var cuts = [0]
        let rest = commandCount - first
        for part in 0...count {
            let goal = first + rest * part / count
            cuts.append(commandEnds.firstIndex { $0 >= goal }.map { $0 + 1 } ?? envelopeCount)
        }
        return zip(cuts, cuts.dropFirst()).map { $0..<$1 }
    }

    /// Commands in a range of envelopes.
    package func commandCount(in range: Range<Int>) -> Int {
        range.isEmpty ? 0 : commandEnds[range.upperBound - 1] - (range.lowerBound > 0 ? commandEnds[range.lowerBound - 1] : 0)
    }
}
