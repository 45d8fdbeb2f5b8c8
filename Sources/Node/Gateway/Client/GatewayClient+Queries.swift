import Engine
import Sequencer

/// Questions, and their answers decoded; layouts: ``QueryReply``.
extension GatewayClient {
    /// Asks the executor and waits for the reply, whose layout depends on `kind`. For an account `market` is the sub-account's number.
    package func query(
        _ kind: QueryKind, market: UInt16 = 0, depth: UInt16 = 0, owner: Address = .zero
    ) throws(GatewayClientError) -> [UInt8] {
        lastRequestId &+= 1
        let requestId = lastRequestId
        var message = [UInt8](repeating: 0, count: 8 + QueryLayout.bytes)
        message.withUnsafeMutableBytes { bytes in
            bytes[0] = Wire.ToServer.query
            bytes.storeBytes(of: requestId, toByteOffset: 4, as: UInt32.self)
            bytes[8 + QueryLayout.kind] = kind.rawValue
            bytes.storeBytes(of: market, toByteOffset: 8 + QueryLayout.market, as: UInt16.self)
            bytes.storeBytes(of: depth, toByteOffset: 8 + QueryLayout.depth, as: UInt16.self)
            bytes.storeBytes(of: owner, toByteOffset: 8 + QueryLayout.address, as: Address.self)
        }
        try sendMessage(message)
        return try wait { message in
            switch message {
            case .queryReply(requestId, let body): .success(body)
            case .reject(let reject) where reject.messageType == Wire.ToServer.query && reject.requestId == requestId: .failure(reject)
            default: nil
            }
        }
    }

    /// The server's time in milliseconds since 1970.
    package func serverTimeMs() throws(GatewayClientError) -> UInt64 {
        let clientTime = MonotonicClock.nanoseconds()
        var message = [UInt8](repeating: 0, count: 16)
        message.withUnsafeMutableBytes {
            $0[0] = Wire.ToServer.time
            $0.storeBytes(of: clientTime, toByteOffset: 8, as: UInt64.self)
        }
        try sendMessage(message)
        return try wait { message in
            guard case .time(clientTime, let serverTimeMs) = message else { return nil }
            return .success(serverTimeMs)
        }
    }

    package func status() throws(GatewayClientError) -> ExchangeStatus {
        let reply = try query(.status)
        do { return try ExchangeStatus(decoding: reply) } catch { throw .malformed(error) }
    }

    /// All listed tokens, by id.
    package func tokens() throws(GatewayClientError) -> [Token] { try records(.tokens) }

    /// All listed markets, by id.
    package func markets() throws(GatewayClientError) -> [MarketAndBook] { try records(.markets) }

    /// The account that `address` owns or signs for, the main one or a sub-account by its number; nil if there is none.
    package func account(_ address: Address, subaccount: UInt16 = 0) throws(GatewayClientError) -> AccountAnswer? {
        let reply = try query(.account, market: subaccount, owner: address)
        do { return try AccountAnswer(decoding: reply) } catch { throw .malformed(error) }
    }

    /// Up to `depth` best levels (at most 1000) of each side; nil if there is no such market.
    package func book(market: UInt16, depth: UInt16) throws(GatewayClientError) -> BookAnswer? {
        let reply = try query(.book, market: market, depth: depth)
        do { return try BookAnswer(decoding: reply) } catch { throw .malformed(error) }
    }

    /// All accounts of the owner that `address` is or signs for, the main one first; none if there is no such owner.
    package func accounts(_ address: Address) throws(GatewayClientError) -> [AccountRecord] { try records(.accounts, owner: address) }

    private func records<Record: BitwiseCopyable>(
        _ kind: QueryKind, owner: Address = .zero
    ) throws(GatewayClientError) -> [Record] {
        let reply = try query(kind, owner: owner)
        do {
            var reader = try AnswerReader(reply, kind: kind)
            return try reader.records(Int(reader.count))
        } catch {
            throw .malformed(error)
        }
    }
}
