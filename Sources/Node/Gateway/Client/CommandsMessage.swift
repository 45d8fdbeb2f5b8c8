import Engine
import Signing

/// Builds the message that carries a signed command batch.
package enum CommandsMessage {
    /// Encodes and signs `commands` (1...512) under `nonce`; see ``Wire`` for the layout.
    package static func encode(_ commands: [Command], nonce: UInt64, key: PrivateKey, domain: SigningDomain) -> [UInt8] {
        let headerBytes = Wire.commandsHeaderBytes
        return [UInt8](unsafeUninitializedCapacity: headerBytes + commands.count * Command.bytesMax) { buffer, count in
            guard let base = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
            var end = headerBytes
            for command in commands { end += command.encode(to: base + end) }
            let digest = domain.commandsDigest(
                nonce: nonce, payload: UnsafeRawBufferPointer(start: base + headerBytes, count: end - headerBytes))
            base.storeBytes(of: UInt32(Wire.ToServer.commands) | UInt32(Wire.schemeEIP712) << 8, as: UInt32.self)
            base.storeBytes(of: key.address, toByteOffset: 4, as: Address.self)
            base.storeBytes(of: nonce, toByteOffset: 24, as: UInt64.self)
            base.storeBytes(of: key.sign(digest).signature, toByteOffset: 32, as: Signature.self)
            count = end
        }
    }
}
