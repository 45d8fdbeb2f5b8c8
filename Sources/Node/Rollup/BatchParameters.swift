/// What a batch is posted with besides its bytes and its number; the L1 contract checks these against its clock and its inbox.
package struct BatchParameters: Equatable, Sendable {
    /// Inbox messages consumed up to and with this batch.
    package var inboxEnd: UInt64
    /// Time of its first and last block, in milliseconds since 1970.
    package var firstTimeMs: UInt64
    package var lastTimeMs: UInt64

    package init(inboxEnd: UInt64, firstTimeMs: UInt64, lastTimeMs: UInt64) {
        self.inboxEnd = inboxEnd
        self.firstTimeMs = firstTimeMs
        self.lastTimeMs = lastTimeMs
    }
}
