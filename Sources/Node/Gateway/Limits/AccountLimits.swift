import Engine
import Synchronization

/// What each account has used of its commands a second, for all of a gateway's threads.
///
/// A batch is charged when its signature was found good, so nobody can use up another's quota. Then only the signer is known; which account it acts
/// for, the executor's first result tells, and from there on all keys of an account share its quota.
package final class AccountLimits: Sendable {
    /// The allowance of a signer, or of an account with all its signers.
    package final class Quota: Sendable {
        fileprivate let bucket = TokenBucket()
    }

    /// Where to find a signer's quota again without asking: valid as long as ``AccountLimits/epoch`` is the same.
    package struct Known {
        package let signer: Address
        package let quota: Quota
        /// 0 until a result has told the account.
        package let account: UInt32
        fileprivate let epoch: UInt64
    }

    private struct State {
        var signers: [Address: (quota: Quota, account: UInt32)] = [:]
        var accounts: [UInt32: Quota] = [:]
    }

    package let rate: Rate
    private let countMax: Int
    private let state = Mutex(State())
    /// Changes when a signer's quota becomes another.
    private let epoch = Atomic<UInt64>(1)
    /// Shared by signers for whom there is no room.
    private let others = Quota()

    /// `countMax` bounds the signers remembered.
    package init(_ rate: Rate, countMax: Int) {
        precondition(countMax > 0)
        self.rate = rate
        self.countMax = countMax
    }

    /// The signer's quota; `known`, what this returned last for some signer, spares the search if it is the same one.
    package func quota(of signer: Address, known: Known?, at nowNs: UInt64) -> Known {
        let epoch = epoch.load(ordering: .acquiring)
        if let known, known.signer == signer, known.epoch == epoch { return known }
        let (quota, account) = state.withLock { state in
            if let found = state.signers[signer] { return found }
            guard makeRoom(&state, at: nowNs) else { return (others, 0) }
            let made = (Quota(), UInt32(0))
            state.signers[signer] = made
            return made
        }
        return Known(signer: signer, quota: quota, account: account, epoch: epoch)
    }

    /// A result told for which account a signer acts.
    package func bind(_ signer: Address, to account: UInt32) {
        state.withLock { state in
            guard account != 0, let own = state.signers[signer], own.account == 0 else { return }
            let quota = state.accounts[account] ?? own.quota
            if quota !== own.quota { quota.bucket.absorb(own.quota.bucket) }
            state.accounts[account] = quota
            state.signers[signer] = (quota, account)
            epoch.add(1, ordering: .releasing)
        }
    }

    /// Charges `count` commands; false, and nothing charged, if the quota does not cover them.
    package func take(_ count: UInt64, _ quota: Quota, at nowNs: UInt64) -> Bool { quota.bucket.take(count, of: rate, at: nowNs) }

    package func remaining(_ quota: Quota, at nowNs: UInt64) -> UInt32 { quota.bucket.remaining(of: rate, at: nowNs) }

    /// Forgets everybody whose quota is as good as new once there are too many.
    private func makeRoom(_ state: inout State, at nowNs: UInt64) -> Bool {
        guard state.signers.count >= countMax else { return true }
        state.signers = state.signers.filter { !$0.value.quota.bucket.isFull(at: nowNs) }
        state.accounts = state.accounts.filter { !$0.value.bucket.isFull(at: nowNs) }
        epoch.add(1, ordering: .releasing)
        return state.signers.count < countMax
    }

    /// Signers that are remembered.
    var count: Int { state.withLock { $0.signers.count } }
}
