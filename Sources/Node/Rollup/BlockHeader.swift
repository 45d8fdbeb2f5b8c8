import Engine
import Signing

/// What a block commits to; the sequencer signs it.
///
/// The block's hash is the EIP-712 hashStruct of
/// `BlockHeader(uint64 number,bytes32 parentHash,bytes32 stateRoot,bytes32 commandsRoot,uint64 inboxCursor,uint64 timeMs,uint64 l1Origin)`.
///
/// Stored and sent as 128 bytes, integers little-endian:
///
/// | offset | field |
/// | --- | --- |
/// | 0 | number, u64; the first block has number 1 |
/// | 8 | hash of the block before; zero in the first |
/// | 40 | root of the state after the block |
/// | 72 | commands root: see ``CommandsRoot`` |
/// | 104 | inbox messages consumed up to and with this block, u64 |
/// | 112 | time of the sequencer's clock in milliseconds since 1970, u64; never before the last block's |
/// | 120 | number of the newest L1 block the sequencer had seen, u64 |
package struct BlockHeader: Equatable, Sendable {
    package var number: UInt64
    package var parentHash: Hash256
    package var stateRoot: Hash256
    package var commandsRoot: Hash256
    package var inboxCursor: UInt64
    package var timeMs: UInt64
    package var l1Origin: UInt64

    package static let byteCount = 128

    package init(
        number: UInt64, parentHash: Hash256, stateRoot: Hash256, commandsRoot: Hash256, inboxCursor: UInt64, timeMs: UInt64,
        l1Origin: UInt64
    ) {
        self.number = number
        self.parentHash = parentHash
        self.stateRoot = stateRoot
        self.commandsRoot = commandsRoot
        self.inboxCursor = inboxCursor
        self.timeMs = timeMs
        self.l1Origin = l1Origin
    }

    /// Reads the 128 bytes at `bytes`, which need not be aligned.
    package init(loadingFrom bytes: UnsafeRawPointer) {
        number = bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
        parentHash = Hash256(loadingFrom: bytes + 8)
        stateRoot = Hash256(loadingFrom: bytes + 40)
        commandsRoot = Hash256(loadingFrom: bytes + 72)
        inboxCursor = bytes.loadUnaligned(fromByteOffset: 104, as: UInt64.self)
        timeMs = bytes.loadUnaligned(fromByteOffset: 112, as: UInt64.self)
        l1Origin = bytes.loadUnaligned(fromByteOffset: 120, as: UInt64.self)
    }

    /// The 128 bytes.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: parentHash) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: stateRoot) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: commandsRoot) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: inboxCursor) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: timeMs) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: l1Origin) { bytes.append(contentsOf: $0) }
        return bytes
    }

    private static let typeHash = Keccak256.hash(
        "BlockHeader(uint64 number,bytes32 parentHash,bytes32 stateRoot,bytes32 commandsRoot,uint64 inboxCursor,uint64 timeMs,uint64 l1Origin)"
    )

    /// The block's hash: EIP-712 hashStruct.
    package var hash: Hash256 {
        var hash = Keccak256()
        hash.update(Self.typeHash)
        hash.update(Hash256(integer: number))
        hash.update(parentHash)
        hash.update(stateRoot)
        hash.update(commandsRoot)
        hash.update(Hash256(integer: inboxCursor))
        hash.update(Hash256(integer: timeMs))
        hash.update(Hash256(integer: l1Origin))
        return hash.finish()
    }

    /// What the sequencer signs.
    package func digest(in domain: SigningDomain) -> Hash256 { domain.digest(structHash: hash) }

    package func signed(with key: PrivateKey, in domain: SigningDomain) -> Signature {
        key.sign(digest(in: domain)).signature
    }

    /// Whether `sequencer` signed this header.
    package func isSigned(by sequencer: Address, _ signature: Signature, in domain: SigningDomain) -> Bool {
        let digest = digest(in: domain)
        return recover(digest: digest, signature: signature, v: 27) == sequencer
            || recover(digest: digest, signature: signature, v: 28) == sequencer
    }
}
