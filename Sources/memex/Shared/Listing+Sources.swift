import Engine
import Gateway
import Sequencer
import Settlement

extension Listing {
    /// Decimals beyond this are no sane listing; L1 allows fewer.
    private static let decimalsMax: UInt32 = 36

    /// What the exchange says is listed.
    init(from client: GatewayClient) throws {
        try self.init(tokens: try client.tokens(), markets: try client.markets())
    }

    /// From the exchange's records; throws if they contradict each other.
    init(tokens: [Token], markets: [MarketAndBook]) throws {
        self.init(tokens: tokens.map(TokenInfo.init), markets: [])
        guard self.tokens.allSatisfy({ $0.decimals <= Self.decimalsMax }) else { throw Self.contradiction("a token's decimals") }
        for record in markets.map(\.market) {
            guard let id = UInt16(exactly: record.id), let base = token(id: record.baseToken), let quote = token(id: record.quoteToken),
                record.lotExponent <= Self.decimalsMax
            else { throw Self.contradiction("market \(record.id)") }
            self.markets.append(MarketInfo(id: id, base: base, quote: quote, lotExponent: record.lotExponent))
        }
    }

    /// What the contract says is listed.
    init(from contract: RollupContract) async throws {
        self.init(tokens: try await contract.tokens().map(TokenInfo.init), markets: [])
        for listed in try await contract.markets() {
            // Ids beyond what commands can name are never traded.
            guard let id = UInt16(exactly: listed.id), let base = token(id: listed.base), let quote = token(id: listed.quote) else {
                continue
            }
            markets.append(MarketInfo(id: id, base: base, quote: quote, lotExponent: listed.lotExponent))
        }
    }

    private static func contradiction(_ what: String) -> CommandFailure {
        CommandFailure(.mismatch, "the exchange's list of tokens and markets makes no sense (\(what)); is this a Memex gateway?")
    }
}

extension TokenInfo {
    init(_ token: Token) {
        self.init(
            id: token.id, symbol: token.symbol.text, decimals: token.decimals, unitExponent: token.unitExponent, l1Address: token.l1Address)
    }

    init(_ token: ListedToken) {
        self.init(
            id: token.id, symbol: token.symbol, decimals: token.decimals, unitExponent: token.unitExponent, l1Address: token.l1Address)
    }
}
