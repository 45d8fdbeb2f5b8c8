import Engine
import Foundation
import Gateway
import Logging
import PostingStore
import Sequencer
import Settlement
import Signing
import Synchronization

/// Puts the parts of a node together, runs them until a signal or a failure, and takes them apart in order.
struct NodeRunner {
    let options: Run
    let logger = Logger(label: "memexd")

    init(options: Run) { self.options = options }

    func run() async throws {
        let ending = Ending()
        // What cannot work is said before anything is recovered.
        try DescriptorLimit.raise(to: options.gateway.limits.descriptorsMax)
        try options.tlsFiles?.check()
        let key = try KeyFile.read(options.sequencerKey)
        let deployment = try Deployment(path: options.deployment)
        guard key.address == deployment.sequencer else {
            throw ConfigurationError(
                "\(options.sequencerKey) holds the key of \(key.address), but the deployment's sequencer is \(deployment.sequencer)")
        }
        guard let url = URL(string: options.l1), let listen = ListenAddress(options.listen) else {
            throw ConfigurationError("--l1 or --listen is not usable")
        }
        let client = EthereumClient(url: url)
        let contract = try await deployment.contract(through: client)
        let block = try await deployment.block(through: client)
        let identity = DeploymentIdentity(chainId: deployment.chainId, rollup: deployment.rollup, genesis: block.hash)
        guard try await contract.progress().haltedAt == nil else { throw RollupHalted() }
        let beaconFault = await beaconFault(deployment, block)
        if let beaconFault {
            // There is calldata, where the price was to decide.
            guard options.carrier == .price, beaconFault.isTransient else { throw beaconFault }
            logger.warning("batches go as calldata until the consensus node answers: \(beaconFault)")
        }

        // c-kzg is loaded while the state is recovered, unless the node is not to run without it.
        let blobs = Task.detached { try blobPosting() }
        if options.carrier == .blob { _ = try await blobs.value }
        let sequencer = try Sequencer(try configuration(identity, key), logger: logger)
        let batches = try StoredBatches(
            sequencer.configuration.directory, durability: options.durability, deployment: identity)
        let posting = try await blobs.value
        let poster = poster(
            contract, key, deployment.chainId, batches, posting, carrier: beaconFault == nil ? posting.carrier : .calldata)
        // Orders that cannot be posted must not be acknowledged.
        try await poster.check()
        let backlog = BacklogWatch(
            batches: batches, poster: poster, limits: try await backlogLimits(contract), shared: sequencer.shared, logger: logger)
        // It takes seconds where the processor is busy: whoever connects is to be answered at once.
        sequencer.populateMemory()
        let gateway = try startGateway(listen, deployment, sequencer)
        sequencer.shared.connect(
            wakeGateway: { gateway.wake() }, blockSealed: { gateway.publish($0) }, failed: { _ in ending.finish() })
        try sequencer.start()
        let reloading = Reloading { [logger] in
            do {
                try gateway.reloadCertificate()
                logger.info("read the certificate again")
            } catch {
                logger.error("keeping the certificate: \(error)")
            }
        }
        printReady(listen, gateway, sequencer, deployment)

        let tasks = [
            Task { await watchInbox(contract, deployment, sequencer, batches, backlog) },
            Task { await backlog.run() },
            Task {
                await poster.run()
                // It ends by itself only after a halt.
                if !Task.isCancelled { ending.finish(because: RollupHalted()) }
            },
            Task { await watchChain(identity, deployment, client, ending) },
            Task { if beaconFault != nil { await awaitBeacon(deployment, block, poster, posting.carrier) } },
            Task { await StatisticsReporter(sequencer, options, logger).run() },
            Task { await serveMetrics(sequencer, gateway, backlog) },
        ]
        await ending.wait()
        reloading.end()
        logger.info("stopping")
        for task in tasks { task.cancel() }
        gateway.drain()
        // The gateway still delivers what the executor acknowledges while it drains.
        defer { gateway.stop() }
        do { try sequencer.stop() } catch { throw RunningFailed(reason: error) }
        let head = sequencer.shared.sealedHead
        logger.info("stopped", metadata: ["block": "\(head.number)", "root": "\(head.stateRoot)"])
        if let reason = ending.reason { throw reason }
    }

    private func configuration(_ identity: DeploymentIdentity, _ key: PrivateKey) throws -> SequencerConfiguration {
        var configuration = SequencerConfiguration(directory: try DataDirectory(creating: options.data), deployment: identity, key: key)
        configuration.durability = options.durability
        configuration.gatewayThreads = options.gateway.gatewayThreads
        configuration.executor.blockIntervalMs = options.blockIntervalMs
        configuration.executor.spinUs = options.executorSpinUs
        configuration.executor.idleBlockIntervalMs = options.idleBlockIntervalMs
        configuration.batchAgeMsMax = options.batchAgeMsMax
        configuration.batchKeepMs = options.batchKeepDays * 86_400_000
        configuration.checkpointIntervalMs = options.checkpointIntervalS * 1000
        return configuration
    }

