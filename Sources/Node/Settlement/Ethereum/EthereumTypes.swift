import BigInt
import Engine

/// Which state of L1 a read refers to.
package enum BlockTag: Equatable, Sendable {
    case latest
    case pending
    case number(UInt64)
    /// The state after exactly this block, or an error if it is no longer part of the chain (EIP-1898).
    case hash(Hash256)

    var json: JSONValue {
        switch self {
        case .latest: "latest"
        case .pending: "pending"
        case .number(let number): .quantity(number)
        case .hash(let hash): ["blockHash": .string(hash.hex), "requireCanonical": true]
        }
    }
}

/// What of an L1 block's header is used.
package struct L1Block: Equatable, Sendable {
    package var number: UInt64
    package var hash: Hash256
    /// Seconds since 1970.
    package var timestamp: UInt64
    /// Wei a unit of gas; nil before the London fork.
    package var baseFeePerGas: BigUInt?

    package init(number: UInt64, hash: Hash256, timestamp: UInt64, baseFeePerGas: BigUInt?) {
        self.number = number
        self.hash = hash
        self.timestamp = timestamp
        self.baseFeePerGas = baseFeePerGas
    }
}

/// An event as a contract emitted it.
package struct EthereumLog: Equatable, Sendable {
    package var address: Address
    package var topics: [Hash256]
    package var data: [UInt8]
    package var blockNumber: UInt64
    package var transactionHash: Hash256
    /// Position in its block.
    package var logIndex: UInt64

    init(json: JSONValue, method: String) throws(EthereumError) {
        address = try json.member("address", of: method).address(method, "address")
        guard let topics = try json.member("topics", of: method).items else {
            throw .malformedReply(method: method, detail: "topics is not an array")
        }
        self.topics = []
        for topic in topics { self.topics.append(try topic.hash(method, "topic")) }
        data = try json.member("data", of: method).data(method, "data")
        blockNumber = try json.member("blockNumber", of: method).integer(method, "blockNumber")
        transactionHash = try json.member("transactionHash", of: method).hash(method, "transactionHash")
        logIndex = try json.member("logIndex", of: method).integer(method, "logIndex")
    }

    package init(
        address: Address, topics: [Hash256], data: [UInt8], blockNumber: UInt64, transactionHash: Hash256, logIndex: UInt64
    ) {
        self.address = address
        self.topics = topics
        self.data = data
        self.blockNumber = blockNumber
        self.transactionHash = transactionHash
        self.logIndex = logIndex
    }
}

/// What became of a transaction.
package struct Receipt: Equatable, Sendable {
    package var transactionHash: Hash256
    package var blockNumber: UInt64
    package var gasUsed: UInt64
    /// Wei a unit of gas; nil if the node does not say.
    package var effectiveGasPrice: BigUInt?
    /// With its price in wei a unit; nil: it had no blob.
    package var blobGasUsed: UInt64?
    package var blobGasPrice: BigUInt?
    package var succeeded: Bool
    package var logs: [EthereumLog]

    package init(
        transactionHash: Hash256, blockNumber: UInt64, gasUsed: UInt64, effectiveGasPrice: BigUInt?, blobGasUsed: UInt64? = nil,
        blobGasPrice: BigUInt? = nil, succeeded: Bool, logs: [EthereumLog]
    ) {
        self.transactionHash = transactionHash
        self.blockNumber = blockNumber
        self.gasUsed = gasUsed
        self.effectiveGasPrice = effectiveGasPrice
        self.blobGasUsed = blobGasUsed
        self.blobGasPrice = blobGasPrice
        self.succeeded = succeeded
        self.logs = logs
    }

    init(json: JSONValue, method: String) throws(EthereumError) {
        transactionHash = try json.member("transactionHash", of: method).hash(method, "transactionHash")
        blockNumber = try json.member("blockNumber", of: method).integer(method, "blockNumber")
        gasUsed = try json.member("gasUsed", of: method).integer(method, "gasUsed")
        effectiveGasPrice = try json["effectiveGasPrice"]?.quantity(method, "effectiveGasPrice")
        if let used = json["blobGasUsed"], !used.isNull { blobGasUsed = try used.integer(method, "blobGasUsed") }
        if let price = json["blobGasPrice"], !price.isNull { blobGasPrice = try price.quantity(method, "blobGasPrice") }
        succeeded = try json.member("status", of: method).integer(method, "status") == 1
        logs = []
        for log in json["logs"]?.items ?? [] { logs.append(try EthereumLog(json: log, method: method)) }
    }
}

/// A transaction as a node returns it.
package struct IncludedTransaction: Equatable, Sendable {
    package var hash: Hash256
    package var from: Address
    /// Nil for the creation of a contract.
    package var to: Address?
    package var input: [UInt8]
    package var value: BigUInt
    /// Nil while it is pending.
    package var blockNumber: UInt64?

    init(json: JSONValue, method: String) throws(EthereumError) {
        hash = try json.member("hash", of: method).hash(method, "hash")
        from = try json.member("from", of: method).address(method, "from")
        if let to = json["to"], !to.isNull, to.text != "" { self.to = try to.address(method, "to") }
        guard let input = json["input"] ?? json["data"] else { throw .malformedReply(method: method, detail: "input is missing") }
        self.input = try input.data(method, "input")
        value = try json.member("value", of: method).quantity(method, "value")
        if let number = json["blockNumber"], !number.isNull { blockNumber = try number.integer(method, "blockNumber") }
    }
}
