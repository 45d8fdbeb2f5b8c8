import BigInt
import Engine
import Settlement

/// What paying would take, for `--dry-run`.
struct PaymentEstimate {
    /// Tokens born on the exchange whose ERC-20 L1 creates before it pays them, and the gas of that.
    var created: [(token: TokenInfo, gas: UInt64)] = []
    /// Payments of those. What they take nobody can say before.
    var after: [Cashier.Order]
    var plan: PaymentPlan
    /// Gas of each transaction.
    var gas: [UInt64]
    /// Wei a unit of gas, tip included.
    var gasPrice: BigUInt
    var listing: Listing

    init(_ cashier: Cashier, _ orders: [Cashier.Order]) async throws {
        var cashier = cashier
        await cashier.learnTokens()
        let (client, address) = (cashier.contract.client, cashier.contract.address)
        for (token, call) in try await cashier.uncreatedTokens(of: orders) {
            let gas = try await client.estimateGas(to: address, data: call.data, from: cashier.sender.address)
            created.append((TokenInfo(token), gas))
        }
        let uncreated = Set(created.map(\.token.id))
        after = orders.filter { uncreated.contains($0.token) }
        plan = try await cashier.plan(orders.filter { !uncreated.contains($0.token) })
        gas = []
        for transaction in plan.transactions {
            gas.append(try await client.estimateGas(to: address, data: transaction.call.data, from: cashier.sender.address))
        }
        gasPrice = try await client.latestBlock().baseFeePerGas ?? 0
        gasPrice += try await client.maxPriorityFeePerGas()
        listing = cashier.listing
    }

    private var total: UInt64 { (created.map(\.gas) + gas).reduce(0, +) }

    func json() throws -> JSON {
        func payment(_ order: Cashier.Order) throws -> JSON {
            let token = try listing.known(token: order.token)
            return [
                "kind": .text(order.kind.rawValue), "token": .text(token.symbol), "atoms": .number(order.atoms),
                "amount": .text(token.format(order.atoms)), "owner": .text(order.owner.hex),
            ]
        }
        return [
            "created": .list(created.map { ["token": .text($0.token.symbol), "id": .integer($0.token.id), "gas": .number($0.gas)] }),
            "afterCreation": .list(try after.map(payment)),
            "transactions": .list(
                try zip(plan.transactions, gas).map { ["gas": .number($1), "payments": .list(try $0.orders.map(payment))] }),
            "refused": .list(try plan.refused.map { try payment($0.order).adding(["reason": .text($0.reason)]) }),
            "gas": .number(total), "wei": .text("\(gasPrice * BigUInt(total))"),
        ]
    }

    func text() throws -> String {
        var table = TextTable("kind", "token", ">amount", "owner", ">transaction", ">gas", "")
        func add(_ order: Cashier.Order, _ transaction: String, _ gas: String, _ note: String) throws {
            let token = try listing.known(token: order.token)
            table.add(order.kind.rawValue, token.symbol, token.format(order.atoms), order.owner.hex, transaction, gas, note)
        }
        for (number, transaction) in plan.transactions.enumerated() {
            for order in transaction.orders { try add(order, "\(number + 1)", "\(gas[number] / UInt64(transaction.orders.count))", "") }
        }
        for (token, gas) in created {
            table.add(Payment.Kind.token.rawValue, token.symbol, "", "", "", "\(gas)", "its ERC-20 is created first")
        }
        for order in after { try add(order, "", "", "paid when its ERC-20 is there, which takes gas of its own") }
        for refused in plan.refused { try add(refused.order, "", "", "refused: \(refused.reason)") }
        guard !table.isEmpty else { return "nothing can be paid now" }
        let gwei = gasPrice * BigUInt(total) / 1_000_000_000
        let ether = UInt64(exactly: gwei).map { TokenAmount.format(atoms: $0, decimals: 9) } ?? "more than can be shown"
        return table.text
            + "\n\(created.count + plan.transactions.count) transactions, \(total) gas, \(ether) ETH at today's fees; nothing was sent"
    }
}
