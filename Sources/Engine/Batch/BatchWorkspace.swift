/// Memory that a ``BatchReader`` needs while it reads, lent by the caller: last prices by market, last nonce and client order id by signer.
struct BatchWorkspace {
    static let byteCount = BatchFormat.lastPriceCount * 4 + BatchFormat.signersMax * 16

    let lastPrices: UnsafeMutablePointer<UInt32>
    let lastNonces: UnsafeMutablePointer<UInt64>
    let lastClientOrderIds: UnsafeMutablePointer<UInt64>

    /// Takes ``byteCount`` bytes aligned to 8 and clears what a batch with this many signers uses.
    init(_ memory: UnsafeMutableRawPointer, signerCount: Int) {
        let nonces = memory + BatchFormat.lastPriceCount * 4
        let clientOrderIds = nonces + BatchFormat.signersMax * 8
        lastPrices = memory.bindMemory(to: UInt32.self, capacity: BatchFormat.lastPriceCount)
        lastNonces = nonces.bindMemory(to: UInt64.self, capacity: BatchFormat.signersMax)
        lastClientOrderIds = clientOrderIds.bindMemory(to: UInt64.self, capacity: BatchFormat.signersMax)
        lastPrices.update(repeating: 0, count: BatchFormat.lastPriceCount)
        lastNonces.update(repeating: 0, count: signerCount)
        lastClientOrderIds.update(repeating: 0, count: signerCount)
    }
}
