/// One command of a payload.
///
/// | command | bytes | layout (little-endian) |
/// | --- | --- | --- |
/// | place | 24 | u8 1, u8 flags (bit 0 side, bits 1-2 time in force), u16 market, u32 price code, u64 lots, u64 client order id |
/// | cancel | 12 | u8 2, u8 0, u16 market, u64 order id |
/// | cancel by client order id | 12 | u8 3, u8 0, u16 market, u64 client order id |
/// | withdraw | 16 | u8 4, u8 0, u16 0, u32 token, u64 atoms |
/// | approve agent | 32 | u8 5, u8 0, u16 0, agent 20 bytes, u64 expiry in ms (0: never) |
/// | revoke agent | 24 | u8 6, u8 0, u16 0, agent 20 bytes |
///
/// There is one encoding for each command: unused bits are zero.
package enum Command: Equatable, Sendable {
    case place(market: UInt16, side: Side, timeInForce: TimeInForce, priceCode: UInt32, lots: UInt64, clientOrderId: UInt64)
    case cancel(market: UInt16, orderId: UInt64)
    case cancelByClientId(market: UInt16, clientOrderId: UInt64)
    case withdraw(token: UInt32, atoms: UInt64)
    case approveAgent(Address, expiryMs: UInt64)
    case revokeAgent(Address)

    /// The longest encoding of a command, in bytes.
    package static let bytesMax = 32

    /// The length of a command of this type byte, or 0 if there is none.
    package static func byteCount(type: UInt8) -> Int {
        switch type {
        case 1: 24
        case 2, 3: 12
        case 4: 16
        case 5: 32
        case 6: 24
        default: 0
        }
    }

    /// Decodes the command at `offset` and moves `offset` past it; nil if there is no well-formed command.
    package static func decode(_ payload: UnsafeRawBufferPointer, at offset: inout Int) -> Command? {
        guard offset < payload.count else { return nil }
        let size = byteCount(type: payload[offset])
        guard size > 0, payload.count - offset >= size, let start = payload.baseAddress else { return nil }
        let bytes = start + offset
        offset += size
        let flags = bytes.load(fromByteOffset: 1, as: UInt8.self)
        let market = bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)
        switch bytes.load(as: UInt8.self) {
        case 1:
            guard flags < 8, let timeInForce = TimeInForce(rawValue: flags >> 1) else { return nil }
            return .place(
                market: market, side: flags & 1 == 0 ? .buy : .sell, timeInForce: timeInForce,
                priceCode: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self),
                lots: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                clientOrderId: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        case 2 where flags == 0:
            return .cancel(market: market, orderId: bytes.loadUnaligned(fromByteOffset: 4, as: UInt64.self))
        case 3 where flags == 0:
            return .cancelByClientId(market: market, clientOrderId: bytes.loadUnaligned(fromByteOffset: 4, as: UInt64.self))
        case 4 where flags == 0 && market == 0:
            return .withdraw(
                token: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self),
                atoms: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        case 5 where flags == 0 && market == 0:
            return .approveAgent(Address(loadingFrom: bytes + 4), expiryMs: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
        case 6 where flags == 0 && market == 0:
            return .revokeAgent(Address(loadingFrom: bytes + 4))
        default:
            return nil
        }
    }

    /// Writes the command at `bytes`, where ``bytesMax`` bytes are free, and returns its length.
    package func encode(to bytes: UnsafeMutableRawPointer) -> Int {
        var type: UInt8 = 0
        var flags: UInt8 = 0
        var header: UInt16 = 0
        switch self {
        case .place(let market, let side, let timeInForce, let priceCode, let lots, let clientOrderId):
            type = 1
            flags = side.rawValue | timeInForce.rawValue << 1
            header = market
            bytes.storeBytes(of: priceCode, toByteOffset: 4, as: UInt32.self)
            bytes.storeBytes(of: lots, toByteOffset: 8, as: UInt64.self)
            bytes.storeBytes(of: clientOrderId, toByteOffset: 16, as: UInt64.self)
        case .cancel(let market, let orderId):
            type = 2
            header = market
            bytes.storeBytes(of: orderId, toByteOffset: 4, as: UInt64.self)
        case .cancelByClientId(let market, let clientOrderId):
            type = 3
            header = market
            bytes.storeBytes(of: clientOrderId, toByteOffset: 4, as: UInt64.self)
        case .withdraw(let token, let atoms):
            type = 4
            bytes.storeBytes(of: token, toByteOffset: 4, as: UInt32.self)
            bytes.storeBytes(of: atoms, toByteOffset: 8, as: UInt64.self)
        case .approveAgent(let agent, let expiryMs):
            type = 5
            bytes.storeBytes(of: agent, toByteOffset: 4, as: Address.self)
            bytes.storeBytes(of: expiryMs, toByteOffset: 24, as: UInt64.self)
        case .revokeAgent(let agent):
            type = 6
            bytes.storeBytes(of: agent, toByteOffset: 4, as: Address.self)
        }
        bytes.storeBytes(of: type, toByteOffset: 0, as: UInt8.self)
        bytes.storeBytes(of: flags, toByteOffset: 1, as: UInt8.self)
        bytes.storeBytes(of: header, toByteOffset: 2, as: UInt16.self)
        return Self.byteCount(type: type)
    }
}
