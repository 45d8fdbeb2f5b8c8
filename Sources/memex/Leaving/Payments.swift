import Engine
import Settlement
import Signing

/// What L1 paid out to one owner, by a transaction that may have paid others, too.
struct Payment {
    enum Kind: String {
        case withdrawal, balance, refund
        /// The ERC-20 of a token born on the exchange was created; `owner` is the rollup, which pays it out.
        case token

        init(_ payout: Payout) {
            switch payout.content {
            case .balance: self = .balance
            case .withdrawal: self = .withdrawal
            }
        }
    }

    var kind: Kind
    var token: TokenInfo
    var atoms: UInt64
    var owner: Address
    var transaction: Hash256
    /// Its part of the transaction's gas.
    var gas: UInt64

    var json: JSON {
        [
            "kind": .text(kind.rawValue), "token": .text(token.symbol), "atoms": .number(atoms), "amount": .text(token.format(atoms)),
            "owner": .text(owner.hex), "transaction": .text(transaction.hex), "gas": .number(gas),
        ]
    }
}

extension [Payment] {
    var json: JSON { .list(map(\.json)) }

    var text: String {
        var table = TextTable("kind", "token", ">amount", "owner", "transaction", ">gas")
        for payment in self {
            table.add(
                payment.kind.rawValue, payment.token.symbol, payment.token.format(payment.atoms), payment.owner.hex,
                payment.transaction.hex, "\(payment.gas)")
        }
        return table.text
    }
}

extension Options {
    /// The key that pays the gas: `payer`, or that of the owner.
    func payerKey(_ payer: String?) throws -> PrivateKey {
        if let payer { return try KeyFile.read(payer) }
        return try privateKey()
    }

    /// Whom it is about: `owner`, or the owner of the key.
    func ownerAddress(_ owner: Address?) throws -> Address {
        if let owner { return owner }
        return try privateKey().address
    }
}
