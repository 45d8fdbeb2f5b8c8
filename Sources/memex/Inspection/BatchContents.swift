import Engine

/// A batch decoded from its bytes alone. Pure.
struct BatchContents: Equatable {
    struct Block: Equatable {
        var number: UInt64
        var timeMs: UInt64
        var l1Origin: UInt64
        var messageCount: UInt64
        var envelopes: [SignedCommands] = []

        var commandCount: Int { envelopes.reduce(0) { $0 + $1.commands.count } }
    }

    /// Commands under one signature.
    struct SignedCommands: Equatable {
        var signer: Address
        var nonce: UInt64
        var commands: [Command]
    }

    var blocks: [Block] = []

    var commandCount: Int { blocks.reduce(0) { $0 + $1.commandCount } }

    init(decoding bytes: [UInt8]) throws(BatchError) {
        let workspace = UnsafeMutableRawPointer.allocate(byteCount: BatchReader.workspaceBytes, alignment: 8)
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: BatchReader.scratchBytes, alignment: 8)
        defer {
            workspace.deallocate()
            scratch.deallocate()
        }
        blocks = try bytes.withUnsafeBytes { bytes -> Result<[Block], BatchError> in
            do throws(BatchError) { return .success(try Self.blocks(bytes, workspace, scratch)) } catch { return .failure(error) }
        }.get()
    }

    private static func blocks(
        _ bytes: UnsafeRawBufferPointer, _ workspace: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
    ) throws(BatchError) -> [Block] {
        var blocks: [Block] = []
        var reader = try BatchReader(bytes, workspace: workspace)
        while let head = try reader.nextBlock() {
            var block = Block(number: head.number, timeMs: head.timeMs, l1Origin: head.l1Origin, messageCount: head.messageCount)
            for _ in 0..<head.envelopeCount { block.envelopes.append(copy(try reader.nextEnvelope(into: scratch))) }
            blocks.append(block)
        }
        return blocks
    }

    private static func copy(_ envelope: Envelope) -> SignedCommands {
        var signed = SignedCommands(signer: envelope.signer, nonce: envelope.nonce, commands: [])
        var offset = 0
        while let command = Command.decode(envelope.payload, at: &offset) { signed.commands.append(command) }
        return signed
    }
}
