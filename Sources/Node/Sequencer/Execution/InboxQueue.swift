import Engine
import Synchronization

/// Messages of the L1 inbox on their way from the watcher to the executor. Any thread.
///
/// Invariant: the queue holds the messages `nextIndex - count ..< nextIndex` of the contract's inbox, without a gap.
package final class InboxQueue: Sendable {
    private struct State {
        var messages: [InboxMessage] = []
        var nextIndex: UInt64
        var l1Block: UInt64
    }

    private let state: Mutex<State>
    private let parker: Parker
    /// Whether a look under the lock is worth it, for the executor's loop.
    private let isWaiting = Atomic<Bool>(false)

    /// `nextIndex`: index on L1 of the first message that is still unknown here.
    init(nextIndex: UInt64, l1Block: UInt64, parker: Parker) {
        state = Mutex(State(nextIndex: nextIndex, l1Block: l1Block))
        self.parker = parker
    }

    /// Index on L1 of the next message to push; where a watcher starts.
    package var nextIndex: UInt64 { state.withLock { $0.nextIndex } }

    /// Adds messages that begin at index `first` of the contract's inbox and notes that L1 was seen up to `l1Block`.
    /// Messages pushed before are skipped. Returns false, and takes nothing, if there is a gap before `first`.
    package func push(_ messages: [InboxMessage], first: UInt64, l1Block: UInt64) -> Bool {
        let isTaken = state.withLock { state in
            guard first <= state.nextIndex else { return false }
            let known = state.nextIndex - first
            if known < UInt64(messages.count) {
                state.messages.append(contentsOf: messages[Int(known)...])
                state.nextIndex = first + UInt64(messages.count)
            }
            state.l1Block = max(state.l1Block, l1Block)
            isWaiting.store(!state.messages.isEmpty, ordering: .releasing)
            return true
        }
        parker.wake()
        return isTaken
    }

    /// Whether messages wait.
    var hasMessages: Bool { isWaiting.load(ordering: .acquiring) }

    /// Takes up to `countMax` messages off the front, and the highest L1 block seen.
    func take(countMax: Int) -> (messages: ArraySlice<InboxMessage>, l1Block: UInt64) {
        state.withLock { state in
            let messages = state.messages.prefix(countMax)
            state.messages.removeFirst(messages.count)
            isWaiting.store(!state.messages.isEmpty, ordering: .releasing)
            return (messages, state.l1Block)
        }
    }
}
