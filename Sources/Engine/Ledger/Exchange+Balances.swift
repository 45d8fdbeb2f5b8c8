/// Balances: one cell for each (account, token), found through the account's directory of pages.
///
/// Invariant: for every token, the sum of `free + locked` over its cells equals its `totalAtoms`, which stay below 2^63,
/// so no sum of balances overflows.
extension Exchange {
    /// Offset of the cell of an account; the all-zero cell of page 0 if it has been given none.
    @inline(__always)
    func balanceOffset(account: UInt32, token: UInt32) -> Int {
        let page = pointer(pageEntryOffset(account: account, token: token), as: UInt32.self).pointee
        return Layout.balances + (Int(page) * Layout.balancesPerPage + Int(token) % Layout.balancesPerPage) * Layout.cellBytes
    }

    /// The cell of an account that has been given one by `openBalance`, for writing.
    @inline(__always)
    mutating func writableBalance(account: UInt32, token: UInt32) -> UnsafeMutablePointer<Balance> {
        writable(balanceOffset(account: account, token: token), as: Balance.self)
    }

    /// What an account has free of a token; 0 if it has no cell.
    @inline(__always)
    func freeAtoms(account: UInt32, token: UInt32) -> UInt64 {
        pointer(balanceOffset(account: account, token: token), as: Balance.self).pointee.free
    }

    /// Whether `pages` more balance pages can be given out.
    func canOpenBalances(pages: UInt32) -> Bool {
        let highWater = pointer(Layout.header, as: StateHeader.self).pointee.balancePageHighWater
        return highWater + pages < UInt32(Layout.balancePageCapacity)
    }

    /// Makes sure that the account has a cell for the token. There must be a page left.
    mutating func openBalance(account: UInt32, token: UInt32) {
        let entry = pageEntryOffset(account: account, token: token)
        if pointer(entry, as: UInt32.self).pointee == 0 {
            precondition(canOpenBalances(pages: 1))
            let header = writableHeader()
            header.pointee.balancePageHighWater += 1
            writable(entry, as: UInt32.self).pointee = header.pointee.balancePageHighWater
        }
        let offset = balanceOffset(account: account, token: token)
        guard pointer(offset, as: Balance.self).pointee.account == 0 else { return }
        let balance = writable(offset, as: Balance.self)
        balance.pointee.owner = pointer(accountOffset(account), as: Account.self).pointee.owner
        balance.pointee.token = token
        balance.pointee.account = account
    }
}
