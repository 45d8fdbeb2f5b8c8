import Engine
import Sequencer

/// What an account or a connection hears besides orders, fills and funds.
extension ServerMessage {
    /// What the account subscribed to has of each token.
    package struct Balances: Equatable, Sendable {
        package static let headerBytes = 48

        package struct Entry: Equatable, BitwiseCopyable, Sendable {
            package static let byteCount = 24

            package var token: UInt32
            package var free: UInt64
            /// In resting orders.
            package var locked: UInt64
        }

        package var account: UInt32
        /// Everything up to and with this is in the balances, nothing behind it.
        package var position: StreamPosition
        package var owner: Address
        /// Ascending by token; those it never had are left out.
        package var entries: [Entry]
    }

    /// The sequencer's signed word for where a batch of this connection stands.
    package struct BatchReceipt: Equatable, Sendable {
        package static let headerBytes = 128

        package var nonce: UInt64
        package var signed: SignedReceipt

        /// The message, as it is sent.
        package var bytes: [UInt8] {
            var buffer = ByteBuffer()
            buffer.append(receipt: self)
            return Array(buffer.bytes)
        }
    }

    /// A replay is over: from here on messages are live.
    package struct CaughtUp: Equatable, Sendable {
        package static let byteCount = 16

        package var channel: UInt8
        /// Number of the sub-account.
        package var subaccount: UInt16
        /// Account id, 0 if there is none yet.
        package var account: UInt32
        /// Everything up to and with this was sent.
        package var position: StreamPosition
    }
}

extension ByteBuffer {
    /// Followed by ``append(balance:)`` `count` times.
    mutating func append(balancesOf account: UInt32, owner: Address, position: StreamPosition, count: UInt16) {
        append(Wire.ToClient.balances)
        append(UInt8(0))
        append(count)
        append(account)
        append(position.rawValue)
        append(position.block)
        append(raw: owner)
        append(UInt32(0))
    }

    mutating func append(balance: ServerMessage.Balances.Entry) {
        append(balance.token)
        append(UInt32(0))
        append(balance.free)
        append(balance.locked)
    }

    mutating func append(receipt: ServerMessage.BatchReceipt) {
        let signed = receipt.signed
        append(Wire.ToClient.receipt)
        append(UInt8(signed.path.count))
        append(UInt16(0))
        append(signed.index)
        append(receipt.nonce)
        append(signed.receipt.block)
        append(signed.receipt.position)
        append(signed.count)
        append(raw: signed.receipt.commands)
        append(raw: signed.signature)
        for sibling in signed.path { append(raw: sibling) }
    }

    mutating func append(caughtUp: ServerMessage.CaughtUp) {
        append(Wire.ToClient.caughtUp)
        append(caughtUp.channel)
        append(caughtUp.subaccount)
        append(caughtUp.account)
        append(caughtUp.position.rawValue)
    }
}

extension ServerMessage.Balances {
    init(_ reader: inout ServerMessage.Reader) throws(MalformedServerMessage) {
        try reader.skip(1)
        let count: UInt16 = try reader.next()
        account = try reader.next()
        position = try reader.positionAndBlock()
        owner = try reader.nextRaw()
        try reader.skip(4)
        guard reader.remaining == Int(count) * Entry.byteCount else { throw reader.malformed }
        entries = []
        for _ in 0..<count {
            let token: UInt32 = try reader.next()
            try reader.skip(4)
            entries.append(Entry(token: token, free: try reader.next(), locked: try reader.next()))
        }
    }
}

extension ServerMessage.BatchReceipt {
    init(_ reader: inout ServerMessage.Reader) throws(MalformedServerMessage) {
        let pathCount: UInt8 = try reader.next()
        try reader.skip(2)
        let index: UInt32 = try reader.next()
        nonce = try reader.next()
        let block: UInt64 = try reader.next()
        let position: UInt32 = try reader.next()
        let count: UInt32 = try reader.next()
        let receipt = Receipt(block: block, position: position, commands: try reader.nextRaw())
        signed = SignedReceipt(receipt: receipt, index: index, count: count, signature: try reader.nextRaw(), path: [])
        guard reader.remaining == Int(pathCount) * MemoryLayout<Hash256>.size else { throw reader.malformed }
        for _ in 0..<pathCount { signed.path.append(try reader.nextRaw()) }
    }
}

extension ServerMessage.CaughtUp {
    init(_ reader: inout ServerMessage.Reader) throws(MalformedServerMessage) {
        channel = try reader.next()
        subaccount = try reader.next()
        account = try reader.next()
        position = try reader.position()
    }
}
