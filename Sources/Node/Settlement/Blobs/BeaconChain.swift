/// What a consensus node says of its chain.
package struct BeaconChain: Equatable, Sendable {
    /// When slot 0 begins: seconds since 1970.
    package var genesisTime: UInt64
    /// Above 0.
    package var secondsPerSlot: UInt64
    /// Of the execution chain, where deposits come from; nil: it does not say.
    package var chainId: UInt64?

    package init(genesisTime: UInt64, secondsPerSlot: UInt64, chainId: UInt64? = nil) {
        self.genesisTime = genesisTime
        self.secondsPerSlot = secondsPerSlot
        self.chainId = chainId
    }

    /// It is not the chain that is meant; the reason goes on from the name of its node.
    package struct Mismatch: Error, Equatable { package let reason: String }

    /// The slot of the L1 block of this time (seconds since 1970). Throws where the chain cannot be that of the block: each begins with its slot.
    package func slot(at time: UInt64, chainId: UInt64) throws(Mismatch) -> UInt64 {
        if let own = self.chainId, own != chainId { throw Mismatch(reason: "belongs to chain \(own), not \(chainId)") }
        guard time >= genesisTime else { throw Mismatch(reason: "belongs to a chain that began later") }
        guard (time - genesisTime) % secondsPerSlot == 0 else {
            throw Mismatch(reason: "belongs to another chain, none of whose slots begins when the L1 block does")
        }
        return (time - genesisTime) / secondsPerSlot
    }
}

/// A consensus node that blobs cannot be read back from.
package enum BeaconError: Error, Equatable, CustomStringConvertible {
    case unusable(url: String, EthereumError)
    case otherChain(url: String, String)

    package var description: String {
        switch self {
        case .unusable(_, let error): "--beacon: \(error.text(of: "the consensus node")) (\(Self.consequence))"
        case .otherChain(let url, let reason): "--beacon: the consensus node at \(url) \(reason) (\(Self.consequence))"
        }
    }

    /// Whether trying again later makes sense.
    package var isTransient: Bool { if case .unusable(_, let error) = self { error.isTransient } else { false } }

    private static let consequence = "blobs could be posted, but not read back; without --beacon batches go as calldata"
}
