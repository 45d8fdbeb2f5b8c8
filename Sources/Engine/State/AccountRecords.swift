/// The records of accounts, keys and timers; see `Records.swift` for the rules.

/// An account: the owner of balances and orders. The first of its two cells.
package struct Account: BitwiseCopyable {
    package var owner = Address()
    /// Slot of the owner's key in the signers.
    package var signer: UInt32 = 0
    /// First of the account's resting orders, newest first (0: none).
    package var firstOrder: UInt32 = 0
    package var openOrderCount: UInt32 = 0
    /// Agent keys approved so far, revoked ones included. Counted in the main account.
    package var agentCount: UInt32 = 0
    package var id: UInt32 = 0
    /// 0...10: pays (10 - tier) tenths of a market's fees.
    package var feeTier: UInt32 = 0
    /// ``AccountFlags``.
    package var flags: UInt32 = 0
    /// The owner's main account; the account itself if it is that.
    package var mainAccount: UInt32 = 0
    /// 0 for the main account, then 1, 2, ... in order of opening.
    package var subaccountNumber: UInt32 = 0
    /// Sub-accounts opened so far. Counted in the main account.
    package var subaccountCount: UInt32 = 0
    /// The owner's next account, in order of opening (0: none).
    package var nextSubaccount: UInt32 = 0
}

/// Bits of `Account.flags`.
package enum AccountFlags {
    /// The sequencer may cancel all orders when the session of a key of this account ends.
    package static let cancelOnDisconnect: UInt32 = 1
}

/// When all orders of an account are to be cancelled: the second of its two cells.
package struct AccountSchedule: BitwiseCopyable {
    package var timer = Timer()
    package var reserved: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)

    /// Block time in milliseconds; 0: never.
    package var cancelAtMs: UInt64 { timer.dueMs }
}

/// A key that may sign commands: for an account of its own, and as agent for another's.
package struct Signer: BitwiseCopyable {
    package var address = Address()
    /// The main account that this address owns; 0: none.
    package var account: UInt32 = 0
    /// The main account of the owner who approved this key as agent; 0: none. It trades for all accounts of that owner, but never moves
    /// funds out and never approves keys.
    package var principal: UInt32 = 0
    /// An ``AgentState``.
    package var agentState: UInt32 = 0
    /// Block time in milliseconds from which an agent may no longer sign; 0 never expires.
    package var expiryMs: UInt64 = 0
    /// Place of the lowest of the remembered nonces: the start of their ring.
    package var firstNonce: UInt32 = 0
    package var reserved32: UInt32 = 0
    package var reserved: (UInt64, UInt64) = (0, 0)
}

/// What became of the approval of an agent.
package enum AgentState {
    package static let none: UInt32 = 0
    package static let approved: UInt32 = 1
    package static let revoked: UInt32 = 2
}

/// When something happens by itself to an order or an account, and its place in the wheel of timers: part of their records.
package struct Timer: BitwiseCopyable {
    /// Block time in milliseconds; 0: never.
    package var dueMs: UInt64 = 0
    /// The next one in its bucket (0: none).
    package var next: UInt32 = 0
    /// The one before in its bucket; of the first one ``bucketMark`` and the bucket's index; 0 of a timer that is not in the wheel.
    package var previous: UInt32 = 0

    /// Set in `previous` where the rest is a bucket's index. No slot and no account has this bit.
    package static let bucketMark: UInt32 = 1 << 31
}

/// The two lists of one bucket of the wheel of timers: heads, 0 if empty.
package struct TimerBucket: BitwiseCopyable {
    package var firstOrder: UInt32 = 0
    package var firstAccount: UInt32 = 0
}
