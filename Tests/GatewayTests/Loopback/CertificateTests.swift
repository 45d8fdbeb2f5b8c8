import Foundation
import Testing

@testable import Gateway

/// A certificate that changes while clients are connected.
@Suite(.serialized) struct CertificateTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("memex-certificate-\(UUID().uuidString)")

    private func write(days: Int = 365) throws -> (certificatePath: String, keyPath: String) {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let files = (certificatePath: folder.path + "/server.pem", keyPath: folder.path + "/server.key")
        try SelfSignedCertificate.write(certificatePath: files.certificatePath, keyPath: files.keyPath, days: days)
        return files
    }

    /// What operators are warned of, and can watch.
    @Test func tellsHowLongTheCertificateLasts() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let rig = try Rig(certificate: try write(days: -1))
        // Ten minutes may pass where a sanitizer and other tests have the processor.
        #expect(try -87_000 ... -86_300 ~= #require(rig.gateway.certificateSecondsLeft))
        _ = try write(days: 365)
        try rig.gateway.reloadCertificate()
        #expect(try 364 * 86_400...365 * 86_400 ~= #require(rig.gateway.certificateSecondsLeft))
    }

    @Test func newConnectionsGetTheNewOneAndOldOnesGoOn() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = try write()
        let first = folder.path + "/first.pem"
        try FileManager.default.copyItem(atPath: files.certificatePath, toPath: first)
        let rig = try Rig(threads: 2, certificate: files)
        let key = Rig.key()
        let old = try rig.client(trust: .file(first))
        _ = try old.submit([.place(lots: 1)], key: key)

        _ = try write()
        try rig.gateway.reloadCertificate()
        _ = try old.submit([.place(lots: 2)], key: key)
        // Whichever thread takes them.
        for _ in 0..<8 {
            _ = try rig.client(trust: .file(files.certificatePath)).submit([.place(lots: 3)], key: key)
            #expect(throws: GatewayClientError.self) { try rig.client(trust: .file(first)) }
        }

        try "no key".write(toFile: files.keyPath, atomically: true, encoding: .utf8)
        #expect(throws: GatewayError.self) { try rig.gateway.reloadCertificate() }
        _ = try rig.client(trust: .file(files.certificatePath)).submit([.place(lots: 4)], key: key)
        _ = try old.submit([.place(lots: 5)], key: key)
    }
}
