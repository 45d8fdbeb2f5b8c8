import Foundation

/// One step of recorded or generated flow, for those who send it somewhere: what an account does to one order.
package struct FlowOrder: Sendable {
    package enum Action: Sendable { case add, cancel, take }

    package let action: Action
    /// Names the order, from 1: a cancel has that of the add it takes back.
    package let id: UInt64
    /// Whose it is, from 0.
    package let account: Int
    package let isBuy: Bool
    /// Limit price in ticks, 1...65,535, and lots; 0 in a cancel.
    package let tick: Int32
    package let lots: UInt32
}

extension OperationStream {
    /// Reads flow to be sent: an op file, or a recording in LOBSTER's six or Bitstamp's seven columns (`.csv` or `.csv.xz`), with or without a line of
    /// their names. A recording is repeated until there are `count` operations.
    package static func flow(file path: String, count: Int) throws -> OperationStream {
        guard path.hasSuffix(".csv") || path.hasSuffix(".xz") else { return try read(file: path) }
        let text = try path.hasSuffix(".xz") ? RecordedFlow.unpack(path) : String(contentsOfFile: path, encoding: .utf8)
        let columns = text.prefix { !$0.isNewline }.split(separator: ",", omittingEmptySubsequences: false).count
        let format: RecordedFlow.Format = columns == 6 ? .lobster : .bitstamp
        let stream = try RecordedFlow(text: text, format: format, name: path).stream(count: count)
        guard !stream.operations.isEmpty else { throw FlowError.nothingToSend(path) }
        return stream
    }

    /// The operations in turn, each with the account that does it; accounts with an even number buy, the others sell. `burst` neighbouring ones are of
    /// one account.
    package func forEach(accountCount: Int, burst: Int, _ body: (FlowOrder) -> Void) {
        let stream = burst > 1 ? inBursts(of: burst, accountCount: accountCount) : self
        var owners = [UInt16](repeating: 0, count: Int(idMax) + 1)
        for operation in stream.operations {
            let isCancel = operation.kind == Operation.Kind.cancel
            if !isCancel {
                owners[Int(operation.id)] = operation.account > 0 ? operation.account - 1 : operation.assignedAccount(of: accountCount)
            }
            body(
                FlowOrder(
                    action: isCancel ? .cancel : operation.kind == Operation.Kind.add ? .add : .take, id: operation.id,
                    account: Int(owners[Int(operation.id)]), isBuy: operation.side == 0, tick: operation.tick, lots: operation.lots))
        }
    }
}
