/// One command of a payload.
///
/// | command | bytes | layout (little-endian) |
/// | --- | --- | --- |
/// | place | 24 | u8 1, u8 ``PlaceFlags``, u16 market, u32 price code, u64 lots, u64 client order id (0: none) |
/// | cancel | 12 | u8 2, u8 0, u16 market, u64 order id |
/// | cancel by client order id | 12 | u8 3, u8 0, u16 market, u64 client order id |
/// | withdraw | 16 | u8 4, u8 0, u16 0, u32 token, u64 atoms (``allFree``: all) |
/// | approve agent | 32 | u8 5, u8 0, u16 0, agent 20 bytes, u64 expiry in ms (0: never) |
/// | revoke agent | 24 | u8 6, u8 0, u16 0, agent 20 bytes |
/// | place until | 32 | as place, with u8 7; then u64 expiry in ms (not 0) |
/// | place trigger | 40 | as place, with u8 8; then u64 expiry in ms (0: never), u32 trigger price code, u32 0 |
/// | modify | 24 | u8 9, u8 0, u16 market, u32 price code, u64 lots, u64 order id |
/// | cancel all | 4 | u8 10, u8 ``SideSelection``, u16 market (0: all) |
/// | schedule cancel | 12 | u8 11, u8 0, u16 0, u64 block time in ms (0: never) |
/// | cancel on disconnect | 4 | u8 12, u8 1 on or 0 off, u16 0 |
/// | disconnected | 4 | u8 13, u8 0, u16 0; alone in an unsigned envelope |
/// | use account | 8 | u8 14, u8 0, u16 0, u32 account |
/// | open sub-account | 4 | u8 15, u8 0, u16 0 |
/// | transfer | 20 | u8 16, u8 0, u16 0, u32 token, u64 atoms, u32 to account |
/// | create token | 28 | u8 17, u8 decimals (0...18), u16 0, u64 supply in atoms, symbol 16 bytes of ASCII, zero padded |
///
/// There is one encoding for each command: unused bits are zero.
package enum Command: Equatable, Sendable {
    /// The order that is common to the commands that place one.
    package struct Order: Equatable, Sendable {
        package var market: UInt16
        package var flags: PlaceFlags
        package var priceCode: UInt32
        package var lots: UInt64
        package var clientOrderId: UInt64

        package init(market: UInt16, flags: PlaceFlags, priceCode: UInt32, lots: UInt64, clientOrderId: UInt64 = 0) {
            self.market = market
            self.flags = flags
            self.priceCode = priceCode
            self.lots = lots
            self.clientOrderId = clientOrderId
        }
    }

    case place(Order)
    case cancel(market: UInt16, orderId: UInt64)
    case cancelByClientId(market: UInt16, clientOrderId: UInt64)
    case withdraw(token: UInt32, atoms: UInt64)
    case approveAgent(Address, expiryMs: UInt64)
    case revokeAgent(Address)
    case placeUntil(Order, expiryMs: UInt64)
    case placeTrigger(Order, expiryMs: UInt64, triggerPriceCode: UInt32)
    case modify(market: UInt16, orderId: UInt64, priceCode: UInt32, lots: UInt64)
    case cancelAll(market: UInt16, sides: SideSelection)
    case scheduleCancel(timeMs: UInt64)
    case cancelOnDisconnect(Bool)
    case disconnected
    case useAccount(UInt32)
    case openSubaccount
    case transfer(token: UInt32, atoms: UInt64, toAccount: UInt32)
    case createToken(TokenSymbol, decimals: UInt8, supply: UInt64)

    /// As the atoms of a withdrawal: all that is free. No balance is so large.
    package static let allFree = UInt64.max

    /// A place command.
    package static func place(
        market: UInt16, side: Side, timeInForce: TimeInForce, priceCode: UInt32, lots: UInt64, clientOrderId: UInt64,
        selfTradePrevention: SelfTradePrevention = .cancelTaker
    ) -> Command {
        .place(
            Order(
                market: market, flags: PlaceFlags(side: side, timeInForce: timeInForce, selfTradePrevention: selfTradePrevention),
                priceCode: priceCode, lots: lots, clientOrderId: clientOrderId))
    }

    /// Whether it stands in an unsigned envelope, and in no other.
    @inline(__always)
    var isUnsigned: Bool { if case .disconnected = self { true } else { false } }

    /// The longest encoding of a command, in bytes.
    package static let bytesMax = 40

    /// The length of a command of this type byte, or 0 if there is none.
    @inline(__always)
    package static func byteCount(type: UInt8) -> Int {
        switch type {
        case 1, 6, 9: 24
        case 2, 3, 11: 12
        case 4: 16
        case 5, 7: 32
        case 8: 40
        case 10, 12, 13, 15: 4
        case 14: 8
        case 16: 20
        case 17: 28
        default: 0
        }
    }
}
