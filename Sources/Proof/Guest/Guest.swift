/// The entry points of the RISC-V build: Engine's transitions over the arena at its place in the machine's memory.
///
/// The machine that runs them comes with the fraud proofs; `Deploy/build-guest` compiles this file together with Engine's sources, so that the build
/// fails as soon as the engine needs anything that a bare RV64IM machine does not have.

/// Opens a block.
@_cdecl("memex_begin_block")
public func memexBeginBlock(_ memory: UnsafeRawPointer, _ number: UInt64, _ timeMs: UInt64) {
    var exchange = Exchange(memory.load(as: ExchangeMemory.self))
    exchange.beginBlock(number: number, timeMs: timeMs)
}

/// Applies one inbox message of 160 bytes.
@_cdecl("memex_consume")
public func memexConsume(_ memory: UnsafeRawPointer, _ message: UnsafeRawPointer) {
    var exchange = Exchange(memory.load(as: ExchangeMemory.self))
    exchange.consume(InboxMessage(loadingFrom: message))
}

/// Admits and applies one command batch whose signature was found good; returns its reject code.
@_cdecl("memex_execute")
public func memexExecute(
    _ memory: UnsafeRawPointer, _ signer: UnsafeRawPointer, _ nonce: UInt64, _ payload: UnsafeRawPointer, _ count: Int
) -> UInt16 {
    var exchange = Exchange(memory.load(as: ExchangeMemory.self))
    let bytes = UnsafeRawBufferPointer(start: payload, count: count)
    return exchange.execute(signer: Address(loadingFrom: signer), nonce: nonce, payload: bytes).rawValue
}
