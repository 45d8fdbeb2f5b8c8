/// The EIP-712 domain of one deployment, and the digests signed in it.
///
/// Domain: {name "Memex", version "1", chainId, verifyingContract = the rollup contract}.
package struct SigningDomain: Sendable, BitwiseCopyable {
    /// hashStruct of the EIP712Domain.
    package let separator: Hash256
    private let commandsTypeHash: Hash256

    package init(chainId: UInt64, rollup: Address) {
        var hash = Keccak256()
        hash.update(Keccak256.hash("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"))
        hash.update(Keccak256.hash("Memex"))
        hash.update(Keccak256.hash("1"))
        hash.update(Hash256(integer: chainId))
        hash.update(Hash256(address: rollup))
        separator = hash.finish()
        commandsTypeHash = Keccak256.hash("Commands(uint64 nonce,bytes payload)")
    }

    /// What the signer of a command batch signs: `Commands(uint64 nonce,bytes payload)`.
    package func commandsDigest(nonce: UInt64, payload: UnsafeRawBufferPointer) -> Hash256 {
        var hash = Keccak256()
        hash.update(commandsTypeHash)
        hash.update(Hash256(integer: nonce))
        hash.update(Keccak256.hash(payload))
        return digest(structHash: hash.finish())
    }

    /// keccak256(0x19 0x01 || separator || structHash), EIP-712.
    package func digest(structHash: Hash256) -> Hash256 {
        var hash = Keccak256()
        var prefix: UInt16 = 0x0119
        withUnsafeBytes(of: &prefix) { hash.update($0) }
        hash.update(separator)
        hash.update(structHash)
        return hash.finish()
    }
}

extension Hash256 {
    /// The integer as a big-endian ABI word.
    package init(integer: UInt64) {
        self.init()
        word3 = integer.byteSwapped
    }

    /// The address as an ABI word.
    package init(address: Address) {
        self.init()
        withUnsafeMutableBytes(of: &self) { $0.baseAddress!.storeBytes(of: address, toByteOffset: 12, as: Address.self) }
    }
}

extension Keccak256 {
    package static func hash(_ text: StaticString) -> Hash256 {
        hash(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
