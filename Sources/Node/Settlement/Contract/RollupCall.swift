import BigInt
import Engine
import Proof

/// A call of the rollup contract that changes something: what goes into a transaction. The contract's NatSpec is in Sources/Contracts.
package struct RollupCall: Equatable, Sendable {
    /// As messages name it.
    package let name: String
    package let data: [UInt8]
    /// Wei sent along.
    package let value: BigUInt

    init(_ signature: String, _ arguments: [ABI.Value], value: BigUInt = 0) {
        name = String(signature.prefix { $0 != "(" })
        data = ABI.call(signature, arguments)
        self.value = value
    }

    /// Signatures of everything that changes state, checked against the compiled contract in tests.
    enum Signature {
        static let listToken = "list_token(address,uint8,uint8,bytes32)"
        static let listMarket = "list_market(uint32,uint32,uint8,uint16,uint16,address,uint64,uint32)"
        static let setFeeTier = "set_fee_tier(address,uint8)"
        static let depositEth = "deposit_eth(address)"
        static let deposit = "deposit(uint32,uint256,address)"
        static let force = "force(bytes)"
        static let collectMessageFees = "collect_message_fees()"
        static let postBatch = "post_batch(uint256,uint256,uint64,uint64,bytes)"
        static let postBlob = "post_blob(uint256,uint256,uint64,uint64,uint256)"
        static let claimState = "claim_state(uint256,bytes32)"
        static let reclaimBond = "reclaim_bond(uint256)"
        static let withdraw = "withdraw(uint256,uint64,address,uint32,uint64,uint64,bytes32[29])"
        static let createToken = "create_token(uint256,uint32,uint64,uint8,bytes16,bytes32[29])"
        static let halt = "halt()"
        static let exitBalance = "exit_balance(uint256,address,uint32,uint64,uint64,uint32,bytes32[29])"
        static let payMany =
            "pay_many(uint256,(uint256,address,uint32,uint64,uint64,uint64)[],bytes32[])"
        static let refundDeposit = "refund_deposit(uint256,address,uint32,uint64)"
        static let propose = "propose(uint256,uint256,uint256)"
        static let cancel = "cancel(uint256,uint256)"
        static let execute = "execute(uint256,uint256)"
        static let all = [
            listToken, listMarket, setFeeTier, depositEth, deposit, force, collectMessageFees, postBatch, postBlob, claimState, reclaimBond,
            withdraw, createToken, halt, exitBalance, payMany, refundDeposit, propose, cancel, execute,
        ]
    }

    /// Lister only. `symbol`: at most 16 ASCII characters. One atom is 10^unitExponent L1 units.
    package static func listToken(_ token: Address, decimals: UInt8, unitExponent: UInt8, symbol: String) -> RollupCall {
        let symbol = Array(symbol.utf8.prefix(32))
        let word = Hash256(bytes: symbol + [UInt8](repeating: 0, count: 32 - symbol.count)) ?? .zero
        return RollupCall(
            Signature.listToken, [.address(token), .uint(UInt32(decimals)), .uint(UInt32(unitExponent)), .bytes32(word)])
    }

    /// Lister only. Fees in basis points. `opensAtMs`: end of the opening auction in milliseconds since 1970, 0 for none; then
    /// `referencePriceCode` is 0, too.
    package static func listMarket(
        base: UInt32, quote: UInt32, lotExponent: UInt8, makerFeeBasisPoints: UInt16, takerFeeBasisPoints: UInt16, feeAccount: Address,
        opensAtMs: UInt64 = 0, referencePriceCode: UInt32 = 0
    ) -> RollupCall {
        RollupCall(
            Signature.listMarket,
            [
                .uint(base), .uint(quote), .uint(UInt32(lotExponent)), .uint(UInt32(makerFeeBasisPoints)),
                .uint(UInt32(takerFeeBasisPoints)), .address(feeAccount), .uint(opensAtMs), .uint(referencePriceCode),
            ])
    }

    /// Lister only. `owner` pays (10 - tier) tenths of the fees; `tier` is at most 10, and not below what he has.
    package static func setFeeTier(owner: Address, tier: UInt8) -> RollupCall {
        RollupCall(Signature.setFeeTier, [.address(owner), .uint(UInt32(tier))])
    }

    /// Deposits `wei` (a multiple of 1 gwei) for `owner`.
    package static func depositEth(wei: BigUInt, owner: Address) -> RollupCall {
        RollupCall(Signature.depositEth, [.address(owner)], value: wei)
    }

    /// Deposits `units` (L1 units, a multiple of the token's unit) that the sender has approved, for `owner`.
    package static func deposit(token: UInt32, units: BigUInt, owner: Address) -> RollupCall {
        RollupCall(Signature.deposit, [.uint(token), .uint(units), .address(owner)])
    }

    /// Has the sender's commands executed as if he had signed them: 1 to 96 bytes, as in a signed command batch. `price`: exactly the message
    /// price, in wei.
    package static func force(payload: [UInt8], price: BigUInt) -> RollupCall {
        RollupCall(Signature.force, [.bytes(payload)], value: price)
    }

    /// Pays the prices of messages out to the sequencer.
    package static func collectMessageFees() -> RollupCall { RollupCall(Signature.collectMessageFees, []) }

    /// Sequencer only. Times in milliseconds since 1970.
    package static func postBatch(
        number: UInt64, inboxEnd: UInt64, firstTimeMs: UInt64, lastTimeMs: UInt64, data: [UInt8]
    ) -> RollupCall {
        RollupCall(
            Signature.postBatch, [.uint(number), .uint(inboxEnd), .uint(firstTimeMs), .uint(lastTimeMs), .bytes(data)])
    }

    /// Sequencer only, in a transaction whose first blob carries the batch's `size` bytes.
    package static func postBlob(
        number: UInt64, inboxEnd: UInt64, firstTimeMs: UInt64, lastTimeMs: UInt64, size: Int
    ) -> RollupCall {
        RollupCall(
            Signature.postBlob, [.uint(number), .uint(inboxEnd), .uint(firstTimeMs), .uint(lastTimeMs), .uint(UInt64(size))])
    }

    /// Sequencer only. `bond`: exactly the deployment's claim bond, in wei.
    package static func claimState(number: UInt64, root: Hash256, bond: BigUInt) -> RollupCall {
        RollupCall(Signature.claimState, [.uint(number), .bytes32(root)], value: bond)
    }

    package static func reclaimBond(number: UInt64) -> RollupCall { RollupCall(Signature.reclaimBond, [.uint(number)]) }

    /// Pays a withdrawal record under the final state after batch `batch`. `path`: 29 hashes.
    package static func withdraw(batch: UInt64, record: Withdrawal, path: [Hash256]) -> RollupCall {
        RollupCall(
            Signature.withdraw,
            [
                .uint(batch), .uint(record.id), .address(record.owner), .uint(record.token), .uint(record.amount),
                .uint(record.blockNumber), .fixedHashes(path),
            ])
    }

    /// Creates the ERC-20 of a token born on the exchange, as it is under the final state after batch `batch`. `path`: 29 hashes.
    package static func createToken(batch: UInt64, token: Token, path: [Hash256]) -> RollupCall {
        var symbol = Hash256()
        symbol.word0 = token.symbol.word0
        symbol.word1 = token.symbol.word1
        return RollupCall(
            Signature.createToken,
            [
                .uint(batch), .uint(token.id), .uint(token.supply), .uint(token.decimals), .bytes32(symbol), .fixedHashes(path),
            ])
    }

    package static func halt() -> RollupCall { RollupCall(Signature.halt, []) }

    /// After a halt: pays a balance under the last claimed state. `path`: 29 hashes.
    package static func exitBalance(cell: UInt32, balance: Balance, path: [Hash256]) -> RollupCall {
        RollupCall(
            Signature.exitBalance,
            [
                .uint(cell), .address(balance.owner), .uint(balance.token), .uint(balance.free), .uint(balance.locked),
                .uint(balance.account), .fixedHashes(path),
            ])
    }

    /// At most this many cells go into ``payMany(batch:payouts:)``.
    package static let cellsMax = 32

    /// Pays many cells under the final state after batch `batch` by one proof: records, and after a halt balances, then under the last claimed state.
    /// What cannot be paid is skipped. `payouts`: 1 to ``cellsMax``, each of another cell, with paths under that state's root.
    package static func payMany(batch: UInt64, payouts: [Payout]) -> RollupCall {
        precondition((1...cellsMax).contains(payouts.count))
        let payouts = payouts.sorted { $0.cell < $1.cell }
        let cells = payouts.map { payout -> [ABI.Value] in
            let numbers: [ABI.Value] =
                switch payout.content {
                case .withdrawal(let record): [.uint(record.amount), .uint(record.id), .uint(record.blockNumber)]
                case .balance(let balance): [.uint(balance.free), .uint(balance.locked), .uint(balance.account)]
                }
            return [.uint(payout.cell), .address(payout.owner), .uint(payout.token)] + numbers
        }
        let siblings = Multiproof.siblings(indices: payouts.map(\.cell), paths: payouts.map(\.path))
        return RollupCall(Signature.payMany, [.uint(batch), .tuples(cells), .tuples(siblings.map { [.bytes32($0)] })])
    }

    /// After a halt: pays back a deposit that the last claimed state has not consumed.
    package static func refundDeposit(index: UInt64, owner: Address, token: UInt32, atoms: UInt64) -> RollupCall {
        RollupCall(Signature.refundDeposit, [.uint(index), .address(owner), .uint(token), .uint(atoms)])
    }
}

extension TransactionSender {
    /// Estimates, signs, sends and waits.
    package func execute(_ call: RollupCall, on contract: Address) async throws(EthereumError) -> Receipt {
        try await execute(to: contract, data: call.data, value: call.value)
    }
}
