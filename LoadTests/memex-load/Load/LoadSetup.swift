import Benchmarks
import Engine
import Foundation
import Gateway
import Sequencer
import Signing
import Synchronization

/// What must be known, and done, before the batches of a run can be signed: prices, nonces, orders to be modified.
struct LoadSetup {
    private let client: GatewayClient
    private let keys: [PrivateKey]
    private let plan: LoadTarget.Plan
    private let batchCount: Int
    private var nextNonce: UInt64
    /// Above all nonces that this process has used, for any exchange.
    private static let unusedNonce = Mutex<UInt64>(0)

    init(_ client: GatewayClient, keys: [PrivateKey], plan: LoadTarget.Plan) throws {
        guard keys.count >= plan.connections else {
            throw LoadFailure("\(plan.connections) connections need as many accounts, and there are \(keys.count) keys")
        }
        self.client = client
        self.keys = keys
        self.plan = plan
        batchCount = max(1, Int(plan.commandsPerSecond * plan.seconds / Double(plan.commandsPerBatch)))
        nextNonce = try Self.freshNonce(client, keys, market: plan.market)
    }

    /// All batches of the run, not yet signed.
    mutating func workload() throws -> Workload {
        var shape = FlowShape()
        shape.market = plan.market
        shape.middle = try MarketPrices.middle(of: plan.market, client)
        shape.lots = plan.lots
        shape.accountCount = keys.count
        shape.commandsPerBatch = plan.commandsPerBatch
        shape.clientOrderBase = nextNonce << 20
        if let replay = plan.replay {
            let stream = try OperationStream.flow(file: replay, count: batchCount * plan.commandsPerBatch)
            return workload(RecordedCommandFlow(shape: shape, stream: stream))
        }
        var flow = GeneratedFlow(shape: shape, mix: plan.mix, seed: plan.seed)
        if plan.mix.hasModify { flow.anchors = try anchors(shape) }
        return workload(flow)
    }

    private func workload(_ flow: some CommandFlow) -> Workload {
        let workload = Workload(flow, batchCountMax: batchCount, keys: keys, connections: plan.connections, firstNonce: nextNonce)
        Self.unusedNonce.withLock { $0 = nextNonce + UInt64(workload.batchCount) }
        return workload
    }

    /// Whole commands messages, but for their signatures, which are another message's. Every second one names a signer whom nobody knows: that is dearer to
    /// find out.
    func badMessages() -> [[UInt8]] {
        let commands: [Command] = [.cancelByClientId(market: plan.market, clientOrderId: 1)]
        let other = CommandsMessage.encode(commands, nonce: nextNonce + 1, key: keys[0], domain: client.domain)
        return (0..<20).map { number in
            var message = CommandsMessage.encode(commands, nonce: nextNonce, key: keys[0], domain: client.domain)
            message.replaceSubrange(32..<96, with: other[32..<96])
            if number % 2 == 0 { message[4] ^= UInt8(number + 1) }
            return message
        }
    }

    /// Places one order of each account where nobody trades, with lots enough to lose one at every modification.
    private mutating func anchors(_ shape: FlowShape) throws -> [GeneratedFlow.Anchor] {
        let lots = UInt64(batchCount * plan.commandsPerBatch / keys.count + 2)
        return try keys.enumerated().map { account, key in
            let priceCode = UInt32(clamping: Int64(shape.middle) + (account % 2 == 0 ? -5000 : 5000))
            let order = Command.place(
                market: shape.market, side: account % 2 == 0 ? .buy : .sell, timeInForce: .goodTilCancelled, priceCode: priceCode,
                lots: lots,
                clientOrderId: 0)
            let ack = try submit([order], key)
            guard let result = ack.results.first, result.restingLots == lots else {
                throw LoadFailure("account \(key.address) cannot place the order that is to be modified: \(ack.results.first?.text ?? "")")
            }
            return GeneratedFlow.Anchor(orderId: result.orderId, priceCode: priceCode, lots: lots)
        }
    }

    private mutating func submit(_ commands: [Command], _ key: PrivateKey) throws -> ServerMessage.Ack {
        defer { nextNonce += 1 }
        try client.send(commands, key: key, nonce: nextNonce)
        return try Self.answer(client, nonce: nextNonce)
    }

    /// A nonce that all accounts may still use, as all that follow: the present time, or later if a run before this one, perhaps of another process, went
    /// further.
    private static func freshNonce(_ client: GatewayClient, _ keys: [PrivateKey], market: UInt16) throws -> UInt64 {
        var nonce = max(client.nextNonce(), unusedNonce.withLock { $0 })
        var step: UInt64 = 60_000
        // Tells whether the nonce and the account are good, and takes away what a run before this one has left.
        let probe: [Command] = [.cancelAll(market: market, sides: .both)]
        for key in keys {
            while true {
                do {
                    try client.send(probe, key: key, nonce: nonce)
                    _ = try answer(client, nonce: nonce)
                    break
                } catch GatewayClientError.rejected(let reject)
                    where reject.code == RejectCode.nonceBelowRemembered.rawValue || reject.code == RejectCode.nonceRepeated.rawValue
                {
                    nonce += step
                    step *= 2
                    guard step < Layout.nonceLeadMsMax / 4 else { throw LoadFailure("\(key.address): \(reject.text)") }
                } catch GatewayClientError.rejected(let reject) {
                    throw LoadFailure("\(key.address): \(reject.text) Deposit both tokens of the market for it first.")
                }
            }
            nonce += 1
        }
        return nonce
    }

    private static func answer(_ client: GatewayClient, nonce: UInt64) throws -> ServerMessage.Ack {
        let deadline = MonotonicClock.milliseconds() + UInt64(client.timeoutMs)
        while MonotonicClock.milliseconds() < deadline {
            switch try client.receive(timeoutMs: client.timeoutMs) {
            case .ack(let ack) where ack.nonce == nonce: return ack
            case .reject(let reject) where reject.nonce == nonce: throw GatewayClientError.rejected(reject)
            default: continue
            }
        }
        throw LoadFailure("no answer within \(client.timeoutMs) ms")
    }
}
