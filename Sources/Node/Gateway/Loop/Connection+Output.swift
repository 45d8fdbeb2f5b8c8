/// What waits to be read by the client, and how much of it may.
extension Connection {
    /// Sends an HTTP response and ends the connection.
    func respond(_ text: String) {
        response.append(text: text)
        enter(.closing)
        loop.markUrgent(self)
    }

    func refuse(_ refusal: HTTPRefusal) {
        loop.shared.statistics.refusals.add(UInt16(refusal.status))
        respond(refusal.response)
    }

    /// Sends a binary message.
    func send(_ message: UnsafeRawBufferPointer) {
        guard phase == .open, !isOverflowing, let endpoint else { return }
        endpoint.send(message)
        outputGrew(isUrgent: true)
    }

    /// Sends market data that consists of whole frames already, whether the client lags or not.
    func sendMarketData(frames: UnsafeRawBufferPointer) {
        guard phase == .open, !isOverflowing, let endpoint else { return }
        endpoint.append(frames: frames)
        outputGrew(isUrgent: false)
    }

    func ping() {
        guard let endpoint else { return }
        endpoint.ping()
        outputGrew(isUrgent: true)
    }

    /// Sends a close frame; what was not yet handed to the socket still precedes it.
    func close(code: UInt16, reason: StaticString) {
        guard phase == .open, let endpoint else { return }
        endpoint.close(code: code, reason: reason)
        startedClosing()
        outputGrew(isUrgent: true)
    }

    /// Bytes that the socket has not taken yet.
    var waitingBytes: Int { (endpoint?.output.count ?? 0) + wire.count }

    /// Whether everything that can be sent was handed to the socket.
    var isFlushed: Bool { waitingBytes == 0 && response.isEmpty && (tls?.outputCount ?? 0) == 0 }

    /// Whether the last message was exchanged: nothing to send and nothing expected.
    var isFinished: Bool { phase == .closing && isFlushed && (endpoint?.isReadEnded ?? true) }

    /// Something was added to the output.
    func outputGrew(isUrgent: Bool) {
        if isUrgent {
            hasUrgentOutput = true
            loop.markUrgent(self)
        } else {
            loop.markMarket(self)
        }
        countOutput()
        guard phase == .open, waitingBytes > loop.limits.outputBytesMax else { return }
        // Dropped with the flush: whoever sends to many is amid his list now.
        isOverflowing = true
        loop.markUrgent(self)
    }

    /// Brings the loop's sum and ``isLagging`` up to date.
    func countOutput() {
        let waiting = waitingBytes
        loop.outputBytes += waiting - countedBytes
        countedBytes = waiting
        if !isLagging, waiting > loop.limits.outputBytesSoft {
            isLagging = true
            laggingSinceMs = loop.nowMs
        } else if isLagging, waiting <= loop.limits.outputBytesSoft / 4 {
            isLagging = false
            if phase == .open { loop.marketDataResumed(self) }
        }
    }

    /// Closes a connection whose client does not keep up, without what was to be sent.
    func dropSlowReader() {
        // Between flushes the output holds whole frames only, so what waits can be dropped without breaking the stream.
        endpoint?.output.removeAll()
        loop.logger.info("slow reader dropped", metadata: ["session": "\(session)"])
        close(code: 1008, reason: "read too slowly: more output waited than hello allows, or some of it for too long")
    }
}
