import ArgumentParser
import Engine
import Foundation
import Gateway
import Settlement
import Signing

/// Options that every command takes, though not every command needs them all. What is not given is taken from the environment.
struct Options: ParsableArguments {
    @Option(help: ArgumentHelp("Deployment file that Deploy/deploy wrote (MEMEX_DEPLOYMENT).", valueName: "file"))
    var deployment: String?

    @Option(help: ArgumentHelp("JSON-RPC of an L1 node (MEMEX_L1).", valueName: "url"))
    var l1: String?

    @Option(
        help: ArgumentHelp(
            "Consensus node, or archive, that has the blobs of batches; several are tried in order (MEMEX_BEACON, with commas).",
            valueName: "url"))
    var beacon: [String] = []

    @Option(
        help: ArgumentHelp(
            "c-kzg's library, which checks blobs (MEMEX_KZG_LIBRARY); by default the one of Deploy/setup.", valueName: "file"))
    var kzgLibrary: String?

    @Option(help: ArgumentHelp("The exchange's gateway, wss://host:port (MEMEX_URL).", valueName: "url"))
    var url: String?

    @Option(help: ArgumentHelp("Your private key (MEMEX_KEY); `memex keys new` makes one.", valueName: "file"))
    var key: String?

    @Option(help: ArgumentHelp("Trust the certificates in this PEM file instead of the system's (MEMEX_CA).", valueName: "file"))
    var ca: String?

    @Flag(help: "Accept any certificate: whoever is in between can read along and answer for the exchange.")
    var insecure = false

    @Flag(help: "Print JSON for machines instead of tables.")
    var json = false

    var output: Output { Output(isJSON: json) }

    func validate() throws {
        if insecure, ca != nil { throw ValidationError("--insecure contradicts --ca") }
    }

    // MARK: Files

    /// Path of the key file; throws if none is named.
    func keyPath() throws -> String {
        try require(key, "MEMEX_KEY", "a private key: give --key FILE or set MEMEX_KEY; `memex keys new FILE` makes one")
    }

    func privateKey() throws -> PrivateKey { try KeyFile.read(try keyPath()) }

    /// Whether a deployment file is named.
    var hasDeployment: Bool { value(deployment, "MEMEX_DEPLOYMENT") != nil }

    func deploymentFile() throws -> Deployment {
        try Deployment(
            path: try require(deployment, "MEMEX_DEPLOYMENT", "a deployment file: give --deployment FILE or set MEMEX_DEPLOYMENT"))
    }

    // MARK: L1

    /// Whether an L1 node is named.
    var hasL1: Bool { value(l1, "MEMEX_L1") != nil }

    func ethereum() throws -> EthereumClient {
        let text = try require(l1, "MEMEX_L1", "an L1 node: give --l1 URL or set MEMEX_L1, for example http://127.0.0.1:8545")
        guard let url = URL(string: text), ["http", "https"].contains(url.scheme), url.host() != nil else {
            throw CommandFailure(.usage, "\(text) is no address of an L1 node; write http://host:port or https://host")
        }
        return EthereumClient(url: url)
    }

    /// Where blobs are read from; empty: nobody is named.
    func beacons() throws -> [URL] {
        let variable = ProcessInfo.processInfo.environment["MEMEX_BEACON"] ?? ""
        let texts = beacon.isEmpty ? variable.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } : beacon
        return try texts.map { text in
            guard let url = URL(string: text), ["http", "https"].contains(url.scheme), url.host() != nil else {
                throw CommandFailure(.usage, "\(text) is no address of a consensus node; write http://host:port or https://host")
            }
            return url
        }
    }

    /// What reads the rollup's history from L1, batches in blobs included where `--beacon` says who has them.
    func reader(_ contract: RollupContract, _ deployment: Deployment) throws -> L1Reader {
        let urls = try beacons()
        let blobs = urls.isEmpty ? nil : BlobReader(urls: urls, chainId: deployment.chainId, maker: BlobMaker(libraryPath: kzgLibrary))
        return L1Reader(contract: contract, deployedAtBlock: deployment.deployedAtBlock, blobs: blobs)
    }

    /// The rollup contract, after checking chain and address.
    func contract() async throws -> RollupContract { try await deploymentFile().contract(through: try ethereum()) }

    // MARK: Gateway

    /// Whether a gateway is named.
    var hasGateway: Bool { value(url, "MEMEX_URL") != nil }

    /// A connection for reading; if a deployment file is named, the exchange must be the one that it describes.
    func gateway() throws -> GatewayClient {
        let url = try require(url, "MEMEX_URL", "the exchange: give --url wss://host:port or set MEMEX_URL")
        let client = try connect(url)
        if hasDeployment { try check(client) }
        return client
    }

    /// A connection for signing: the exchange must be the one that the deployment file describes, or a signature could be used elsewhere.
    func gatewayForSigning() throws -> GatewayClient {
        _ = try deploymentFile()
        return try gateway()
    }

    private func check(_ client: GatewayClient) throws {
        let deployment = try deploymentFile()
        guard client.hello.chainId == deployment.chainId, client.hello.rollup == deployment.rollup else {
            throw CommandFailure(
                .mismatch,
                """
                the gateway belongs to rollup \(client.hello.rollup) on chain \(client.hello.chainId), but the deployment file names \
                \(deployment.rollup) on chain \(deployment.chainId); nothing was signed
                """)
        }
    }

    private func connect(_ url: String) throws -> GatewayClient {
        let trust = try trust()
        do {
            return try GatewayClient(url: url, trust: trust)
        } catch .tls(let failure) {
            let advice =
                failure.reason.contains("wrong version number")
                ? "there is no TLS at \(url): is it the exchange's port? A gateway without TLS is at ws://"
                : "for an exchange with a certificate of its own, give that with --ca FILE or MEMEX_CA"
            throw CommandFailure(.cannotConnect, "\(failure); \(advice)")
        }
    }

    private func trust() throws -> TLSContext.Trust {
        if insecure { return .insecure }
        guard let path = value(ca, "MEMEX_CA") else { return .system }
        guard access(path, R_OK) == 0 else {
            throw CommandFailure(.fileProblem, "cannot read the certificate file \(path): \(String(cString: strerror(errno)))")
        }
        guard let text = FileManager.default.contents(atPath: path), text.range(of: Data("-----BEGIN CERTIFICATE-----".utf8)) != nil else {
            throw CommandFailure(.fileProblem, "\(path) holds no certificate; a PEM file with -----BEGIN CERTIFICATE----- is needed")
        }
        return .file(path)
    }

    // MARK: Details

    private func value(_ option: String?, _ variable: String) -> String? {
        let value = option ?? ProcessInfo.processInfo.environment[variable]
        return value?.isEmpty == false ? value : nil
    }

    private func require(_ option: String?, _ variable: String, _ what: String) throws -> String {
        guard let value = value(option, variable) else { throw CommandFailure(.usage, "this command needs \(what)") }
        return value
    }
}

extension Address {
    /// An address as a person types it: for `transform` of options and arguments.
    static func typed(_ text: String) throws -> Address {
        do { return try Address(checked: text) } catch { throw ValidationError("\(text) is no address: \(error)") }
    }
}
