/// One gateway thread's connection to the executor: it alone writes to the ring and reads from the log.
package struct ExecutorPort: Sendable {
    /// From 0; the thread's part of session names (``Session``).
    package let thread: Int
    package let toExecutor: ByteRing
    package let fromExecutor: EventLogReader

    package init(thread: Int, toExecutor: ByteRing, fromExecutor: EventLogReader) {
        self.thread = thread
        self.toExecutor = toExecutor
        self.fromExecutor = fromExecutor
    }
}
