import Engine

/// One call of the engine's transitions, as data.
package enum EngineCall: Equatable, Sendable {
    case beginBlock(number: UInt64, timeMs: UInt64)
    case consume(InboxMessage)
    /// A command batch; whether its signature is good is not in question.
    case execute(signer: Address, nonce: UInt64, payload: [UInt8])
    /// The sequencer's word that a session of the signer ended.
    case disconnect(signer: Address)
}

extension Exchange {
    /// Makes the call; returns the reject code of a command batch or of a session's end.
    @discardableResult
    package mutating func perform(_ call: EngineCall) -> RejectCode {
        switch call {
        case .beginBlock(let number, let timeMs): beginBlock(number: number, timeMs: timeMs)
        case .consume(let message): consume(message)
        case .execute(let signer, let nonce, let payload):
            return payload.withUnsafeBytes { execute(signer: signer, nonce: nonce, payload: $0) }
        case .disconnect(let signer): return disconnect(signer: signer)
        }
        return .none
    }
}
