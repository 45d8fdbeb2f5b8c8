import Glibc

/// How many files, and so sockets, this process may have open.
package enum DescriptorLimit {
    /// Kept for everything that is not a connection: journal, checkpoints, logs, L1.
    package static let otherFiles = 256

    /// Raises the limit to at least `needed`, as far as the system's hard limit allows. Throws if it does not.
    package static func raise(to needed: Int) throws(GatewayError) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        guard limit.rlim_cur < UInt(needed) else { return }
        guard limit.rlim_max >= UInt(needed) else { throw .descriptors(needed: needed, allowed: Int(clamping: limit.rlim_max)) }
        limit.rlim_cur = UInt(needed)
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw .descriptors(needed: needed, allowed: Int(clamping: limit.rlim_max))
        }
    }
}
