/// Accounts and the keys that sign for them.
///
/// Every signing address, of an owner or of an agent, has one `Signer` record for ever, so that the nonces it has used are
/// never forgotten.
extension Exchange {
    /// Slot of the signer with this address, or 0.
    ///
    /// Those that were found lately are looked for in a small table first: the index lies scattered over 16 MiB.
    @inline(__always)
    func findSigner(_ address: Address) -> UInt32 {
        #if MEMEX_GUEST
        return lookUpSigner(address)
        #else
        guard let recent = memory.recentSigners else { return lookUpSigner(address) }
        let entry = recent + Int(address.word4) & (ExchangeMemory.recentSignerCount - 1)
        if pointer(signerOffset(entry.pointee), as: Signer.self).pointee.address != address { entry.pointee = lookUpSigner(address) }
        return entry.pointee
        #endif
    }

    private func lookUpSigner(_ address: Address) -> UInt32 {
        var bucket = signerBucket(address)
        while true {
            let slot = pointer(Layout.signerIndex + bucket * 4, as: UInt32.self).pointee
            if slot == 0 || pointer(signerOffset(slot), as: Signer.self).pointee.address == address { return slot }
            bucket = (bucket + 1) % Layout.signerBuckets
        }
    }

    /// Id of the main account that `owner` owns, or 0.
    func findAccount(owner: Address) -> UInt32 {
        let slot = findSigner(owner)
        return slot == 0 ? 0 : pointer(signerOffset(slot), as: Signer.self).pointee.account
    }

    /// The main account of `owner`, opened if there is none yet; 0 when there is no room for another.
    ///
    /// An address that had been approved as somebody's agent gets an account of its own all the same: funds sent to an address always reach
    /// its holder.
    mutating func openAccount(owner: Address) -> UInt32 {
        let existing = findAccount(owner: owner)
        if existing != 0 { return existing }
        let header = writableHeader()
        var slot = findSigner(owner)
        guard header.pointee.accountCount + 1 < UInt32(Layout.accountCapacity), slot != 0 || canAddSigner else { return 0 }
        header.pointee.accountCount += 1
        let id = header.pointee.accountCount
        if slot == 0 { slot = addSigner(owner) }
        writable(signerOffset(slot), as: Signer.self).pointee.account = id
        let account = writableAccount(id)
        account.pointee.owner = owner
        account.pointee.signer = slot
        account.pointee.id = id
        account.pointee.mainAccount = id
        return id
    }

    /// Whether there is room for one more signing address.
    var canAddSigner: Bool {
        pointer(Layout.header, as: StateHeader.self).pointee.signerCount + 1 < UInt32(Layout.signerCapacity)
    }

    /// Enters an address that is not there yet. There must be room.
    mutating func addSigner(_ address: Address) -> UInt32 {
        precondition(canAddSigner)
        let header = writableHeader()
        header.pointee.signerCount += 1
        let slot = header.pointee.signerCount
        var bucket = signerBucket(address)
        while pointer(Layout.signerIndex + bucket * 4, as: UInt32.self).pointee != 0 {
            bucket = (bucket + 1) % Layout.signerBuckets
        }
        writable(Layout.signerIndex + bucket * 4, as: UInt32.self).pointee = slot
        writable(signerOffset(slot), as: Signer.self).pointee.address = address
        return slot
    }

    /// Addresses of owners are hashes already; the mixing keeps chosen agent addresses from lining up trivially.
    @inline(__always)
    private func signerBucket(_ address: Address) -> Int {
        var mixed = UInt64(address.word0) << 32 | UInt64(address.word1)
        mixed ^= (UInt64(address.word2) << 32 | UInt64(address.word3)) &* 0x9E37_79B9_7F4A_7C15
        mixed ^= UInt64(address.word4) &* 0xD6E8_FEB8_6659_FD93
        mixed = (mixed ^ mixed >> 32) &* 0xD6E8_FEB8_6659_FD93
        return Int(truncatingIfNeeded: mixed >> 42)
    }
}
