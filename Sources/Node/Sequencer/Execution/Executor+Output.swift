import Glibc

/// Records for the gateways. They become visible when the journal has the group.
extension Executor: RecordSink {
    /// Writes one record, waiting for room if a gateway is slow. Before it waits it commits the group, so that the gateway has
    /// something to read.
    func write(
        kind: UInt8, flags: UInt8, session: UInt32, tag: UInt64, bodyBytes: Int, _ fill: (UnsafeMutableRawPointer) -> Void
    ) throws {
        if log.tryWrite(kind: kind, flags: flags, session: session, tag: tag, bodyBytes: bodyBytes, fill) { return }
        try commitGroup()
        let needed = 2 * RingRecord.byteCount(bodyBytes: bodyBytes)
        while !log.tryWrite(kind: kind, flags: flags, session: session, tag: tag, bodyBytes: bodyBytes, fill) {
            if shared.isGatewayGone {
                log.dropReaders()
            } else if let makeRoom {
                makeRoom()
                // Another thread has not read.
                if !log.hasRoom(min(needed, log.capacity)) { usleep(100) }
            } else {
                shared.executorParker.park(timeoutMs: 1) { log.hasRoom(min(needed, log.capacity)) }
            }
        }
    }

    /// Whether another record may be taken in.
    var hasRoom: Bool { hasJournalRoom && hasOutputRoom }

    /// The log has room for what a record causes, or else the executor may wait for a slow gateway, but for none that has gone.
    var hasOutputRoom: Bool { log.hasRoom(configuration.outputReserveBytes) || shared.isGatewayGone }
}
