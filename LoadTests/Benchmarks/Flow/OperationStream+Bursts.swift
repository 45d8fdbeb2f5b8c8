extension Operation {
    /// Whose order it is when nothing says so: buys belong to accounts with an even number, sells to the others, so that nobody meets himself and the
    /// trades are those of the recording.
    func assignedAccount(of accountCount: Int) -> UInt16 {
        let mixed = (id &* 0x9E37_79B9_7F4A_7C15) >> 32
        return UInt16(mixed % UInt64(accountCount / 2)) * 2 + UInt16(side)
    }
}

extension OperationStream {
    /// The operations regrouped so that each account does `burst` of them in a row: an account's operations wait until there are that many. Those
    /// of an account keep their order; those of different accounts do not, so the trades become others. A cancel that comes too late is
    /// left out, and what rests at the end of each session is cancelled there.
    func inBursts(of burst: Int, accountCount: Int) -> OperationStream {
        var regrouped = OperationStream()
        let book = NaiveBook()
        regrouped.idMax = idMax
        var owners = [UInt16](repeating: 0, count: Int(idMax) + 1)
        var waiting: [[Operation]] = Array(repeating: [], count: accountCount)

        func flush(_ account: Int) {
            for operation in waiting[account] {
                var operation = operation
                operation.account = UInt16(account + 1)
                if operation.kind == Operation.Kind.cancel {
                    guard book.remove(operation.id) != nil else { continue }
                } else {
                    let side: NaiveSide = operation.side == 0 ? .buy : .sell
                    let left = book.fill(side, limit: UInt32(operation.tick), lots: UInt64(operation.lots)) { _, _, _ in }
                    if left > 0, operation.kind == Operation.Kind.add {
                        book.rest(
                            NaiveOrder(
                                number: operation.id, account: UInt32(account), side: side, price: UInt32(operation.tick), lots: left))
                    }
                }
                regrouped.operations.append(operation)
            }
            waiting[account].removeAll(keepingCapacity: true)
        }
        func flushAll() {
            for account in 0..<accountCount { flush(account) }
        }

        var sessionEnds = sessionEnds[...]
        for (index, operation) in operations.enumerated() {
            if index == prefillCount {
                flushAll()
                regrouped.prefillCount = regrouped.operations.count
            }
            let account: Int
            if operation.kind == Operation.Kind.cancel {
                account = Int(owners[Int(operation.id)])
            } else {
                account = Int(operation.assignedAccount(of: accountCount))
                owners[Int(operation.id)] = UInt16(account)
            }
            waiting[account].append(operation)
            if waiting[account].count >= burst { flush(account) }
            if index + 1 == sessionEnds.first {
                sessionEnds.removeFirst()
                flushAll()
                for order in book.all {
                    waiting[Int(order.account)].append(
                        Operation(id: order.number, tick: 0, lots: 0, kind: Operation.Kind.cancel, side: order.side == .buy ? 0 : 1))
                }
                flushAll()
                regrouped.sessionEnds.append(regrouped.operations.count)
            }
        }
        flushAll()
        return regrouped
    }
}
