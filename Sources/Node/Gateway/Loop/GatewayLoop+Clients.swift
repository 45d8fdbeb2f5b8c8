import Engine
import Sequencer
import Signing

/// Messages from clients.
extension GatewayLoop {
    /// A WebSocket has opened: hello.
    func opened(_ connection: Connection) {
        openCount += 1
        shared.statistics.opened.add()
        logger.debug("session opened", metadata: ["session": "\(connection.session)"])
        var hello = ServerMessage.Hello()
        hello.session = connection.session
        hello.chainId = configuration.chainId
        hello.rollup = configuration.rollup
        hello.payloadBytesMax = UInt32(Layout.payloadBytesMax)
        hello.serverTimeMs = WallClock.milliseconds()
        hello.block = block
        hello.commandsPerPayloadMax = UInt16(Layout.commandsPerPayloadMax)
        hello.subscriptionsMax = UInt16(clamping: limits.subscriptionsMax)
        hello.pingIntervalSeconds = UInt16(clamping: limits.pingIntervalMs / 1000)
        hello.idleTimeoutSeconds = UInt16(clamping: limits.idleTimeoutMs / 1000)
        hello.inFlightMax = UInt32(clamping: limits.inFlightMax)
        hello.outputBytesMax = UInt32(clamping: limits.outputBytesMax)
        hello.domainSeparator = domain.separator
        hello.commandsPerSecond = limits.accountCommands.perSecond
        hello.commandBurst = limits.accountCommands.burst
        hello.messagesPerSecond = limits.addressMessages.perSecond
        hello.oldestPosition = fromExecutor.log.oldestPosition
        send(to: connection) { $0.append(hello: hello) }
    }

    /// A WebSocket begins to close, or is gone: nothing more goes to it.
    func closed(_ connection: Connection) {
        openCount -= 1
        shared.closed()
        let code = connection.endpoint?.closeCodeSent ?? WebSocketClose.abnormal
        shared.statistics.closes.add(code)
        logger.debug("session closed", metadata: ["session": "\(connection.session)", "code": "\(code)"])
        for subscription in connection.subscriptions { removeSubscriber(connection, subscription) }
        connection.subscriptions.removeAll()
        watched.ended(session: connection.session)
    }

    /// Tells the executor whose watched connection has ended. What the ring does not take now, the next turn tries again; once the ring may
    /// not be written any more, the executor itself takes all sessions for ended.
    func stateEndedSessions() {
        guard watched.hasEnded, !isDraining else { return }
        watched.takeEnded { signer in
            toExecutor.tryWrite(
                kind: RingRecord.ToExecutor.disconnected, session: 0, tag: 0, bodyBytes: MemoryLayout<Address>.size
            ) { $0.storeBytes(of: signer, as: Address.self) }
        }
        commitToExecutor()
    }

    /// One message: decoded, and either passed on, answered, or refused with a code and a sentence.
    func received(_ message: UnsafeRawBufferPointer, from connection: Connection) {
        do throws(ClientMessage.Malformed) {
            let decoded = try ClientMessage.decode(message)
            if case .commands(let envelope) = decoded { return receivedCommands(envelope, from: connection) }
            guard isWithinRate(connection) else {
                let requestId: UInt32 = if case .query(let requestId, _) = decoded { requestId } else { 0 }
                return reject(
                    connection, .tooManyFromAddress, messageType: message[0], requestId: requestId,
                    detail: RejectDetail.addressRate(limits.addressMessages))
            }
            switch decoded {
            case .commands: break
            case .query(let requestId, let body): receivedQuery(requestId, body, from: connection)
            case .subscribe(let subscription, let after):
                connection.budget.spend(InputBudget.Cost.subscription)
                subscribe(connection, subscription, after: after)
            case .unsubscribe(let subscription): unsubscribe(connection, subscription)
            case .time(let clientTime):
                send(to: connection) { $0.append(timeReplyTo: clientTime, serverTimeMs: WallClock.milliseconds()) }
            }
        } catch {
            _ = isWithinRate(connection)
            reject(
                connection, error.code, messageType: error.type, requestId: error.requestId, nonce: error.nonce,
                detail: RejectDetail.malformed(error.code, message))
        }
    }

    /// Counts a message; false if the client's address sends too many.
    func isWithinRate(_ connection: Connection) -> Bool {
        shared.addresses.takeMessage(connection.address, at: MonotonicClock.nanoseconds())
    }

    private func receivedQuery(_ requestId: UInt32, _ body: UnsafeRawBufferPointer, from connection: Connection) {
        func refuse(_ detail: String) {
            reject(connection, .busy, messageType: Wire.ToServer.query, requestId: requestId, detail: detail)
        }
        guard connection.inFlightCount < limits.inFlightMax else {
            return refuse(RejectDetail.waiting("answers on this connection", allowed: limits.inFlightMax))
        }
        guard connection.queryCount < limits.queriesInFlightPerConnectionMax else {
            return refuse(RejectDetail.waiting("queries of this connection", allowed: limits.queriesInFlightPerConnectionMax))
        }
        guard queryCount < limits.queriesInFlightMax else {
            return refuse(RejectDetail.waiting("queries of all clients", allowed: limits.queriesInFlightMax))
        }
        guard ask(session: connection.session, tag: UInt64(requestId), body) else { return refuse("") }
        connection.inFlightCount += 1
        connection.queryCount += 1
        queryCount += 1
    }

    /// Puts a query on the ring; false if it is full, or not to be written any more.
    func ask(session: UInt32, tag: UInt64, _ body: UnsafeRawBufferPointer) -> Bool {
        guard !isDraining else { return false }
        return toExecutor.tryWrite(kind: RingRecord.ToExecutor.query, session: session, tag: tag, bodyBytes: body.count) {
            guard let base = body.baseAddress else { return }
            $0.copyMemory(from: base, byteCount: body.count)
        }
    }

    /// Asks for the accounts of addresses on the gateway's own behalf, a bounded number at once.
    func askForAccounts() {
        guard accounts.waitingCount > 0 else { return }
        accounts.ask(countMax: limits.lookUpsInFlightMax) { lookUp($0) }
        commitToExecutor()
    }

    /// ``ownSession`` marks the answer as the gateway's own. False if the ring is full.
    private func lookUp(_ key: AccountFeeds.Key) -> Bool {
        var body: (UInt64, Address) = (UInt64(QueryKind.account.rawValue) | UInt64(key.subaccount) << 16, key.address)
        return withUnsafeBytes(of: &body) { ask(session: ownSession, tag: 0, UnsafeRawBufferPointer(rebasing: $0[..<QueryLayout.bytes])) }
    }
}
