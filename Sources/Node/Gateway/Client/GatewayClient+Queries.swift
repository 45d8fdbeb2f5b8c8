import Engine
import Sequencer

/// The queries with their answers decoded; layouts: ``QueryReply``.
extension GatewayClient {
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
