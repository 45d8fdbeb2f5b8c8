extension EventLogFile {
    /// Why what a file holds is not continued. It is begun anew: nothing depends on it but how far back clients can ask.
    enum Flaw: Error, Equatable, CustomStringConvertible {
        /// It was made just now, or with another capacity.
        case empty
        /// It does not begin as a log does.
        case foreign
        case otherFormat(UInt64)
        case otherDeployment
        /// The machine was started since, so that pages may be missing.
        case restarted
        case damaged(String)

        var description: String {
            switch self {
            case .empty: "it is new"
            case .foreign: "it is no log of events"
            case .otherFormat(let found): "it has format \(found), this version writes format \(ResultLayout.formatVersion)"
            case .otherDeployment: "it belongs to another deployment"
            case .restarted: "the machine was started since, and pages that were not written back are lost"
            case .damaged(let what): "it is damaged: \(what)"
            }
        }
    }
}
