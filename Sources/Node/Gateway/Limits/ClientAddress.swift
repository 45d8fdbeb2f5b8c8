import Glibc

/// Whom the limits for an address count as one: an IPv4 address, or an IPv6 network of 64 bits, since a single host has all of that.
package enum ClientAddress: Hashable, Sendable {
    /// In host order.
    case v4(UInt32)
    /// The upper half, in host order.
    case v6(UInt64)

    /// From what `getpeername` filled in; nil for other families. IPv4 in IPv6's clothes is IPv4.
    package init?(_ storage: UnsafeRawPointer) {
        switch Int32(storage.load(as: sockaddr.self).sa_family) {
        case AF_INET:
            self = .v4(UInt32(bigEndian: storage.load(as: sockaddr_in.self).sin_addr.s_addr))
        case AF_INET6:
            var bytes = storage.load(as: sockaddr_in6.self).sin6_addr
            self = withUnsafeBytes(of: &bytes) { bytes in
                let upper = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
                let mapping = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
                guard upper == 0, mapping == 0xFFFF else { return .v6(upper) }
                return .v4(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self)))
            }
        default: return nil
        }
    }
}
