"""A single-node Ethereum chain on py-evm (Prague rules), kept in memory, with indices for what JSON-RPC asks.

Transactions wait in a pool and are mined in the order of arrival when `mine` is called. `reorganise` and `drop` do what real chains
do to those who rely on them. Not thread-safe: callers hold a lock.
eth-tester offers the same over py-evm, but finds a transaction by scanning all blocks, and mines each one alone.
"""

import bisect
import dataclasses
import functools

import rlp
from eth.abc import ReceiptAPI, SignedTransactionAPI
from eth.chains.base import MiningChain
from eth.consensus import ConsensusApplier, NoProofConsensus
from eth.constants import CREATE_CONTRACT_ADDRESS
from eth.db import get_db_backend
from eth.exceptions import Revert, VMError
from eth.vm.forks import PragueVM
from eth.vm.spoof import SpoofTransaction
from eth_keys.exceptions import BadSignature
from eth_keys.exceptions import ValidationError as KeyValidationError
from eth_utils import ValidationError, keccak

# One block holds several batches of 96 KiB at 40 gas a byte (EIP-7623), 3.9 M gas each.
GAS_LIMIT = 60_000_000
BASE_FEE_START = 10**9
BLOB_TRANSACTION = 3
# How many transactions of one sender may wait for an earlier nonce.
POOL_SENDER_MAX = 256


class Rejected(Exception):
    """A transaction or a call that the chain does not accept; the message says why."""


class CallFailed(Exception):
    """A call that reverted (`data` holds what it returned) or failed."""

    def __init__(self, message: str, data: bytes, reverted: bool):
        super().__init__(message)
        self.data, self.reverted = data, reverted


@dataclasses.dataclass
class Log:
    address: bytes
    topics: list[bytes]
    data: bytes
    index: int


@dataclasses.dataclass
class Mined:
    """A transaction in a block."""

    transaction: SignedTransactionAPI
    hash: bytes
    sender: bytes
    block: int
    index: int
    receipt: ReceiptAPI
    gas_used: int
    cumulative_gas_used: int
    gas_price: int
    contract: bytes | None
    logs: list[Log]


@dataclasses.dataclass
class Block:
    header: object
    transactions: list[Mined]

    @functools.cached_property
    def hash(self) -> bytes:
        return self.header.hash

    @functools.cached_property
    def size(self) -> int:
        return len(rlp.encode(self.header)) + sum(len(t.transaction.encode()) for t in self.transactions)


@dataclasses.dataclass
class Pending:
    transaction: SignedTransactionAPI
    hash: bytes
    sender: bytes


def revert_reason(data: bytes) -> str:
    """The string of a standard `Error(string)`, or a number for a `Panic(uint256)`, else ""."""
    if data[:4] == bytes.fromhex("08c379a0") and len(data) >= 68:
        length = int.from_bytes(data[36:68], "big")
        return data[68 : 68 + length].decode("utf-8", "replace")
    if data[:4] == bytes.fromhex("4e487b71") and len(data) >= 36:
        return f"panic 0x{int.from_bytes(data[4:36], 'big'):02x}"
    return ""


