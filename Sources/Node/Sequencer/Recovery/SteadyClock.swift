import Logging
import Synchronization

/// Block time: the wall clock, as long as it goes steadily.
///
/// Block times never go back and L1 refuses those far from its own, so a wall clock that jumps could do lasting harm: a block sealed with a time in
/// the future could not be posted, nor any after it; one that falls back would hold up everything that expires. So a step of more than ``stepMsMax``, or a
/// wall clock that far behind the last block at the start, is not followed: time goes on at the pace of the machine's uptime, an error is logged
/// every minute, and the wall clock is followed again once it is as near. A step that is right takes a restart to be believed, if it leads forward.
final class SteadyClock: Sendable {
    /// Steps up to this are followed: time servers make them.
    static let stepMsMax: UInt64 = 60_000

    private struct State {
        /// What was answered last, and the uptime then.
        var timeMs: UInt64
        var uptimeMs: UInt64
        var warnedAtMs: UInt64?
    }

    private let wallMs: @Sendable () -> UInt64
    private let uptimeMs: @Sendable () -> UInt64
    private let logger: Logger
    private let state: Mutex<State>

    /// `notBeforeMs`: time of the last block.
    init(
        notBeforeMs: UInt64, logger: Logger, wallMs: @escaping @Sendable () -> UInt64 = SystemClock.nowMs,
        uptimeMs: @escaping @Sendable () -> UInt64 = SystemClock.uptimeMs
    ) {
        self.wallMs = wallMs
        self.uptimeMs = uptimeMs
        self.logger = logger
        state = Mutex(State(timeMs: max(wallMs(), notBeforeMs), uptimeMs: uptimeMs()))
    }

    /// Milliseconds since 1970. Any thread.
    func nowMs() -> UInt64 {
        state.withLock { state in
            let uptime = uptimeMs()
            let wall = wallMs()
            let expected = state.timeMs + (uptime - state.uptimeMs)
            state.uptimeMs = uptime
            let isSteady = max(wall, expected) - min(wall, expected) <= Self.stepMsMax
            state.timeMs = isSteady ? wall : expected
            if isSteady {
                state.warnedAtMs = nil
            } else if state.warnedAtMs.map({ uptime >= $0 + 60_000 }) ?? true {
                state.warnedAtMs = uptime
                logger.error(
                    "the system's clock is far from the time of the last blocks and is not followed; set it right, or restart to believe a step forward",
                    metadata: ["clockMs": "\(wall)", "blockTimeMs": "\(expected)"])
            }
            return state.timeMs
        }
    }
}
