"""A single-node Ethereum chain on py-evm (Prague rules with EIP-7918), kept in memory, with indices for what JSON-RPC asks.

Transactions wait in a pool and are mined in the order of arrival when `mine` is called. `reorganise`, `drop` and `prune` do what real chains
do to those who rely on them. Not thread-safe: callers hold a lock.
eth-tester offers the same over py-evm, but finds a transaction by scanning all blocks, and mines each one alone.
"""

import dataclasses
import functools

import rlp
from eth.abc import ReceiptAPI, SignedTransactionAPI
from eth.constants import CREATE_CONTRACT_ADDRESS
from eth.db import get_db_backend
from eth.exceptions import VMError
from eth.vm.forks.cancun.constants import BLOB_TX_TYPE
from eth_keys.exceptions import BadSignature
from eth_keys.exceptions import ValidationError as KeyValidationError
from eth_utils import ValidationError, keccak

from . import blobs
from .failures import Rejected
from .logs import Log, LogIndex, matches
from .pool import Pending, Pool
from .rules import BLOBS_MAX, GAS_LIMIT, blob_base_fee, blob_gas, blob_hashes, excess_for, fees, fits, intrinsic_gas, new_chain


@dataclasses.dataclass
class Mined:
    """A transaction in a block."""

    pending: Pending  # as it waited; without its sidecar when that was pruned
    block: int
    index: int
    receipt: ReceiptAPI
    gas_used: int
    cumulative_gas_used: int
    gas_price: int
    blob_gas_price: int
    contract: bytes | None
    logs: list[Log]

    @property
    def transaction(self) -> SignedTransactionAPI:
        return self.pending.transaction

    @property
    def hash(self) -> bytes:
        return self.pending.hash

    @property
    def sender(self) -> bytes:
        return self.pending.sender


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