class DevChain:
    def __init__(self, chain_id: int, balances: dict[bytes, int], time: int):
        class PragueChain(MiningChain):
            vm_configuration = ConsensusApplier(NoProofConsensus).amend_vm_configuration(((0, PragueVM),))

            def create_header_from_parent(self, parent_header, **parameters):
                return super().create_header_from_parent(parent_header, **parameters | {"gas_limit": GAS_LIMIT})

        PragueChain.chain_id = chain_id
        genesis = {
            "difficulty": 0, "nonce": bytes(8), "gas_limit": GAS_LIMIT, "timestamp": time, "base_fee_per_gas": BASE_FEE_START
        }
        state = {a: {"balance": b, "nonce": 0, "code": b"", "storage": {}} for a, b in balances.items()}
        self.chain_id = chain_id
        self.chain = PragueChain.from_genesis(get_db_backend(), genesis, state)
        self.builder = self.chain.get_vm().get_transaction_builder()
        self.blocks = [Block(self.chain.get_canonical_block_header_by_number(0), [])]
        self.block_numbers = {self.blocks[0].hash: 0}
        self.mined: dict[bytes, Mined] = {}
        self.pool: dict[bytes, Pending] = {}
        # Blocks that have logs, in all and by address.
        self.log_blocks: list[int] = []
        self.address_log_blocks: dict[bytes, list[int]] = {}
        # Makes blocks of another branch differ from those they replace.
        self.branch = 0

    @property
    def head(self) -> Block:
        return self.blocks[-1]

    # State.

    def vm(self, block: Block | None = None):
        return self.chain.get_vm((block or self.head).header)

    def nonce(self, address: bytes, pending: bool) -> int:
        nonce = self.vm().state.get_nonce(address)
        if pending:
            waiting = {p.transaction.nonce for p in self.pool.values() if p.sender == address}
            while nonce in waiting:
                nonce += 1
        return nonce

    # Transactions.

    def submit(self, raw: bytes) -> bytes:
        """Checks a signed transaction and puts it into the pool; returns its hash."""
        if raw[:1] == bytes([BLOB_TRANSACTION]):
            raise Rejected("blob transactions are not supported")
        try:
            transaction = self.builder.decode(raw)
            transaction.validate()
            sender = transaction.get_sender()
        except (ValidationError, KeyValidationError, BadSignature) as error:
            raise Rejected(f"invalid transaction: {error}") from None
        except Exception as error:  # rlp and its sedes raise many kinds
            raise Rejected(f"transaction does not decode: {type(error).__name__}: {error}") from None
        hash = keccak(raw)
        if hash in self.pool or hash in self.mined:
            raise Rejected("already known")
        chain_id = transaction.chain_id
        if chain_id is not None and chain_id != self.chain_id:
            raise Rejected(f"invalid chain id for signer: have {chain_id} want {self.chain_id}")
        if transaction.gas > GAS_LIMIT:
            raise Rejected(f"exceeds block gas limit: {transaction.gas} > {GAS_LIMIT}")
        needed = self._intrinsic_gas(transaction)
        if transaction.gas < needed:
            raise Rejected(f"intrinsic gas too low: have {transaction.gas}, want {needed}")
        fee, tip = self._fees(transaction)
        if tip > fee:
            raise Rejected("max priority fee per gas higher than max fee per gas")
        base_fee = self.chain.header.base_fee_per_gas
        if fee < base_fee:
            raise Rejected(f"max fee per gas less than block base fee: {fee} < {base_fee}")
        state = self.vm().state
        nonce = state.get_nonce(sender)
        if transaction.nonce < nonce:
            raise Rejected(f"nonce too low: next nonce {nonce}, tx nonce {transaction.nonce}")
        others = [p for p in self.pool.values() if p.sender == sender]
        if transaction.nonce > nonce + POOL_SENDER_MAX:
            raise Rejected(f"nonce too high: next nonce {nonce}, tx nonce {transaction.nonce}")
        cost = transaction.value + transaction.gas * fee
        if state.get_balance(sender) < cost:
            raise Rejected(f"insufficient funds for gas * price + value: have {state.get_balance(sender)} want {cost}")
        for other in others:
            if other.transaction.nonce == transaction.nonce:
                if fee * 10 < self._fees(other.transaction)[0] * 11:
                    raise Rejected("replacement transaction underpriced")
                del self.pool[other.hash]
        self.pool[hash] = Pending(transaction, hash, sender)
        return hash

    @staticmethod
    def _fees(transaction: SignedTransactionAPI) -> tuple[int, int]:
        """(max fee, max priority fee) in wei a gas, also for transactions from before EIP-1559."""
        try:
            return transaction.max_fee_per_gas, transaction.max_priority_fee_per_gas
        except (AttributeError, NotImplementedError):
            return transaction.gas_price, transaction.gas_price

    @staticmethod
    def _intrinsic_gas(transaction) -> int:
        zeros = transaction.data.count(0)
        tokens = zeros + 4 * (len(transaction.data) - zeros)
        return max(transaction.intrinsic_gas, 21_000 + 10 * tokens)

    # Mining.

    def mine(self, time: int, empty: bool = False) -> Block:
        """Mines a block at `time` (at least one second after the last one) with what the pool holds and the gas limit allows, or
        an empty one."""
        chain = self.chain
        chain.set_header_timestamp(max(time, self.head.header.timestamp + 1))
        number = chain.header.block_number
        mined: list[Mined] = []
        log_index = 0
        for pending in [] if empty else self._ready():
            transaction = pending.transaction
            if chain.header.gas_used + transaction.gas > GAS_LIMIT:
                continue
            gas_before = chain.header.gas_used
            try:
                _, receipt, computation = chain.apply_transaction(transaction)
            except (ValidationError, VMError):
                # It was good when it came; what it relied on was spent meanwhile.
                del self.pool[pending.hash]
                continue
            del self.pool[pending.hash]
            logs = []
            for log in receipt.logs:
                logs.append(Log(log.address, [t.to_bytes(32, "big") for t in log.topics], log.data, log_index))
                log_index += 1
            fee, tip = self._fees(transaction)
            created = transaction.to == CREATE_CONTRACT_ADDRESS and not computation.is_error
            mined.append(
                Mined(
                    transaction, pending.hash, pending.sender, number, len(mined), receipt, receipt.gas_used - gas_before,
                    receipt.gas_used, min(fee, chain.header.base_fee_per_gas + tip),
                    computation.msg.storage_address if created else None, logs,
                )
            )
        header = chain.mine_block(mix_hash=keccak(number.to_bytes(32, "big") + self.branch.to_bytes(32, "big"))).header
        block = Block(header, mined)
        self.blocks.append(block)
        self.block_numbers[block.hash] = number
        for entry in mined:
            self.mined[entry.hash] = entry
        addresses = {log.address for entry in mined for log in entry.logs}
        if addresses:
            self.log_blocks.append(number)
        for address in addresses:
            self.address_log_blocks.setdefault(address, []).append(number)
        return block

    def drop(self, hash: bytes) -> bool:
        """Forgets a transaction of the pool, as a full pool does; whether it was there."""
        return self.pool.pop(hash, None) is not None

    def reorganise(self, depth: int, time: int, lose: bool) -> list[bytes]:
        """Replaces the newest `depth` blocks by as many empty ones. Their transactions go back to the pool, or with `lose` are forgotten.
        Returns the hashes of those transactions."""
        if not 1 <= depth < len(self.blocks):
            raise Rejected(f"cannot replace {depth} of {len(self.blocks) - 1} blocks")
        removed = self.blocks[-depth:]
        del self.blocks[-depth:]
        first = self.head.header.block_number + 1
        for numbers in [self.log_blocks, *self.address_log_blocks.values()]:
            del numbers[bisect.bisect_left(numbers, first) :]
        back = [entry for block in removed for entry in block.transactions]
        for block in removed:
            del self.block_numbers[block.hash]
        for entry in back:
            del self.mined[entry.hash]
        if not lose:
            # Before what waits: they came first. What took the place of one meanwhile keeps it.
            taken = {(p.sender, p.transaction.nonce) for p in self.pool.values()}
            again = {e.hash: Pending(e.transaction, e.hash, e.sender) for e in back if (e.sender, e.transaction.nonce) not in taken}
            self.pool = again | self.pool
        self.chain.header = self.chain.create_header_from_parent(self.head.header)
        self.branch += 1
        for _ in range(depth):
            self.mine(time, empty=True)
        return [entry.hash for entry in back]

    def _ready(self):
        """The pool's transactions that can run next, in the order of arrival but by nonce within a sender."""
        state = self.vm().state
        next_nonce: dict[bytes, int] = {}
        waiting: dict[bytes, dict[int, Pending]] = {}
        for pending in list(self.pool.values()):
            sender, nonce = pending.sender, pending.transaction.nonce
            waiting.setdefault(sender, {})[nonce] = pending
            if sender not in next_nonce:
                next_nonce[sender] = state.get_nonce(sender)
            if nonce < next_nonce[sender]:
                # Another transaction has used this nonce.
                del self.pool[pending.hash]
            while next_nonce[sender] in waiting[sender]:
                ready = waiting[sender].pop(next_nonce[sender])
                next_nonce[sender] += 1
                yield ready

    # Calls.

    def call(self, sender: bytes, to: bytes, data: bytes, value: int, gas: int, block: Block | None = None) -> tuple[bytes, int]:
        """Runs a transaction without keeping its effects; returns its output and the gas it needs, before refunds."""
        vm = self.vm(block)
        state = vm.state
        gas_price = state.base_fee
        # The caller need not have money for gas.
        state.delta_balance(sender, gas * gas_price)
        if state.get_balance(sender) - gas * gas_price < value:
            raise Rejected("insufficient funds for transfer")
        unsigned = self.builder.create_unsigned_transaction(
            nonce=state.get_nonce(sender), gas_price=gas_price, gas=gas, to=to, value=value, data=data
        )
        transaction = SpoofTransaction(unsigned, from_=sender)
        needed = self._intrinsic_gas(transaction)
        if gas < needed:
            raise CallFailed(f"intrinsic gas too low: have {gas}, want {needed}", b"", False)
        try:
            computation = state.apply_transaction(transaction)
        except ValidationError as error:
            raise Rejected(str(error)) from None
        if computation.is_error:
            if isinstance(computation.error, Revert):
                reason = revert_reason(computation.output)
                raise CallFailed("execution reverted" + (f": {reason}" if reason else ""), computation.output, True)
            raise CallFailed(f"{type(computation.error).__name__}: {computation.error}", b"", False)
        return computation.output, max(gas - computation.get_gas_remaining(), needed)

    def estimate_gas(self, sender: bytes, to: bytes, data: bytes, value: int, gas: int) -> int:
        """The least gas limit, within 2 %, with which a transaction succeeds."""
        _, used = self.call(sender, to, data, value, gas)
        low, high = used - 1, used
        while True:
            try:
                self.call(sender, to, data, value, high)
                break
            except CallFailed:
                # Calls keep a 64th of the gas back: a bit more than what was used is needed.
                if high >= gas:
                    raise
                low, high = high, min(gas, high + high // 16 + 1_000)
        while high - low > high // 50:
            middle = (low + high) // 2
            try:
                self.call(sender, to, data, value, middle)
                high = middle
            except CallFailed:
                low = middle
        return high

    # Logs.

    def logs(self, first: int, last: int, addresses: set[bytes] | None, topics: list[set[bytes] | None]):
        """(transaction, log) of blocks `first` to `last` that match; a topic of None matches anything."""
        if addresses is None:
            numbers = self._within(self.log_blocks, first, last)
        else:
            numbers = sorted({n for a in addresses for n in self._within(self.address_log_blocks.get(a, []), first, last)})
        for number in numbers:
            for entry in self.blocks[number].transactions:
                for log in entry.logs:
                    if addresses is not None and log.address not in addresses:
                        continue
                    if len(topics) > len(log.topics):
                        continue
                    if all(want is None or have in want for want, have in zip(topics, log.topics)):
                        yield entry, log

    @staticmethod
    def _within(numbers: list[int], first: int, last: int) -> list[int]:
        return numbers[bisect.bisect_left(numbers, first) : bisect.bisect_right(numbers, last)]
