import BigInt
import Engine

/// Brings funds from L1 into the exchange: approves what a deposit needs, and not more, then deposits.
package struct Depositor: Sendable {
    package let contract: RollupContract
    package let sender: TransactionSender

    package init(contract: RollupContract, sender: TransactionSender) {
        self.contract = contract
        self.sender = sender
    }

    /// A deposit that L1 has included.
    package struct Outcome: Equatable, Sendable {
        /// Of the message that tells the exchange.
        package var inboxIndex: UInt64
        package var deposit: Receipt
        /// Transactions that set the allowance; none if it sufficed.
        package var approvals: [Receipt]
    }

    /// Deposits `atoms` of `token` for `owner` from the sender's own funds, and waits until it is included.
    ///
    /// Throws ``DepositError`` before anything is sent if the funds do not suffice, otherwise ``EthereumError``.
    package func deposit(_ token: ListedToken, atoms: UInt64, for owner: Address) async throws -> Outcome {
        let units = BigUInt(atoms) * token.unit
        let isETH = token.l1Address == .zero
        let erc20 = ERC20(client: contract.client, address: token.l1Address)
        let held = isETH ? try await contract.client.balance(of: sender.address) : try await erc20.balance(of: sender.address)
        guard held >= units else { throw DepositError.insufficient(holder: sender.address, token: token, held: held, needed: units) }

        var approvals: [Receipt] = []
        if !isETH {
            let allowance = try await erc20.allowance(owner: sender.address, spender: contract.address)
            for amount in Self.approvals(allowance: allowance, needed: units) {
                let data = ERC20.approve(spender: contract.address, units: amount)
                approvals.append(try await sender.execute(to: token.l1Address, data: data))
            }
        }
        let call: RollupCall = isETH ? .depositEth(wei: units, owner: owner) : .deposit(token: token.id, units: units, owner: owner)
        let receipt = try await sender.execute(call, on: contract.address)
        guard let index = try Self.inboxIndex(receipt, contract.address) else {
            throw DepositError.noInboxMessage(transaction: receipt.transactionHash)
        }
        return Outcome(inboxIndex: index, deposit: receipt, approvals: approvals)
    }

    /// The amounts to approve one after another. Some tokens (USDT) refuse to change an allowance that is not zero to another one.
    static func approvals(allowance: BigUInt, needed: BigUInt) -> [BigUInt] {
        if allowance >= needed { return [] }
        return allowance == 0 ? [needed] : [0, needed]
    }

    private static func inboxIndex(_ receipt: Receipt, _ contract: Address) throws(ABIError) -> UInt64? {
        for log in receipt.logs where log.address == contract {
            if case .deposited(let index, _, _, _) = try RollupEvent(log) { return index }
        }
        return nil
    }
}

/// Why a deposit cannot be made, or what is odd about it.
package enum DepositError: Error, Equatable, CustomStringConvertible {
    /// In L1 units.
    case insufficient(holder: Address, token: ListedToken, held: BigUInt, needed: BigUInt)
    case noInboxMessage(transaction: Hash256)

    package var description: String {
        switch self {
        case .insufficient(let holder, let token, let held, let needed):
            "\(holder) holds \(Self.format(held, token)) \(token.symbol) on L1, but \(Self.format(needed, token)) are to be deposited"
        case .noInboxMessage(let transaction):
            "transaction \(transaction.hex) succeeded but left no deposit in the inbox; is the contract's address right?"
        }
    }

    private static func format(_ units: BigUInt, _ token: ListedToken) -> String {
        Decimal(digits: units, scale: Int(token.decimals) + Int(token.unitExponent)).description
    }
}