class DevChain:
    def __init__(self, chain_id: int, balances: dict[bytes, int], time: int):
        self.chain_id = chain_id
        self.chain = new_chain(chain_id, balances, time, get_db_backend())
        self.builder = self.chain.get_vm().get_transaction_builder()
        self.blocks = [Block(self.chain.get_canonical_block_header_by_number(0), [])]
        self.block_numbers = {self.blocks[0].hash: 0}
        self.mined: dict[bytes, Mined] = {}
        self.pool = Pool()
        self.log_index = LogIndex()
        # Makes blocks of another branch differ from those they replace.
        self.branch = 0

    @property
    def head(self) -> Block:
        return self.blocks[-1]

    @property
    def next_header(self):
        """Of the block that is mined next: its fees are known already."""
        return self.chain.header

    # State.

    def vm(self, block: Block | None = None):
        return self.chain.get_vm((block or self.head).header)

    def nonce(self, address: bytes, pending: bool) -> int:
        nonce = self.vm().state.get_nonce(address)
        return self.pool.next_nonce(address, nonce) if pending else nonce

    # Transactions.

    def submit(self, raw: bytes) -> bytes:
        """Checks a signed transaction and puts it into the pool; returns its hash."""
        sidecar = None
        if raw[:1] == bytes([BLOB_TX_TYPE]):
            raw, sidecar = blobs.split(raw)
        try:
            transaction = self.builder.decode(raw)
            transaction.validate()
            sender = transaction.get_sender()
        except (ValidationError, KeyValidationError, BadSignature) as error:
            raise Rejected(f"invalid transaction: {error}") from None
        except Exception as error:  # rlp and its sedes raise many kinds
            raise Rejected(f"transaction does not decode: {type(error).__name__}: {error}") from None
        pending = Pending(transaction, keccak(raw), sender, sidecar)
        if pending.hash in self.pool or pending.hash in self.mined:
            raise Rejected("already known")
        self._check(pending)
        if sidecar is not None:
            sidecar.check(blob_hashes(transaction))
        self.pool.add(pending, self.vm().state.get_nonce(sender))
        return pending.hash

    def _check(self, pending: Pending) -> None:
        """Refuses what can never be mined, or not as things are."""
        transaction = pending.transaction
        chain_id = transaction.chain_id
        if chain_id is not None and chain_id != self.chain_id:
            raise Rejected(f"invalid chain id for signer: have {chain_id} want {self.chain_id}")
        if transaction.gas > GAS_LIMIT:
            raise Rejected(f"exceeds block gas limit: {transaction.gas} > {GAS_LIMIT}")
        needed = intrinsic_gas(transaction)
        if transaction.gas < needed:
            raise Rejected(f"intrinsic gas too low: have {transaction.gas}, want {needed}")
        fee, tip = fees(transaction)
        if tip > fee:
            raise Rejected("max priority fee per gas higher than max fee per gas")
        base_fee = self.next_header.base_fee_per_gas
        if fee < base_fee:
            raise Rejected(f"max fee per gas less than block base fee: {fee} < {base_fee}")
        state = self.vm().state
        nonce = state.get_nonce(pending.sender)
        if transaction.nonce < nonce:
            raise Rejected(f"nonce too low: next nonce {nonce}, tx nonce {transaction.nonce}")
        cost = transaction.value + transaction.gas * fee
        if pending.has_blobs:
            count = len(blob_hashes(transaction))
            if transaction.to == CREATE_CONTRACT_ADDRESS:
                raise Rejected("blob transaction of type create")
            if not 1 <= count <= BLOBS_MAX:
                raise Rejected(f"blob transaction has {count} blobs, 1 to {BLOBS_MAX} are permitted")
            if transaction.max_fee_per_blob_gas == 0:
                raise Rejected("transaction underpriced: blob fee cap 0, minimum needed 1")
            cost += blob_gas(transaction) * transaction.max_fee_per_blob_gas
        if state.get_balance(pending.sender) < cost:
            raise Rejected(f"insufficient funds for gas * price + value: have {state.get_balance(pending.sender)} want {cost}")

    # Mining.

    def mine(self, time: int, empty: bool = False) -> Block:
        """Mines a block at `time` (at least one second after the last one) with what the pool holds and the block takes, or an
        empty one."""
        chain = self.chain
        chain.set_header_timestamp(max(time, self.head.header.timestamp + 1))
        number = chain.header.block_number
        mined: list[Mined] = []
        held: set[bytes] = set()  # senders of whom a transaction waits, and with it what comes after
        state = self.vm().state
        for pending in [] if empty else self.pool.ready(state.get_nonce):
            if pending.sender in held:
                continue
            if not fits(pending.transaction, chain.header):
                held.add(pending.sender)
                continue
            entry = self._apply(pending, len(mined), sum(len(m.logs) for m in mined))
            self.pool.remove(pending.hash)
            if entry is None:
                # It was good when it came; what it relied on was spent meanwhile.
                held.add(pending.sender)
            else:
                mined.append(entry)
        header = chain.mine_block(mix_hash=keccak(number.to_bytes(32, "big") + self.branch.to_bytes(32, "big"))).header
        block = Block(header, mined)
        self.blocks.append(block)
        self.block_numbers[block.hash] = number
        for entry in mined:
            self.mined[entry.hash] = entry
        self.log_index.add(number, [log for entry in mined for log in entry.logs])
        return block

    def _apply(self, pending: Pending, index: int, log_index: int) -> Mined | None:
        """Runs a transaction in the block that is being mined; None if it cannot be part of it."""
        transaction, before = pending.transaction, self.chain.header
        try:
            _, receipt, computation = self.chain.apply_transaction(transaction)
        except (ValidationError, VMError):
            return None
        self.chain.header = self.chain.header.copy(blob_gas_used=before.blob_gas_used + blob_gas(transaction))
        logs = [Log(log.address, [t.to_bytes(32, "big") for t in log.topics], log.data, log_index + i) for i, log in enumerate(receipt.logs)]
        fee, tip = fees(transaction)
        created = transaction.to == CREATE_CONTRACT_ADDRESS and not computation.is_error
        return Mined(
            pending, before.block_number, index, receipt, receipt.gas_used - before.gas_used, receipt.gas_used,
            min(fee, before.base_fee_per_gas + tip), blob_base_fee(before), computation.msg.storage_address if created else None, logs,
        )

    # What happens to real chains.

    def hold_fees(self, base_fee: int | None = None, blob_fee: int | None = None) -> None:
        """Sets what gas and blob gas cost from the next block on, in wei; None: what follows from the blocks before."""
        self.chain.held_base_fee = base_fee
        self.chain.held_excess_blob_gas = None if blob_fee is None else excess_for(blob_fee)
        self.chain.header = self.chain.create_header_from_parent(self.head.header)

    def drop(self, hash: bytes) -> bool:
        """Forgets a transaction of the pool, as a full pool does; whether it was there."""
        return self.pool.remove(hash)

    def prune(self) -> int:
        """Forgets the blobs of all blocks, as consensus nodes do after 18 days; how many blob transactions had them."""
        pruned = [entry for entry in self.mined.values() if entry.pending.sidecar is not None]
        for entry in pruned:
            entry.pending = dataclasses.replace(entry.pending, sidecar=None)
        return len(pruned)

    def reorganise(self, depth: int, time: int, lose: bool) -> list[bytes]:
        """Replaces the newest `depth` blocks by as many empty ones. Their transactions go back to the pool, or with `lose` are forgotten.
        Returns the hashes of those transactions."""
        if not 1 <= depth < len(self.blocks):
            raise Rejected(f"cannot replace {depth} of {len(self.blocks) - 1} blocks")
        removed = self.blocks[-depth:]
        del self.blocks[-depth:]
        self.log_index.cut(self.head.header.block_number + 1)
        back = [entry for block in removed for entry in block.transactions]
        for block in removed:
            del self.block_numbers[block.hash]
        for entry in back:
            del self.mined[entry.hash]
        if not lose:
            self.pool.put_back([entry.pending for entry in back])
        self.chain.header = self.chain.create_header_from_parent(self.head.header)
        self.branch += 1
        for _ in range(depth):
            self.mine(time, empty=True)
        return [entry.hash for entry in back]

    # Logs.

    def logs(self, first: int, last: int, addresses: set[bytes] | None, topics: list[set[bytes] | None]):
        """(transaction, log) of blocks `first` to `last` that match; None matches anything."""
        for number in self.log_index.blocks(first, last, addresses):
            for entry in self.blocks[number].transactions:
                yield from ((entry, log) for log in entry.logs if matches(log, addresses, topics))
