/// Commands from bytes and to bytes.
extension Command {
    /// Decodes the command at `offset` and moves `offset` past it; nil if there is no well-formed command.
    /// Inlined where it is used: a check alone then builds no command, and what is applied is not passed through memory (12 to 20 % of the transition).
    @inline(__always)
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
            guard let order = order(bytes, flags, market), flags < 0x40 else { return nil }
            return .place(order)
        case 2 where flags == 0: return .cancel(market: market, orderId: u64(bytes, 4))
        case 3 where flags == 0: return .cancelByClientId(market: market, clientOrderId: u64(bytes, 4))
        case 4 where flags == 0 && market == 0: return .withdraw(token: u32(bytes, 4), atoms: u64(bytes, 8))
        case 5 where flags == 0 && market == 0: return .approveAgent(Address(loadingFrom: bytes + 4), expiryMs: u64(bytes, 24))
        case 6 where flags == 0 && market == 0: return .revokeAgent(Address(loadingFrom: bytes + 4))
        case 7:
            let expiryMs = u64(bytes, 24)
            guard let order = order(bytes, flags, market), flags < 0x40, expiryMs != 0 else { return nil }
            return .placeUntil(order, expiryMs: expiryMs)
        case 8:
            guard let order = order(bytes, flags, market), u32(bytes, 36) == 0 else { return nil }
            return .placeTrigger(order, expiryMs: u64(bytes, 24), triggerPriceCode: u32(bytes, 32))
        case 9 where flags == 0:
            return .modify(market: market, orderId: u64(bytes, 16), priceCode: u32(bytes, 4), lots: u64(bytes, 8))
        case 10:
            guard let sides = SideSelection(rawValue: flags) else { return nil }
            return .cancelAll(market: market, sides: sides)
        case 11 where flags == 0 && market == 0: return .scheduleCancel(timeMs: u64(bytes, 4))
        case 12 where flags <= 1 && market == 0: return .cancelOnDisconnect(flags == 1)
        case 13 where flags == 0 && market == 0: return .disconnected
        case 14 where flags == 0 && market == 0: return .useAccount(u32(bytes, 4))
        case 15 where flags == 0 && market == 0: return .openSubaccount
        case 16 where flags == 0 && market == 0:
            return .transfer(token: u32(bytes, 4), atoms: u64(bytes, 8), toAccount: u32(bytes, 16))
        case 17 where flags <= Layout.tokenDecimalsMax && market == 0:
            return .createToken(TokenSymbol(loadingFrom: bytes + 12), decimals: flags, supply: u64(bytes, 4))
        default: return nil
        }
    }

    /// Writes the command at `bytes`, where ``bytesMax`` bytes are free, and returns its length.
    package func encode(to bytes: UnsafeMutableRawPointer) -> Int {
        switch self {
        case .place(let order):
            return Self.write(order, type: 1, to: bytes)
        case .cancel(let market, let orderId):
            bytes.storeBytes(of: orderId, toByteOffset: 4, as: UInt64.self)
            return Self.writeHead(type: 2, market: market, to: bytes)
        case .cancelByClientId(let market, let clientOrderId):
            bytes.storeBytes(of: clientOrderId, toByteOffset: 4, as: UInt64.self)
            return Self.writeHead(type: 3, market: market, to: bytes)
        case .withdraw(let token, let atoms):
            bytes.storeBytes(of: token, toByteOffset: 4, as: UInt32.self)
            bytes.storeBytes(of: atoms, toByteOffset: 8, as: UInt64.self)
            return Self.writeHead(type: 4, to: bytes)
        case .approveAgent(let agent, let expiryMs):
            bytes.storeBytes(of: agent, toByteOffset: 4, as: Address.self)
            bytes.storeBytes(of: expiryMs, toByteOffset: 24, as: UInt64.self)
            return Self.writeHead(type: 5, to: bytes)
        case .revokeAgent(let agent):
            bytes.storeBytes(of: agent, toByteOffset: 4, as: Address.self)
            return Self.writeHead(type: 6, to: bytes)
        case .placeUntil(let order, let expiryMs):
            bytes.storeBytes(of: expiryMs, toByteOffset: 24, as: UInt64.self)
            return Self.write(order, type: 7, to: bytes)
        case .placeTrigger(let order, let expiryMs, let triggerPriceCode):
            bytes.storeBytes(of: expiryMs, toByteOffset: 24, as: UInt64.self)
            bytes.storeBytes(of: triggerPriceCode, toByteOffset: 32, as: UInt32.self)
            bytes.storeBytes(of: 0, toByteOffset: 36, as: UInt32.self)
            return Self.write(order, type: 8, to: bytes)
        case .modify(let market, let orderId, let priceCode, let lots):
            bytes.storeBytes(of: priceCode, toByteOffset: 4, as: UInt32.self)
            bytes.storeBytes(of: lots, toByteOffset: 8, as: UInt64.self)
            bytes.storeBytes(of: orderId, toByteOffset: 16, as: UInt64.self)
            return Self.writeHead(type: 9, market: market, to: bytes)
        case .cancelAll(let market, let sides): return Self.writeHead(type: 10, flags: sides.rawValue, market: market, to: bytes)
        case .scheduleCancel(let timeMs):
            bytes.storeBytes(of: timeMs, toByteOffset: 4, as: UInt64.self)
            return Self.writeHead(type: 11, to: bytes)
        case .cancelOnDisconnect(let isOn): return Self.writeHead(type: 12, flags: isOn ? 1 : 0, to: bytes)
        case .disconnected: return Self.writeHead(type: 13, to: bytes)
        case .useAccount(let account):
            bytes.storeBytes(of: account, toByteOffset: 4, as: UInt32.self)
            return Self.writeHead(type: 14, to: bytes)
        case .openSubaccount: return Self.writeHead(type: 15, to: bytes)
        case .transfer(let token, let atoms, let toAccount):
            bytes.storeBytes(of: token, toByteOffset: 4, as: UInt32.self)
            bytes.storeBytes(of: atoms, toByteOffset: 8, as: UInt64.self)
            bytes.storeBytes(of: toAccount, toByteOffset: 16, as: UInt32.self)
            return Self.writeHead(type: 16, to: bytes)
        case .createToken(let symbol, let decimals, let supply):
            bytes.storeBytes(of: supply, toByteOffset: 4, as: UInt64.self)
            bytes.storeBytes(of: symbol, toByteOffset: 12, as: TokenSymbol.self)
            return Self.writeHead(type: 17, flags: decimals, to: bytes)
        }
    }

    @inline(__always)
    private static func order(_ bytes: UnsafeRawPointer, _ flags: UInt8, _ market: UInt16) -> Order? {
        guard let flags = PlaceFlags(rawValue: flags) else { return nil }
        return Order(market: market, flags: flags, priceCode: u32(bytes, 4), lots: u64(bytes, 8), clientOrderId: u64(bytes, 16))
    }

    private static func write(_ order: Order, type: UInt8, to bytes: UnsafeMutableRawPointer) -> Int {
        bytes.storeBytes(of: order.priceCode, toByteOffset: 4, as: UInt32.self)
        bytes.storeBytes(of: order.lots, toByteOffset: 8, as: UInt64.self)
        bytes.storeBytes(of: order.clientOrderId, toByteOffset: 16, as: UInt64.self)
        return writeHead(type: type, flags: order.flags.rawValue, market: order.market, to: bytes)
    }

    private static func writeHead(type: UInt8, flags: UInt8 = 0, market: UInt16 = 0, to bytes: UnsafeMutableRawPointer) -> Int {
        bytes.storeBytes(of: type, toByteOffset: 0, as: UInt8.self)
        bytes.storeBytes(of: flags, toByteOffset: 1, as: UInt8.self)
        bytes.storeBytes(of: market, toByteOffset: 2, as: UInt16.self)
        return byteCount(type: type)
    }

    @inline(__always)
    private static func u32(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt32 {
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    }
    @inline(__always)
    private static func u64(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }
}
