import Engine
import Settlement
import Signing

/// What L1 paid out, by one transaction.
struct Payment {
    enum Kind: String {
        case withdrawal, balance, refund

        init(_ payout: Payout) {
            switch payout.content {
            case .balance: self = .balance
            case .withdrawal: self = .withdrawal
            }
        }
    }

    var kind: Kind
    var token: TokenInfo
    var atoms: UInt64
    var owner: Address
    var receipt: Receipt

    var json: JSON {
        [
            "kind": .text(kind.rawValue), "token": .text(token.symbol), "atoms": .number(atoms), "amount": .text(token.format(atoms)),
            "owner": .text(owner.hex), "transaction": .text(receipt.transactionHash.hex), "gas": .number(receipt.gasUsed),
        ]
    }
}

/// Sends payments, all at once, and waits for them.
struct Cashier {
    let contract: RollupContract
    let sender: TransactionSender
    let listing: Listing

    /// `payer` pays the gas; the money goes to the owners whoever sends.
    init(_ contract: RollupContract, _ deployment: Deployment, payer: PrivateKey) async throws {
        self.contract = contract
        sender = TransactionSender(client: contract.client, key: payer, chainId: deployment.chainId)
        listing = Listing(tokens: try await contract.tokens().map(TokenInfo.init), markets: [])
    }

    /// A payment to be made.
    struct Order {
        var kind: Payment.Kind
        var token: UInt32
        var atoms: UInt64
        var owner: Address
        var call: RollupCall
    }

    /// Orders for what is not paid yet, under the last claimed state.
    func orders(for holdings: Holdings) -> [Order] {
        let cells = holdings.cells.filter { !$0.isPaid }.map { order($0.payout, batch: holdings.batch ?? 0) }
        return cells + holdings.deposits.filter { !$0.isRefunded }.map { order($0.deposit) }
    }

    private func order(_ payout: Payout, batch: UInt64) -> Order {
        Order(kind: Payment.Kind(payout), token: payout.token, atoms: payout.atoms, owner: payout.owner, call: payout.call(batch: batch))
    }

    private func order(_ deposit: Deposit) -> Order {
        Order(kind: .refund, token: deposit.token, atoms: deposit.atoms, owner: deposit.owner, call: deposit.refund)
    }

    /// Orders for the payouts that L1 has not made yet, under the state after `batch`.
    func unpaid(_ payouts: [Payout], batch: UInt64) async throws -> [Order] {
        var orders: [Order] = []
        for payout in payouts {
            guard payout.atoms > 0, try await !contract.isPaid(cell: payout.cell) else { continue }
            orders.append(order(payout, batch: batch))
        }
        return orders
    }

    /// Makes the payments. What somebody else pays at the same moment is left out.
    func pay(_ orders: [Order]) async throws -> [Payment] {
        var sent: [(order: Order, pending: TransactionSender.Pending)] = []
        for order in orders {
            if let pending = try await submit(order) { sent.append((order, pending)) }
        }
        var payments: [Payment] = []
        for (order, pending) in sent {
            let receipt = try await sender.receipt(of: pending)
            let token = try listing.known(token: order.token)
            payments.append(Payment(kind: order.kind, token: token, atoms: order.atoms, owner: order.owner, receipt: receipt))
        }
        return payments
    }

    /// Nil if it was paid meanwhile.
    private func submit(_ order: Order) async throws(EthereumError) -> TransactionSender.Pending? {
        do throws(EthereumError) {
            return try await sender.submit(to: contract.address, data: order.call.data)
        } catch {
            if case .reverted(let reason?, _) = error, reason.contains("already") { return nil }
            throw error
        }
    }
}

extension [Payment] {
    var json: JSON { .list(map(\.json)) }

    var text: String {
        var table = TextTable("kind", "token", ">amount", "owner", "transaction", ">gas")
        for payment in self {
            table.add(
                payment.kind.rawValue, payment.token.symbol, payment.token.format(payment.atoms), payment.owner.hex,
                payment.receipt.transactionHash.hex, "\(payment.receipt.gasUsed)")
        }
        return table.text
    }
}

extension Options {
    /// The key that pays the gas: `payer`, or that of the owner.
    func payerKey(_ payer: String?) throws -> PrivateKey {
        if let payer { return try KeyFile.read(payer) }
        return try privateKey()
    }

    /// Whom it is about: `owner`, or the owner of the key.
    func ownerAddress(_ owner: Address?) throws -> Address {
        if let owner { return owner }
        return try privateKey().address
    }
}
