import COpenSSL

/// OpenSSL refused something that the caller asked for.
package struct OpenSSLFailure: Error, Equatable, CustomStringConvertible {
    /// What was tried, for example "load the certificate chain server.pem".
    package let action: String
    /// OpenSSL's own words.
    package let reason: String

    /// Takes the oldest entry of this thread's error queue and clears the rest.
    init(_ action: String) {
        self.action = action
        let code = ERR_get_error()
        if code == 0 {
            reason = "no reason given"
        } else {
            var text = [CChar](repeating: 0, count: 256)
            ERR_error_string_n(code, &text, text.count)
            reason = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        ERR_clear_error()
    }

    init(_ action: String, reason: String) {
        self.action = action
        self.reason = reason
    }

    package var description: String { "cannot \(action): \(reason)" }
}
