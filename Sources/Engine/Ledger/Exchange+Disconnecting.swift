/// The end of a session, as the sequencer states it.
extension Exchange {
    /// Cancels all orders of the signer's account if its owner asked for that (``AccountFlags/cancelOnDisconnect``); else refused with
    /// `notAllowed`, and nothing changed.
    package mutating func disconnect(signer: Address) -> RejectCode {
        // Comes with the timers.
        .notAllowed
    }
}
