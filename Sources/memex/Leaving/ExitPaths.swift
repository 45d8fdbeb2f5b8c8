import Engine
import Settlement
import Signing

/// What somebody needs to be paid without this program, for example with a hardware wallet: every cell with its Merkle path, as JSON.
/// `Deploy/examples/exit.py` checks and claims what is in it.
///
/// | member | what |
/// | --- | --- |
/// | format | "memex-exit-1" |
/// | chainId, rollup, owner | whom it concerns |
/// | batch, stateRoot | the last claimed state; null if none was claimed |
/// | payments[].function | which function of the contract pays: exit_balance, withdraw or refund_deposit; before them create_token, for tokens whose ERC-20 L1 does not have yet |
/// | payments[].arguments | its arguments in order, decimal or 0x; a path is a list of 29 hashes, from the cell up |
/// | payments[].calldata | the same, ABI-encoded: the data of a transaction to `rollup` |
/// | payments[].symbol, amount | for people |
extension Holdings {
    /// What is not paid yet.
    func paths(_ deployment: Deployment, _ listing: Listing) throws -> JSON {
        var payments = try uncreated.map { try json($0, try listing.known(token: $0.token.id)) }
        for cell in cells where !cell.isPaid {
            payments.append(try json(cell, try listing.known(token: cell.payout.token)))
        }
        for (deposit, isRefunded) in deposits where !isRefunded {
            payments.append(try json(deposit, try listing.known(token: deposit.token)))
        }
        return [
            "format": "memex-exit-1", "chainId": .number(deployment.chainId), "rollup": .text(deployment.rollup.hex),
            "owner": .text(owner.hex),
            "batch": .optional(batch) { .number($0) }, "stateRoot": batch == nil ? .null : .text(stateRoot.hex),
            "payments": .list(payments),
        ]
    }

    private func json(_ cell: Cell, _ token: TokenInfo) throws -> JSON {
        let (payout, batch) = (cell.payout, cell.batch)
        let path = JSON.list(payout.path.map { .text($0.hex) })
        let (function, arguments): (JSON, [JSON]) =
            switch payout.content {
            case .balance(let balance):
                (
                    "exit_balance",
                    [
                        .integer(payout.cell), .text(balance.owner.hex), .integer(balance.token), .number(balance.free),
                        .number(balance.locked), .integer(balance.account), path,
                    ]
                )
            case .withdrawal(let record):
                (
                    "withdraw",
                    [
                        .number(batch), .number(record.id), .text(record.owner.hex), .integer(record.token), .number(record.amount),
                        .number(record.blockNumber), path,
                    ]
                )
            }
        return payment(function, arguments, payout.call(batch: batch), token, payout.atoms)
    }

    private func json(_ born: BornToken, _ token: TokenInfo) throws -> JSON {
        let batch = batch ?? 0
        let symbol = withUnsafeBytes(of: born.token.symbol) { Hex.encode(Array($0)) }
        let arguments: [JSON] = [
            .number(batch), .integer(born.token.id), .number(born.token.supply), .integer(born.token.decimals), .text(symbol),
            .list(born.path.map { .text($0.hex) }),
        ]
        return payment("create_token", arguments, born.call(batch: batch), token, born.token.supply)
    }

    private func json(_ deposit: Deposit, _ token: TokenInfo) throws -> JSON {
        let arguments: [JSON] = [.number(deposit.index), .text(deposit.owner.hex), .integer(deposit.token), .number(deposit.atoms)]
        return payment("refund_deposit", arguments, deposit.refund, token, deposit.atoms)
    }

    private func payment(_ function: JSON, _ arguments: [JSON], _ call: RollupCall, _ token: TokenInfo, _ atoms: UInt64) -> JSON {
        [
            "function": function, "arguments": .list(arguments), "calldata": .text(Hex.encode(call.data)), "symbol": .text(token.symbol),
            "amount": .text(token.format(atoms)),
        ]
    }
}
