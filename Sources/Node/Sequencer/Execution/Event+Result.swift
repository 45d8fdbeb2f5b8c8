import Engine

extension Event {
    /// Whether this is the result of a command: each has exactly one.
    package var isResult: Bool {
        switch kind {
        case Kind.placed, Kind.cancelled, Kind.rejected, Kind.withdrawn, Kind.agentChanged, Kind.modified, Kind.cancelledAll,
            Kind.triggerPlaced, Kind.transferred, Kind.subaccountOpened, Kind.settingChanged, Kind.tokenCreated:
            commandIndex != 0xFFFF
        default: false
        }
    }
}
