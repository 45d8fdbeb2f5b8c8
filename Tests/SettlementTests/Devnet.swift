import Engine
import Foundation
import Signing
import Testing

@testable import Settlement

/// A devnet of its own for a test; it ends with it.
final class Devnet {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL

    let url: URL
    let client: EthereumClient
    /// Keys with money; the first deploys and is the lister.
    let keys: [PrivateKey]
    private let process: Process
    private let folder: URL

    /// Whether the Python side is installed. CI runs Deploy/setup first.
    static var isInstalled: Bool {
        let found = FileManager.default.fileExists(atPath: root.appending(path: ".venv/.memex-requirements").path)
        if !found { print("SKIPPED: no devnet, because .venv is missing: run Deploy/setup first") }
        return found
    }

    /// Starts a devnet with a block every 0.2 s (or only on `mine()`).
    init(minesAlone: Bool = true) async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "memex-devnet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process = Process()
        // Bounded, so that a test that crashes leaves nothing behind.
        process.executableURL = URL(filePath: "/usr/bin/timeout")
        process.arguments = [
            "--signal=KILL", "900", Self.root.appending(path: "Deploy/devnet").path, "--port", "0", "--block-seconds",
            minesAlone ? "0.2" : "0", "--dir",
            folder.path,
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        var json: JSONValue?
        // A busy machine takes long to import what py-evm needs.
        for _ in 0..<3_000 where json == nil {
            try await Task.sleep(for: .milliseconds(100))
            json = try? Self.read(folder.appending(path: "devnet.json"))
        }
        let devnet = try #require(json, "the devnet did not start")
        url = try #require(URL(string: text(devnet["url"])))
        client = EthereumClient(url: url)
        keys = try #require(devnet["accounts"]?.items).map { try PrivateKey(hex: text($0["privateKey"])) }
    }

    /// Deploys the rollup, with `keys[1]` as sequencer. Times in seconds.
    func deploy(challengeWindow: Int, deadline: Int) async throws -> Deployment {
        let deploy = Process()
        deploy.executableURL = Self.root.appending(path: "Deploy/deploy")
        let file = folder.appending(path: "deployment.json").path
        deploy.arguments = [
            "--rpc", url.absoluteString, "--key", keys[0].secretHex, "--sequencer", keys[1].address.hex, "--challenge-window",
            String(challengeWindow), "--inbox-deadline", String(deadline), "--batch-deadline", String(deadline), "--claim-bond-wei",
            "1000000000", "--out", file,
        ]
        deploy.standardOutput = FileHandle.nullDevice
        deploy.standardError = FileHandle.nullDevice
        try deploy.run()
        while deploy.isRunning { try await Task.sleep(for: .milliseconds(50)) }
        try #require(deploy.terminationStatus == 0, "Deploy/deploy failed")
        return try Deployment(path: file)
    }

    func mine() async throws { _ = try await client.request("evm_mine") }

    deinit {
        // The whole group, and not by SIGTERM: a child started from a thread of a test inherits its mask, which blocks that.
        kill(-process.processIdentifier, SIGKILL)
        try? FileManager.default.removeItem(at: folder)
    }

    /// Moves L1 time ahead by at least this much. Its blocks come faster than their times allow, so that L1 time is ahead of the clock.
    func move(seconds: UInt64) async throws {
        let target = try await client.latestBlock().timestamp + seconds
        while true {
            let now = try await client.latestBlock().timestamp
            if now >= target { return }
            _ = try await client.request("evm_increaseTime", [.number(Double(target - now))])
            _ = try await client.request("evm_mine")
        }
    }

    /// Looks for receipts often, and raises fees after `bumpAfterSeconds`.
    func sender(_ key: PrivateKey, replacesPending: Bool = false, bumpAfterSeconds: Double = 30) async throws -> TransactionSender {
        var policy = FeePolicy()
        policy.pollSeconds = 0.05
        policy.bumpAfterSeconds = bumpAfterSeconds
        return TransactionSender(
            client: client, key: key, chainId: try await client.chainId(), replacesPending: replacesPending, policy: policy)
    }

    private static func read(_ url: URL) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: url))
    }
}
