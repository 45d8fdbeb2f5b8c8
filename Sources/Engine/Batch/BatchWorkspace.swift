/// Memory that a ``BatchReader`` needs while it reads, lent by the caller: what was last, by signer and by market, and contexts.
struct BatchWorkspace {
    static let byteCount = signersBytes + BatchPrices.count * 4 + BatchContexts.count * 2
    private static let signersBytes = BatchFormat.signersMax * MemoryLayout<BatchSigner>.stride

    let signers: UnsafeMutablePointer<BatchSigner>
    let prices: UnsafeMutablePointer<UInt32>
    let contexts: UnsafeMutablePointer<UInt16>

    /// Takes ``byteCount`` bytes aligned to 8 and clears what a batch with this many signers uses.
    init(_ memory: UnsafeMutableRawPointer, signerCount: Int) {
        let pricesStart = memory + Self.signersBytes
        signers = memory.bindMemory(to: BatchSigner.self, capacity: BatchFormat.signersMax)
        let contextsStart = pricesStart + BatchPrices.count * 4
        signers.update(repeating: BatchSigner(), count: signerCount)
        // In words: a quarter of the stores.
        pricesStart.initializeMemory(as: UInt64.self, repeating: 0, count: BatchPrices.count / 2)
        contextsStart.initializeMemory(
            as: UInt64.self, repeating: UInt64(BatchContexts.new) * 0x0001_0001_0001_0001, count: BatchContexts.count / 4)
        prices = pricesStart.bindMemory(to: UInt32.self, capacity: BatchPrices.count)
        contexts = contextsStart.bindMemory(to: UInt16.self, capacity: BatchContexts.count)
    }
}
