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
        let reason = String(cString: uv_strerror(code))
        self = .system(action: action, reason: Self.remedy(code).map { "\(reason); \($0)" } ?? reason)
    }

    private static func remedy(_ code: Int32) -> String? {
        switch code {
        case UV_EADDRINUSE.rawValue:
            "another program listens there, maybe another memexd: see `ss -ltnp`, end it, or choose another --listen"
        case UV_EADDRNOTAVAIL.rawValue: "this machine has no such address: see `ip address`; 0.0.0.0 and [::] stand for all that it has"
        case UV_EACCES.rawValue:
            "ports below 1024 need a privilege: AmbientCapabilities=CAP_NET_BIND_SERVICE of a systemd service, setcap, or choose a higher port"
        case UV_EMFILE.rawValue, UV_ENFILE.rawValue: "allow more open files: ulimit -n, or LimitNOFILE= of a systemd service"
        case UV_EAGAIN.rawValue: "allow more threads: ulimit -u, or TasksMax= of a systemd service"
        default: nil
        }
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
