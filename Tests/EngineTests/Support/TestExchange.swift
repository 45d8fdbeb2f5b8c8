import Engine
import Proof

/// An exchange with helpers that speak in commands instead of bytes.
final class TestExchange {
    let host: HostedExchange
    var nonce: UInt64
    static let startMs: UInt64 = 1_790_000_000_000
    static let feeOwner = address(99)

    /// Opens block 1 on a fresh exchange.
    init() throws {
        host = try HostedExchange()
        nonce = Self.startMs
        host.exchange.beginBlock(number: 1, timeMs: Self.startMs)
    }

    /// Market 1 sells token 2 for token 1, which has nine decimals, in lots of one atom; `traders` have `atoms` of both. Account 1 gets the fees, which are
    /// in basis points.
    convenience init(traders: [Address], atoms: UInt64, baseDecimals: UInt64, makerFee: UInt64 = 0, takerFee: UInt64 = 0) throws {
        try self.init()
        listToken(1, decimals: 9)
        listToken(2, decimals: baseDecimals)
        listMarket(1, base: 2, quote: 1, lotExponent: 0, makerFee: makerFee, takerFee: takerFee, feeOwner: Self.feeOwner)
        for trader in traders { for token in UInt32(1)...2 { deposit(trader, token: token, atoms: atoms) } }
    }

    /// What an owner's first account can spend.
    func free(_ owner: Address, _ token: UInt32) -> UInt64 {
        host.exchange.balance(account: host.exchange.account(owner: owner)!.id, token: token)?.free ?? 0
    }

    /// Consumes a message from L1; returns the events.
    @discardableResult
    func consume(_ message: InboxMessage) -> [Event] {
        host.exchange.clearEvents()
        host.exchange.consume(message)
        return Array(host.exchange.events)
    }

    /// Opens the next block, `milliseconds` after the last one; returns the events.
    @discardableResult
    func nextBlock(after milliseconds: UInt64) -> [Event] {
        let header = host.exchange.header
        host.exchange.clearEvents()
        host.exchange.beginBlock(number: header.blockNumber + 1, timeMs: header.blockTimeMs + milliseconds)
        return Array(host.exchange.events)
    }

    /// As if so many withdrawals had been recorded.
    func setWithdrawalCount(_ count: UInt64) {
        (host.arenaBytes + Layout.header).assumingMemoryBound(to: StateHeader.self).pointee.withdrawalCount = count
    }

    static func marketFeesSet(_ market: UInt64, maker: UInt64, taker: UInt64) -> InboxMessage {
        InboxMessage(kind: InboxMessage.Kind.marketFeesSet, a: Hash256(), b: market, c: Hash256(integer: maker | taker << 16))
    }

    static func address(_ number: UInt64) -> Address {
        var hash = Keccak256()
        hash.update(Hash256(integer: number))
        return withUnsafeBytes(of: hash.finish()) { Address(loadingFrom: $0.baseAddress!) }
    }

    func deposit(_ owner: Address, token: UInt32, atoms: UInt64) {
        var message = InboxMessage()
        message.kind = Hash256(integer: InboxMessage.Kind.deposit)
        message.a = Hash256(address: owner)
        message.b = Hash256(integer: UInt64(token))
        message.c = Hash256(integer: atoms)
        host.exchange.consume(message)
    }

    func listToken(_ id: UInt32, decimals: UInt64) {
        var message = InboxMessage()
        message.kind = Hash256(integer: InboxMessage.Kind.tokenListed)
        message.a = Hash256(address: id == 1 ? .zero : Self.address(UInt64(id) + 1_000_000))
        message.b = Hash256(integer: UInt64(id))
        message.c = Hash256(integer: decimals | 9 << 8)
        host.exchange.consume(message)
    }

    func listMarket(
        _ id: UInt32, base: UInt64, quote: UInt64, lotExponent: UInt64, makerFee: UInt64, takerFee: UInt64, feeOwner: Address,
        opensAtMs: UInt64 = 0, referencePrice: UInt32 = 0
    ) {
        var message = InboxMessage()
        message.kind = Hash256(integer: InboxMessage.Kind.marketListed)
        message.a = Hash256(address: feeOwner)
        message.b = Hash256(integer: UInt64(id))
        message.c.word3 = (base | quote << 32).byteSwapped
        message.c.word2 = (lotExponent | makerFee << 8 | takerFee << 24).byteSwapped
        message.d.word3 = opensAtMs.byteSwapped
        message.d.word2 = UInt64(referencePrice).byteSwapped
        host.exchange.consume(message)
    }

    /// Encodes and executes commands under the next nonce; returns the admission code and the events.
    @discardableResult
    func execute(_ commands: [Command], signer: Address, nonce: UInt64? = nil) -> (code: RejectCode, events: [Event]) {
        var payload: [UInt8] = []
        for command in commands { payload += Self.encode(command) }
        return execute(payload: payload, signer: signer, nonce: nonce)
    }

    @discardableResult
    func execute(payload: [UInt8], signer: Address, nonce: UInt64? = nil) -> (code: RejectCode, events: [Event]) {
        self.nonce = max(self.nonce + 1, host.exchange.header.blockTimeMs)
        host.exchange.clearEvents()
        let code = payload.withUnsafeBytes { host.exchange.execute(signer: signer, nonce: nonce ?? self.nonce, payload: $0) }
        return (code, Array(host.exchange.events))
    }

    static func encode(_ command: Command) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Command.bytesMax)
        let count = bytes.withUnsafeMutableBytes { command.encode(to: $0.baseAddress!) }
        return Array(bytes.prefix(count))
    }

    /// All bytes of the arena that were ever touched, to compare before and after.
    func digestOfBalances() -> [UInt64] {
        var values: [UInt64] = []
        for account in 1...max(1, host.exchange.header.accountCount) {
            for token in 1..<UInt32(8) {
                let balance = host.exchange.balance(account: account, token: token)
                values += [balance?.free ?? 0, balance?.locked ?? 0]
            }
        }
        return values
    }
}

/// The price code of `mantissa * 10^power`.
func price(_ mantissa: UInt32, _ power: Int32) -> UInt32 {
    PriceCode.code(mantissa: mantissa, exponent: UInt32(power + PriceCode.exponentBias))
}
