import Engine
import Foundation
import Testing

@testable import Signing

/// Tests/Vectors/signing.json: EIP-712 signatures by eth_account, which the contracts' tests use too.
@Suite struct SharedVectorTests {
    private struct File: Decodable {
        struct Signed: Decodable {
            let digest: String
            let signature: String
            let v: UInt8
            let highSSignature: String
        }

        let privateKey: String
        let address: String
        let batches: [Signed]
        let headers: [Signed]
    }

    @Test func `signs as eth_account does, and refuses the mirrored signature`() throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Vectors/signing.json")
        let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: url))
        let key = try PrivateKey(hex: file.privateKey)
        #expect(key.address == (try Address(hex: file.address)))
        let verifier = SignatureVerifier()
        #expect(file.batches.count + file.headers.count > 10)
        for item in file.batches + file.headers {
            let digest = try Hash256(hex: item.digest)
            let signature = try Hex.decode(item.signature).withUnsafeBytes { Signature(loadingFrom: $0.baseAddress!) }
            let mirrored = try Hex.decode(item.highSSignature).withUnsafeBytes { Signature(loadingFrom: $0.baseAddress!) }
            #expect(key.sign(digest) == RecoverableSignature(signature: signature, recoveryId: item.v - 27))
            #expect(verifier.isValid(signature, of: digest, by: key.address))
            #expect(!verifier.isValid(mirrored, of: digest, by: key.address))
            #expect(!SignatureVerifier(keyCapacity: 4).isValid(mirrored, of: digest, by: key.address))
        }
    }
}
