import BigInt
import Blobs
import Engine
import Signing
import Testing

@testable import Settlement

/// Golden values by ckzg and eth-account: Tests/Contracts/vectors_blobs.py.
@Suite(.enabled(if: KZGLibraryPath.find() != nil, "run Deploy/setup first")) struct BlobVectorTests {
    private let vectors: JSONValue
    private let pattern: [UInt8]

    init() throws {
        vectors = try Vectors.load("blobs")
        pattern = try Hex.decode(text(vectors["pattern"]))
    }

    private func content(_ size: Int) -> [UInt8] { (0..<size).map { pattern[$0 % pattern.count] } }

    private func integer(_ value: JSONValue?) throws -> UInt64 { try #require(value?.number.flatMap { UInt64(exactly: $0) }) }

    @Test func `layout, commitment, versioned hash and cell proofs`() throws {
        for item in try #require(vectors["blobs"]?.items) {
            let content = content(Int(try integer(item["size"])))
            let sidecar = try KZG.load().sidecar(of: BlobLayout.blob(carrying: content))
            #expect(keccak256(sidecar.blob).hex == item["blobKeccak"]?.text)
            #expect(Hex.encode(sidecar.commitment) == item["commitment"]?.text)
            #expect(sidecar.versionedHash.hex == item["versionedHash"]?.text)
            #expect(sidecar.cellProofs.count == 128 && sidecar.cellProofs.allSatisfy { $0.count == 48 })
            #expect(keccak256(sidecar.cellProofs.flatMap { $0 }).hex == item["cellProofsKeccak"]?.text)
            #expect(BlobLayout.content(of: sidecar.blob, size: content.count) == content)
        }
    }

    @Test func `transactions with blobs are those that eth-account signs, and their hash leaves the blobs out`() throws {
        let key = try PrivateKey(hex: "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
        for item in try #require(vectors["transactions"]?.items) {
            let sidecars = try #require(item["sizes"]?.items).map {
                try KZG.load().sidecar(of: BlobLayout.blob(carrying: content(Int(try integer($0)))))
            }
            #expect(sidecars.map(\.versionedHash.hex) == item["blobVersionedHashes"]?.items?.compactMap(\.text))
            let transaction = Transaction(
                chainId: try integer(item["chainId"]), nonce: try integer(item["nonce"]),
                maxPriorityFeePerGas: BigUInt(try integer(item["maxPriorityFeePerGas"])),
                maxFeePerGas: BigUInt(try integer(item["maxFeePerGas"])), gasLimit: try integer(item["gas"]),
                to: try #require(Address(bytes: Hex.decode(text(item["to"])))), value: 0, data: try Hex.decode(text(item["data"])),
                blobs: .init(maxFeePerBlobGas: BigUInt(try integer(item["maxFeePerBlobGas"])), sidecars: sidecars))
            let signed = transaction.signed(by: key)
            #expect(signed.hash.hex == item["hash"]?.text)
            #expect(signed.raw.count == Int(try integer(item["pooledSize"])))
            #expect(keccak256(signed.raw).hex == item["pooledKeccak"]?.text)
        }
    }

    @Test func `the chain of batches in blobs and as calldata, and the call`() throws {
        for item in try #require(vectors["batchHashes"]?.items) {
            let size = try integer(item["blobSize"])
            let posted = RollupEvent.BatchPosted(
                number: try integer(item["number"]), inboxStart: 0, inboxEnd: try integer(item["inboxEnd"]),
                inboxAccumulator: try #require(Hash256(bytes: Hex.decode(text(item["inboxAccumulator"])))),
                firstTimeMs: try integer(item["firstTimeMs"]), lastTimeMs: try integer(item["lastTimeMs"]),
                dataHash: try #require(Hash256(bytes: Hex.decode(text(item["dataHash"])))), dataSize: size, batchHash: .zero,
                inBlob: size > 0)
            let previous = try #require(Hash256(bytes: Hex.decode(text(item["previous"]))))
            #expect(posted.hash(after: previous).hex == item["batchHash"]?.text)
            let batch = PostableBatch(
                number: posted.number, inboxEnd: posted.inboxEnd, firstTimeMs: posted.firstTimeMs, lastTimeMs: posted.lastTimeMs,
                data: content(size > 0 ? Int(size) : Int(posted.number) + 1), stateRoot: .zero)
            let hash = batch.hash(after: previous, inboxAccumulator: posted.inboxAccumulator, blob: size > 0 ? posted.dataHash : nil)
            #expect(hash.hex == item["batchHash"]?.text)
        }
        let call = try #require(vectors["postBlob"])
        let made = RollupCall.postBlob(
            number: try integer(call["number"]), inboxEnd: try integer(call["inboxEnd"]), firstTimeMs: try integer(call["firstTimeMs"]),
            lastTimeMs: try integer(call["lastTimeMs"]), size: Int(try integer(call["size"])))
        #expect(Hex.encode(made.data) == call["callData"]?.text)
    }
}
