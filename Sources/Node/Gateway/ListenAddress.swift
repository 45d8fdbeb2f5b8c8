import Glibc

/// `host:port`, with brackets around an IPv6 address.
package struct ListenAddress: Equatable {
    /// Without brackets; may be a name.
    package let host: String
    /// 0: the system chooses one.
    package let port: UInt16

    /// Nil if `text` is not of that form.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("[") && host.hasSuffix("]") { host = host.dropFirst().dropLast() } else if host.contains(":") { return nil }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = port
    }

    /// Whether the host is an address, not a name: names are not looked up.
    package var isNumeric: Bool {
        var address = in6_addr()
        return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1
    }
}
