import CLibuv

/// The gateway could not start.
package enum GatewayError: Error, Equatable, CustomStringConvertible {
    case tls(OpenSSLFailure)
    /// A call of libuv failed.
    case system(action: String, reason: String)
    /// The limits of connections do not fit into what the system allows.
    case descriptors(needed: Int, allowed: Int)
    case limits(String)

    init(_ action: String, _ code: Int32) {
        self = .system(action: action, reason: String(cString: uv_strerror(code)))
    }

    package var description: String {
        switch self {
        case .tls(let failure): failure.description
        case .system(let action, let reason): "cannot \(action): \(reason)"
        case .descriptors(let needed, let allowed):
            "the connections configured need \(needed) open files, but the system allows this process \(allowed): "
                + "allow fewer connections, or raise the hard limit (ulimit -Hn, or LimitNOFILE= of a systemd service)"
        case .limits(let sentence): sentence
        }
    }
}
