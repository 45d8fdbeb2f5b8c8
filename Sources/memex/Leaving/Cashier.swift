import Engine
import Settlement
import Signing

/// Has L1 pay: cells up to 32 a transaction under one proof, refunds one by one. What cannot be paid holds nothing else up.
struct Cashier {
    let contract: RollupContract
    let sender: TransactionSender
    let rebuild: Rebuild
    /// What L1 lists, and what was born on the exchange by the last look at the state.
    private(set) var listing: Listing
    private let output: Output?
    /// Whether an owner whose money takes more gas than one payment among many has must fetch it himself.
    let sparesGas: Bool

    /// `payer` pays the gas; the money goes to the owners whoever sends. `output`: where it is told how it goes.
    init(_ state: RebuiltState, payer: PrivateKey, output: Output? = nil, sparesGas: Bool = false) async throws {
        contract = state.contract
        rebuild = state.rebuild
        self.sparesGas = sparesGas
        self.output = output
        sender = TransactionSender(client: contract.client, key: payer, chainId: state.deployment.chainId)
        listing = try await state.listing()
    }

    /// Looks at the state again for tokens born on the exchange.
    mutating func learnTokens() async {
        listing.tokens.removeAll { $0.isBorn }
        listing.tokens += await rebuild.bornTokens.map(TokenInfo.init)
    }

    /// A payment to be made.
    struct Order {
        enum Subject {
            /// A cell under the state after a batch.
            case cell(Payout, batch: UInt64)
            case refund(Deposit)
        }

        let subject: Subject

        /// `batch`: a final one whose state the payout's path leads to; for a balance, the last claimed one.
        init(_ payout: Payout, batch: UInt64) { subject = .cell(payout, batch: batch) }
        init(_ deposit: Deposit) { subject = .refund(deposit) }

        var kind: Payment.Kind {
            switch subject {
            case .cell(let payout, _): Payment.Kind(payout)
            case .refund: .refund
            }
        }

        var token: UInt32 {
            switch subject {
            case .cell(let payout, _): payout.token
            case .refund(let deposit): deposit.token
            }
        }

        var atoms: UInt64 {
            switch subject {
            case .cell(let payout, _): payout.atoms
            case .refund(let deposit): deposit.atoms
            }
        }

        var owner: Address {
            switch subject {
            case .cell(let payout, _): payout.owner
            case .refund(let deposit): deposit.owner
            }
        }

        /// Makes this payment alone.
        var call: RollupCall {
            switch subject {
            case .cell(let payout, let batch): payout.call(batch: batch)
            case .refund(let deposit): deposit.refund
            }
        }
    }

    /// Orders for what is not paid yet.
    func orders(for holdings: Holdings) -> [Order] {
        let cells = holdings.cells.filter { !$0.isPaid }.map { Order($0.payout, batch: $0.batch) }
        return cells + holdings.deposits.filter { !$0.isRefunded }.map { Order($0.deposit) }
    }

    /// Makes the payments. What somebody else pays at the same moment is left out; what L1 refuses is told and left out, too, unless nothing else is
    /// there: then it throws. The rebuilt state must be a final one: by it the ERC-20 contracts are created that L1 does not have yet.
    mutating func pay(_ orders: [Order]) async throws -> [Payment] {
        await learnTokens()
        var payments = try await createTokens(of: orders)
        let plan = try await plan(orders)
        var sent: [(orders: [Order], pending: TransactionSender.Pending)] = []
        for transaction in plan.transactions {
            do throws(EthereumError) {
                sent.append(
                    (transaction.orders, try await sender.submit(to: contract.address, data: transaction.call.data)))
            } catch {
                // Paid by somebody between the look and the sending.
                guard transaction.orders.count == 1, let reason = Self.reason(error), Self.isPaid(reason) else { throw error }
            }
        }
        for (number, transaction) in sent.enumerated() {
            let receipt = try await sender.receipt(of: transaction.pending)
            payments += try paid(transaction.orders, by: receipt)
            if sent.count > 1 { output?.progress("transaction \(number + 1) of \(sent.count): \(transaction.orders.count) payments") }
        }
        if payments.isEmpty, let refused = plan.refused.first { throw CommandFailure(.refused, try text(of: refused)) }
        for refused in plan.refused { ExitStatus.say(try text(of: refused)) }
        return payments
    }

    /// What of `orders` the transaction with this receipt has paid.
    private func paid(_ orders: [Order], by receipt: Receipt) throws -> [Payment] {
        var skipped: Set<PayoutId> = []
        for log in receipt.logs where log.address == contract.address {
            if case .skipped(let id) = try RollupEvent(log) { skipped.insert(id) }
        }
        let paid = orders.filter { order in
            if case .cell(let payout, _) = order.subject { return !skipped.contains(payout.id) }
            return true
        }
        return try paid.map { order in
            Payment(
                kind: order.kind, token: try listing.known(token: order.token), atoms: order.atoms, owner: order.owner,
                transaction: receipt.transactionHash, gas: receipt.gasUsed / UInt64(paid.count))
        }
    }

    private func text(of refused: PaymentPlan.Refused) throws -> String {
        let token = try listing.known(token: refused.order.token)
        return
            "L1 does not pay \(token.format(refused.order.atoms)) \(token.symbol) to \(refused.order.owner.hex) now: \(refused.reason)"
    }
}
