import Engine
import Settlement

/// Everything that L1 pays an owner after a halt: cells under the last claimed state, withdrawals that were written over before it under an older
/// one, and deposits that the last has not consumed.
struct Holdings {
    struct Cell {
        let payout: Payout
        /// Under the state after which it is paid.
        let batch: UInt64
        let isPaid: Bool
    }

    let owner: Address
    /// The batch whose state was claimed last; nil if none was.
    let batch: UInt64?
    let stateRoot: Hash256
    let cells: [Cell]
    let deposits: [(deposit: Deposit, isRefunded: Bool)]
    /// Tokens born on the exchange that the cells hold and that L1 does not have yet: their ERC-20 is created before they are paid.
    let uncreated: [BornToken]

    /// Brings the state to the last claim and asks L1 what it has paid.
    init(of owner: Address, _ state: RebuiltState) async throws {
        let claimCount = state.history.progress.claimCount
        var records: [UInt64: (payout: Payout, batch: UInt64)] = [:]
        var looks = RecordLooks()
        try await state.advance(to: claimCount, looking: &looks) { batch in
            let ids = await state.rebuild.withdrawalIds(of: owner)
            for (id, payout) in zip(ids, await state.rebuild.withdrawals(ids: ids)) { records[id] = (payout, batch) }
        }
        self.owner = owner
        batch = claimCount == 0 ? nil : claimCount - 1
        stateRoot = await state.rebuild.stateRoot
        let last = claimCount == 0 ? 0 : claimCount - 1
        let payouts =
            await state.rebuild.balances(of: owner).map { ($0, last) }
            + records.sorted { $0.key < $1.key }.map { ($0.value.payout, $0.value.batch) }
        let paid = try await state.contract.paid(of: payouts.map { $0.0.id })
        let cells = payouts.map { Cell(payout: $0, batch: $1, isPaid: paid.contains($0.id)) }
        self.cells = cells
        var deposits: [(deposit: Deposit, isRefunded: Bool)] = []
        for deposit in state.history.deposits(of: owner, notConsumedBy: claimCount) {
            deposits.append((deposit, try await state.contract.isRefunded(index: deposit.index)))
        }
        self.deposits = deposits
        var uncreated: [BornToken] = []
        for id in Set(cells.map(\.payout.token)).sorted() {
            guard let born = await state.rebuild.bornToken(id), try await state.contract.token(id) == nil else { continue }
            uncreated.append(born)
        }
        self.uncreated = uncreated
    }
}

extension Holdings {
    /// A line a cell, and how much of each token is still to be had.
    func text(_ listing: Listing) throws -> String {
        var table = TextTable("kind", ">cell or id", ">account", "token", ">free", ">locked", ">amount", "")
        var due: [UInt32: UInt64] = [:]
        for cell in cells {
            let payout = cell.payout
            let token = try listing.known(token: payout.token)
            let state = cell.isPaid ? "paid" : ""
            if !cell.isPaid { due[payout.token, default: 0] += payout.atoms }
            switch payout.content {
            case .balance(let balance):
                table.add(
                    "balance", "\(payout.cell)", "\(balance.account)", token.symbol, token.format(balance.free),
                    token.format(balance.locked),
                    token.format(payout.atoms), state)
            case .withdrawal(let record):
                table.add("withdrawal", "\(record.id)", "", token.symbol, "", "", token.format(payout.atoms), state)
            }
        }
        for (deposit, isRefunded) in deposits {
            let token = try listing.known(token: deposit.token)
            if !isRefunded { due[deposit.token, default: 0] += deposit.atoms }
            table.add("deposit", "", "", token.symbol, "", "", token.format(deposit.atoms), isRefunded ? "refunded" : "not credited")
        }
        guard !table.isEmpty else { return "nothing on L1 pays \(owner.hex)" }
        let sums = try due.sorted { $0.key < $1.key }.map { id, atoms in
            let token = try listing.known(token: id)
            return "\(token.format(atoms)) \(token.symbol)"
        }
        let under = batch.map { "under the state after batch \($0), root \(stateRoot.hex)" } ?? "no state was claimed"
        return table.text + "\n\(under)\nto be had: \(sums.isEmpty ? "nothing more" : sums.joined(separator: ", "))"
    }
}
