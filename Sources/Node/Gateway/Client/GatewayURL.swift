/// The address of a gateway: `wss://host[:port][/]`, or `ws://` where encryption is not wanted.
package struct GatewayURL: Equatable, Sendable, CustomStringConvertible {
    package let isSecure: Bool
    package let host: String
    package let port: UInt16

    package init(isSecure: Bool, host: String, port: UInt16) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
    }

    /// Reads an address; the port is 443 or 80 where none is given. IPv6 addresses stand in brackets.
    package init(_ text: String) throws(GatewayClientError) {
        var rest = Substring(text)
        if rest.hasPrefix("wss://") {
            isSecure = true
            rest = rest.dropFirst(6)
        } else if rest.hasPrefix("ws://") {
            isSecure = false
            rest = rest.dropFirst(5)
        } else {
            throw .badURL(text)
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        var portText: Substring?
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { throw .badURL(text) }
            host = String(rest[rest.index(after: rest.startIndex)..<end])
            let tail = rest[rest.index(after: end)...]
            guard tail.isEmpty || tail.hasPrefix(":") else { throw .badURL(text) }
            if !tail.isEmpty { portText = tail.dropFirst() }
        } else {
            let parts = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            host = String(parts.first ?? "")
            if parts.count == 2 { portText = parts[1] }
        }
        guard !host.isEmpty, !host.contains("/"), !host.contains(" ") else { throw .badURL(text) }
        if let portText {
            guard let number = UInt16(portText), number > 0 else { throw .badURL(text) }
            port = number
        } else {
            port = isSecure ? 443 : 80
        }
    }

    /// Host and port as they stand in a `Host` field.
    package var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }
    package var description: String { (isSecure ? "wss://" : "ws://") + authority + "/" }
}
