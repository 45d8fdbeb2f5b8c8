import BigInt
import Engine
import Signing

extension EthereumClient {
    package func chainId() async throws(EthereumError) -> UInt64 {
        try await request("eth_chainId").integer("eth_chainId")
    }

    package func blockNumber() async throws(EthereumError) -> UInt64 {
        try await request("eth_blockNumber").integer("eth_blockNumber")
    }

    /// The block, or nil if the node does not have it.
    package func block(_ tag: BlockTag) async throws(EthereumError) -> L1Block? {
        let method = "eth_getBlockByNumber"
        let json = try await request(method, [tag.json, false])
        if json.isNull { return nil }
        return L1Block(
            number: try json.member("number", of: method).integer(method, "number"),
            hash: try json.member("hash", of: method).hash(method, "hash"),
            timestamp: try json.member("timestamp", of: method).integer(method, "timestamp"),
            baseFeePerGas: try json["baseFeePerGas"].flatMap { (value) throws(EthereumError) in
                value.isNull ? nil : try value.quantity(method, "baseFeePerGas")
            })
    }

    /// The newest block.
    package func latestBlock() async throws(EthereumError) -> L1Block {
        guard let block = try await block(.latest) else {
            throw .malformedReply(method: "eth_getBlockByNumber", detail: "the node has no latest block")
        }
        return block
    }

    /// Wei that `address` holds.
    package func balance(of address: Address, at tag: BlockTag = .latest) async throws(EthereumError) -> BigUInt {
        try await request("eth_getBalance", [.string(address.hex), tag.json]).quantity("eth_getBalance")
    }

    /// The nonce of the next transaction of `address`.
    package func transactionCount(of address: Address, at tag: BlockTag = .latest) async throws(EthereumError) -> UInt64 {
        try await request("eth_getTransactionCount", [.string(address.hex), tag.json]).integer("eth_getTransactionCount")
    }

    package func hasCode(at address: Address) async throws(EthereumError) -> Bool {
        try await !request("eth_getCode", [.string(address.hex), "latest"]).data("eth_getCode").isEmpty
    }

    /// Runs a call without a transaction and returns its return data. Throws `.reverted` if the contract refuses.
    package func call(
        to: Address, data: [UInt8], from: Address? = nil, value: BigUInt = 0, at tag: BlockTag = .latest
    ) async throws(EthereumError) -> [UInt8] {
        try await request("eth_call", [Self.message(to: to, data: data, from: from, value: value), tag.json]).data("eth_call")
    }

    /// What a contract's function returns. Throws `.noContract` where there is none, `.otherContract` where there is no such function.
    func read<Result>(
        _ signature: String, _ arguments: [ABI.Value] = [], of contract: Address, at tag: BlockTag = .latest,
        _ decode: (inout ABIReader) throws(ABIError) -> Result
    ) async throws(EthereumError) -> Result {
        let data: [UInt8]
        do throws(EthereumError) { data = try await call(to: contract, data: ABI.call(signature, arguments), at: tag) } catch {
            // A function that is there gives a reason.
            guard case .reverted(nil, let reverted) = error, reverted.isEmpty else { throw error }
            throw .otherContract(contract, function: signature)
        }
        if data.isEmpty { throw .noContract(contract) }
        var reader = ABIReader(data)
        do { return try decode(&reader) } catch {
            throw .malformedReply(method: "eth_call of \(signature)", detail: error.description)
        }
    }

    /// Gas that the transaction, which may carry a blob, would use now. Throws `.reverted` if the contract would refuse it.
    package func estimateGas(
        to: Address, data: [UInt8], from: Address, value: BigUInt = 0, blob: Hash256? = nil
    ) async throws(EthereumError) -> UInt64 {
        let message = Self.message(to: to, data: data, from: from, value: value, blob: blob)
        return try await request("eth_estimateGas", [message]).integer("eth_estimateGas")
    }

    /// Wei a unit of gas that the node would tip; one gwei if it has no opinion.
    package func maxPriorityFeePerGas() async throws(EthereumError) -> BigUInt {
        do {
            return try await request("eth_maxPriorityFeePerGas").quantity("eth_maxPriorityFeePerGas")
        } catch .node {
            return 1_000_000_000
        }
    }

    /// Wei a unit of blob gas in the next block; nil if the node does not know of any.
    package func blobBaseFee() async throws(EthereumError) -> BigUInt? {
        do {
            return try await request("eth_blobBaseFee").quantity("eth_blobBaseFee")
        } catch .node {
            return nil
        }
    }

    /// Hands a signed transaction to the node and returns its hash.
    package func send(_ transaction: SignedTransaction) async throws(EthereumError) {
        _ = try await request("eth_sendRawTransaction", [.bytes(transaction.raw)])
    }

    /// The receipt, or nil while the transaction is not included.
    package func receipt(of hash: Hash256) async throws(EthereumError) -> Receipt? {
        let json = try await request("eth_getTransactionReceipt", [.string(hash.hex)])
        return json.isNull ? nil : try Receipt(json: json, method: "eth_getTransactionReceipt")
    }

    /// The transaction, or nil if the node does not know it.
    package func transaction(_ hash: Hash256) async throws(EthereumError) -> IncludedTransaction? {
        let json = try await request("eth_getTransactionByHash", [.string(hash.hex)])
        return json.isNull ? nil : try IncludedTransaction(json: json, method: "eth_getTransactionByHash")
    }

    private static func message(to: Address, data: [UInt8], from: Address?, value: BigUInt, blob: Hash256? = nil) -> JSONValue {
        var message: [String: JSONValue] = ["to": .string(to.hex), "data": .bytes(data)]
        if let from { message["from"] = .string(from.hex) }
        if value != 0 { message["value"] = .quantity(value) }
        if let blob { message["blobVersionedHashes"] = [.string(blob.hex)] }
        return .object(message)
    }
}
