import Engine
import Gateway
import Settlement

/// A token as people and commands name it.
struct TokenInfo: Equatable {
    var id: UInt32
    var symbol: String
    /// Decimals of an atom.
    var decimals: UInt32
    /// One atom is 10^unitExponent L1 units.
    var unitExponent: UInt32
    /// Zero for ETH, and for a token created on the exchange whose ERC-20 L1 need not have yet.
    var l1Address: Address

    /// Whether it was created on the exchange.
    var isBorn: Bool { id >= Layout.bornTokensStart }

    /// Atoms as a decimal number.
    func format(_ atoms: UInt64) -> String { TokenAmount.format(atoms: atoms, decimals: decimals) }
    /// Atoms of a typed amount; exact or refused.
    func atoms(_ text: String) throws(DecimalError) -> UInt64 { try TokenAmount.atoms(text, decimals: decimals, symbol: symbol) }
}

/// A market as people and commands name it.
struct MarketInfo: Equatable {
    var id: UInt16
    var base: TokenInfo
    var quote: TokenInfo
    /// One lot is 10^lotExponent base atoms.
    var lotExponent: UInt32

    var name: String { base.symbol + "/" + quote.symbol }

    /// Lots as a decimal number of base tokens.
    func format(lots: UInt64) -> String { TokenAmount.format(lots: lots, baseDecimals: base.decimals, lotExponent: lotExponent) }
    /// Lots of a typed size; exact or refused.
    func lots(_ text: String) throws(DecimalError) -> UInt64 {
        try TokenAmount.lots(text, baseDecimals: base.decimals, lotExponent: lotExponent, symbol: base.symbol)
    }
}

/// What is listed, and how to find it by what a person types. Pure.
struct Listing: Equatable {
    var tokens: [TokenInfo]
    var markets: [MarketInfo]

    /// The token with this id or symbol, whatever the case of its letters. Anybody can create a token of any symbol, so those that L1
    /// listed come first.
    func token(_ text: String) throws(ListingError) -> TokenInfo {
        if let id = UInt32(text) {
            guard let token = token(id: id) else { throw .unknown("token", text, known: tokens.map(\.symbol)) }
            return token
        }
        let listed = tokens.filter { !$0.isBorn && $0.symbol.lowercased() == text.lowercased() }
        return try Self.only(listed.isEmpty ? tokens : listed, "token", text, id: { UInt64($0.id) }, name: \.symbol)
    }

    func token(id: UInt32) -> TokenInfo? { tokens.first { $0.id == id } }

    /// The token of a record of the exchange.
    func known(token id: UInt32) throws -> TokenInfo {
        guard let token = token(id: id) else {
            throw CommandFailure(.mismatch, "the exchange speaks of token \(id), which it does not list")
        }
        return token
    }

    /// The market of a record of the exchange.
    func known(market id: UInt16) throws -> MarketInfo {
        guard let market = market(id: id) else {
            throw CommandFailure(.mismatch, "the exchange speaks of market \(id), which it does not list")
        }
        return market
    }

    /// The market with this id or name, as in `PEPE/USDX`.
    func market(_ text: String) throws(ListingError) -> MarketInfo {
        if let id = UInt16(text) {
            guard let market = market(id: id) else { throw .unknown("market", text, known: markets.map(\.name)) }
            return market
        }
        return try Self.only(markets, "market", text, id: { UInt64($0.id) }, name: \.name)
    }

    func market(id: UInt16) -> MarketInfo? { markets.first { $0.id == id } }

    private static func only<Item>(
        _ items: [Item], _ what: String, _ text: String, id: (Item) -> UInt64, name: (Item) -> String
    ) throws(ListingError) -> Item {
        let found = items.filter { name($0).lowercased() == text.lowercased() }
        guard found.count <= 1 else { throw .ambiguous(what, text, ids: found.map(id)) }
        guard let item = found.first else { throw .unknown(what, text, known: items.map(name)) }
        return item
    }
}

/// Why a name names nothing.
enum ListingError: Error, Equatable, CustomStringConvertible {
    /// What it should name, what was typed, and what there is.
    case unknown(String, String, known: [String])
    case ambiguous(String, String, ids: [UInt64])

    var description: String {
        switch self {
        case .unknown(let what, let text, let known) where known.isEmpty: "there is no \(what) \(text): none is listed yet"
        case .unknown(let what, let text, let known):
            "there is no \(what) \(text); listed are \(known.prefix(20).joined(separator: ", "))\(known.count > 20 ? ", …" : "")"
        case .ambiguous(let what, let text, let ids):
            "\(ids.count) \(what)s are named \(text); give the id instead: \(ids.map(String.init).joined(separator: ", "))"
        }
    }
}
