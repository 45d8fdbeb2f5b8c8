import COpenSSL
import Glibc

/// Makes a certificate that vouches for itself: for demonstrations and tests, where the client is given the certificate file.
package enum SelfSignedCertificate {
    /// Writes a P-256 key (mode 0600) and a certificate for `hosts` (names or addresses) that is valid from an hour ago for `days` days.
    ///
    /// Existing files are overwritten.
    package static func write(
        certificatePath: String, keyPath: String, hosts: [String] = ["localhost", "127.0.0.1", "::1"], days: Int = 365
    ) throws(OpenSSLFailure) {
        guard let key = memex_generate_ec_key("P-256") else { throw OpenSSLFailure("generate a P-256 key") }
        defer { EVP_PKEY_free(key) }
        guard let certificate = X509_new() else { throw OpenSSLFailure("make a certificate") }
        defer { X509_free(certificate) }

        var serial: UInt64 = 0
        guard RAND_bytes(&serial, 8) == 1 else { throw OpenSSLFailure("draw a serial number") }
        X509_set_version(certificate, 2)
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1)
        X509_gmtime_adj(X509_getm_notBefore(certificate), -3600)
        X509_gmtime_adj(X509_getm_notAfter(certificate), days * 86_400)
        let name = X509_get_subject_name(certificate)
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, hosts.first ?? "localhost", -1, -1, 0)
        X509_set_issuer_name(certificate, name)
        X509_set_pubkey(certificate, key)

        let alternatives = hosts.map { host in
            let isAddress = host.contains(":") || host.allSatisfy { $0 == "." || $0.isNumber }
            return (isAddress ? "IP:" : "DNS:") + host
        }.joined(separator: ",")
        try add(NID_subject_alt_name, alternatives, to: certificate)
        try add(NID_basic_constraints, "critical,CA:TRUE", to: certificate)
        try add(NID_ext_key_usage, "serverAuth", to: certificate)
        guard X509_sign(certificate, key, EVP_sha256()) > 0 else { throw OpenSSLFailure("sign the certificate") }

        try withFile(keyPath, mode: 0o600) { PEM_write_PrivateKey($0, key, nil, nil, 0, nil, nil) == 1 }
        try withFile(certificatePath, mode: 0o644) { PEM_write_X509($0, certificate) == 1 }
    }

    private static func add(_ identifier: Int32, _ value: String, to certificate: OpaquePointer) throws(OpenSSLFailure) {
        guard let extensionValue = X509V3_EXT_conf_nid(nil, nil, identifier, value) else {
            throw OpenSSLFailure("write the extension \(value)")
        }
        defer { X509_EXTENSION_free(extensionValue) }
        guard X509_add_ext(certificate, extensionValue, -1) == 1 else { throw OpenSSLFailure("add the extension \(value)") }
    }

    private static func withFile(
        _ path: String, mode: mode_t, _ write: (UnsafeMutablePointer<FILE>) -> Bool
    ) throws(OpenSSLFailure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0, fchmod(descriptor, mode) == 0, let file = fdopen(descriptor, "w") else {
            let reason = String(cString: strerror(errno))
            if descriptor >= 0 { close(descriptor) }
            throw OpenSSLFailure("write \(path)", reason: reason)
        }
        let isWritten = write(file)
        guard fclose(file) == 0, isWritten else { throw OpenSSLFailure("write \(path)") }
    }
}