    private func startGateway(_ listen: ListenAddress, _ deployment: Deployment, _ sequencer: Sequencer) throws -> Gateway {
        var configuration = GatewayConfiguration(chainId: deployment.chainId, rollup: deployment.rollup)
        configuration.host = listen.host
        configuration.port = listen.port
        configuration.limits = options.gateway.limits
        configuration.spinUs = options.gateway.spinUs
        configuration.cores = options.gateway.cores
        configuration.sequencerKey = sequencer.configuration.key
        configuration.tls = options.tlsFiles
        let (books, block) = sequencer.withExchange { (RecoveredBook.books(of: $0), $0.header.blockNumber) }
        return try Gateway(
            configuration, ports: sequencer.ports, wakeExecutor: { sequencer.wakeExecutor() },
            stepExecutor: { sequencer.stepInPlace(makeRoom: $0) }, books: books, block: block, logger: logger)
    }

    private func printReady(_ listen: ListenAddress, _ gateway: Gateway, _ sequencer: Sequencer, _ deployment: Deployment) {
        let host = listen.host.contains(":") ? "[\(listen.host)]" : listen.host
        let head = sequencer.shared.sealedHead
        printLine(
            """
            {"event":"ready","address":"\(options.insecureWs ? "ws" : "wss")://\(host):\(gateway.port)/","port":\(gateway.port),\
            "chainId":\(deployment.chainId),"rollup":"\(deployment.rollup)","block":\(head.number),"stateRoot":"\(head.stateRoot)",\
            "inboxCursor":\(sequencer.inbox.nextIndex),"recoveredFromCheckpoint":\(sequencer.recoveredFromCheckpoint),"pid":\(getpid())}
            """)
    }

    /// Not worth ending the node for: trading goes on without it.
    private func serveMetrics(_ sequencer: Sequencer, _ gateway: Gateway, _ backlog: BacklogWatch) async {
        guard let listen = options.metricsListen.flatMap(ListenAddress.init) else { return }
        let idleBlockIntervalMs = options.idleBlockIntervalMs
        do {
            let server = try await MetricsServer(listen) {
                var page = MetricsPage()
                page.add(sequencer)
                page.add(gateway)
                page.add(backlog.status, nowMs: SystemClock.nowMs())
                page.addProcess()
                return page.text
            } health: {
                Health(
                    head: sequencer.shared.sealedHead, nowMs: SystemClock.nowMs(), idleBlockIntervalMs: idleBlockIntervalMs,
                    hasFailed: sequencer.shared.failure != nil, refusal: backlog.status.refusal)
            }
            try await server.run {
                logger.info("metrics are served", metadata: ["address": "http://\(options.metricsListen ?? "")/metrics"])
            }
        } catch {
            if !Task.isCancelled {
                logger.error("no metrics on \(options.metricsListen ?? ""), trading goes on without: \(error.localizedDescription)")
            }
        }
    }

    // MARK: L1

    /// Ends the node when the L1 behind the address is not the one that it began with: a devnet that was started anew has the same chain id, and
    /// soon the same contract address, but other deposits.
    private func watchChain(
        _ identity: DeploymentIdentity, _ deployment: Deployment, _ client: EthereumClient, _ ending: Ending
    ) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(5))
            guard let head = try? await client.blockNumber(), head >= deployment.deployedAtBlock,
                let block = try? await client.block(.number(deployment.deployedAtBlock)), block.hash != identity.genesis
            else { continue }
            ending.finish(because: OtherChain(block: deployment.deployedAtBlock))
            return
        }
    }

    private func watchInbox(
        _ contract: RollupContract, _ deployment: Deployment, _ sequencer: Sequencer, _ batches: StoredBatches, _ backlog: BacklogWatch
    ) async {
        var configuration = InboxWatcher.Configuration()
        configuration.confirmations = options.confirmations
        configuration.pollSeconds = options.l1PollS
        let nextIndex = sequencer.inbox.nextIndex
        let watcher = InboxWatcher(
            source: contract, nextIndex: nextIndex, accumulator: try? await batches.inboxAccumulator(count: nextIndex),
            deployedAtBlock: deployment.deployedAtBlock, configuration: configuration, logger: logger)
        await watcher.run {
            backlog.setInboxAgrees($0)
        } deliver: { delivery in
            do { try await batches.keep(delivery.accumulators, after: delivery.first) } catch {
                logger.error("cannot keep what the inbox was: \(error)")
                return false
            }
            return sequencer.inbox.push(delivery.messages, first: delivery.first, l1Block: delivery.l1Block)
        }
    }
}

/// Nothing that is traded after a halt reaches L1: it would be undone.
struct RollupHalted: Error, CustomStringConvertible {
    var description: String {
        "the rollup is halted on L1, so no more orders are taken; `memex exit` takes funds out, a new deployment begins anew"
    }
}

/// L1 is not the chain that the deployment was on.
struct OtherChain: Error, CustomStringConvertible {
    /// In which the rollup was deployed.
    let block: UInt64

    var description: String {
        "L1 has another block \(block) than before, in which the rollup was deployed: it is another chain, or a devnet that was started anew; "
            + "deploy again and take another --data directory"
    }
}

/// A part gave up while the node was running.
struct RunningFailed: Error, CustomStringConvertible {
    let reason: any Error

    var description: String { "stopped because a part failed: \(reason); what was acknowledged is in the journal" }
}

/// Prints a line at once, whatever stdout is.
func printLine(_ text: String) {
    // A reader that went away must not end the node.
    try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
}
