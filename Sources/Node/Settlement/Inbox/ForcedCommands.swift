import BigInt
import Engine

/// Commands that their owner sends through the inbox.
package struct ForcedCommands: Equatable, Sendable {
    package var sender: Address
    /// Encoded as in a signed command batch.
    package var payload: [UInt8]

    package init(_ commands: [Command], sender: Address) {
        self.sender = sender
        payload = Self.encode(commands)
    }

    /// Nil unless `message` holds such.
    package init?(_ message: InboxMessage) {
        guard message.kind.number == BigUInt(InboxMessage.Kind.forced), let sender = Address(bytes: message.a.bytes[12...]),
            let count = Int(exactly: message.a.number >> 160), count <= InboxMessage.forcedBytesMax
        else { return nil }
        self.sender = sender
        payload = Array((message.b.bytes + message.c.bytes + message.d.bytes).prefix(count))
    }

    /// What the payload says; nil if it is malformed, and the exchange rejects it.
    package var commands: [Command]? {
        payload.withUnsafeBytes { bytes in
            var commands: [Command] = []
            var offset = 0
            while offset < bytes.count {
                guard let command = Command.decode(bytes, at: &offset), command != .disconnected else { return nil }
                commands.append(command)
            }
            return commands.isEmpty ? nil : commands
        }
    }

    private static func encode(_ commands: [Command]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: commands.count * Command.bytesMax) { buffer, count in
            guard let base = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
            for command in commands { count += command.encode(to: base + count) }
        }
    }
}
