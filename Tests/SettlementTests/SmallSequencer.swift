import Engine
import Foundation
import Proof
import Rollup
import Signing

@testable import Settlement

/// Makes real blocks and batches in memory: one block a batch.
actor SmallSequencer: BatchStore {
    private let hosted: HostedExchange
    private let tree: StateTree
    private let domain: SigningDomain
    private let key: PrivateKey
    private var head: BlockHeader?
    private var batches: [PostableBatch] = []
    private var slots: [UInt64: PostingSlot] = [:]
    private(set) var milestones: [UInt64: BatchMilestone] = [:]

    init(key: PrivateKey, deployment: Deployment) throws {
        hosted = try HostedExchange()
        tree = try StateTree()
        domain = SigningDomain(chainId: deployment.chainId, rollup: deployment.rollup)
        self.key = key
    }

    /// Seals a block at `timeMs` with these messages and one command batch, and cuts a batch after it.
    func seal(messages: [InboxMessage], commands: [Command] = [], by signer: PrivateKey? = nil, timeMs: UInt64) throws {
        let number = (head?.number ?? 0) + 1
        hosted.exchange.beginBlock(number: number, timeMs: timeMs)
        for message in messages { hosted.exchange.consume(message) }
        var envelopes = EnvelopeList()
        var root = CommandsRoot()
        if let signer {
            let envelope = envelope(commands, by: signer, nonce: timeMs)
            envelope.withUnsafeBytes { bytes in
                envelopes.append(bytes)
                root.append(bytes)
                let payload = UnsafeRawBufferPointer(rebasing: bytes[Envelope.payloadOffset...])
                let code = hosted.exchange.execute(signer: signer.address, nonce: timeMs, payload: payload)
                precondition(code == .none, "\(code)")
                precondition(!hosted.exchange.events.contains { $0.kind == Event.Kind.rejected })
            }
        }
        hosted.exchange.clearEvents()
        hosted.exchange.drainDirtyCells { index, bytes in tree.apply(cell: index, bytes) }
        let header = BlockHeader(
            number: number, parentHash: head?.hash ?? .zero, stateRoot: tree.root(), commandsRoot: root.value,
            inboxCursor: hosted.exchange.header.inboxCursor, timeMs: timeMs, l1Origin: 0)
        head = header
        let block = Block(
            header: header, signature: header.signed(with: key, in: domain), messageCount: UInt32(messages.count), envelopes: envelopes)
        var encoder = BatchEncoder()
        try encoder.append(block)
        batches.append(
            PostableBatch(
                number: UInt64(batches.count), inboxEnd: header.inboxCursor, firstTimeMs: timeMs, lastTimeMs: timeMs, data: encoder.bytes(),
                stateRoot: header.stateRoot))
    }

    /// Makes the last batch claim another state.
    func lie() { batches[batches.count - 1].stateRoot = keccak256([1]) }

    var stateRoot: Hash256 { tree.root() }

    func balance(of owner: Address, token: UInt32) -> Balance? {
        hosted.exchange.account(owner: owner).flatMap { hosted.exchange.balance(account: $0.id, token: token) }
    }

    func postableBatch(_ number: UInt64) async throws -> PostableBatch? {
        number < batches.count ? batches[Int(number)] : nil
    }

    func note(_ milestone: BatchMilestone, batch number: UInt64, transaction: Hash256) async throws { milestones[number] = milestone }

    func postingSlots() async throws -> [PostingSlot] { Array(slots.values) }
    func record(_ new: [PostingSlot]) async throws { for slot in new { slots[slot.nonce] = slot } }
    func forgetSlots(below nonce: UInt64) async throws { slots = slots.filter { $0.key >= nonce } }

    private func envelope(_ commands: [Command], by signer: PrivateKey, nonce: UInt64) -> [UInt8] {
        var payload: [UInt8] = []
        withUnsafeTemporaryAllocation(byteCount: Command.bytesMax, alignment: 8) { buffer in
            guard let base = buffer.baseAddress else { return }
            for command in commands { payload += buffer[..<command.encode(to: base)] }
        }
        let digest = payload.withUnsafeBytes { domain.commandsDigest(nonce: nonce, payload: $0) }
        let signature = signer.sign(digest).signature
        return signer.address.bytes + withUnsafeBytes(of: nonce) { Array($0) } + withUnsafeBytes(of: signature) { Array($0) } + payload
    }
}
