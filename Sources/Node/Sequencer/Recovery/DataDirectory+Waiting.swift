import Glibc
import Logging

extension DataDirectory {
    private static let retryUs: UInt32 = 20_000

    /// Opens what one process at a time may have open, waiting up to `waitMs` for another to let go of it: one that was killed has its files until the kernel
    /// has taken its memory apart. Nothing tells when the lock of a SQLite file is free, so it is tried again and again.
    ///
    /// Throws what `open` throws: ``SQLiteFailed`` with ``SQLiteFailed/isBusy`` if the other did not let go.
    func waiting<Opened>(waitMs: UInt64, logger: Logger, _ open: () throws -> Opened) throws -> Opened {
        let deadlineMs = SystemClock.monotonicMs() + waitMs
        var isWaiting = false
        while true {
            do {
                return try open()
            } catch let busy as SQLiteFailed where busy.isBusy && SystemClock.monotonicMs() < deadlineMs {
                if !isWaiting {
                    logger.warning(
                        "another process has the data directory; waiting for it to let go",
                        metadata: ["file": "\(busy.path)", "secondsMax": "\(Double(waitMs) / 1000)"])
                }
                isWaiting = true
                usleep(Self.retryUs)
            }
        }
    }
}
