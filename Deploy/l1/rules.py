"""The rules of the chain: py-evm's Prague with Fusaka's floor for the price of blobs, but that tests may hold the fees where they want them."""

from eth._utils.calculations import fake_exponential
from eth.chains.base import MiningChain
from eth.consensus import ConsensusApplier, NoProofConsensus
from eth.vm.forks import PragueVM
from eth.vm.forks.cancun.constants import BLOB_TX_TYPE, GAS_PER_BLOB, MIN_BLOB_BASE_FEE
from eth.vm.forks.prague.constants import BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE, MAX_BLOB_GAS_PER_BLOCK, TARGET_BLOB_GAS_PER_BLOCK

# One block holds several batches of 124 KiB at 40 gas a byte (EIP-7623), 5.1 M gas each.
GAS_LIMIT = 60_000_000
BASE_FEE_START = 10**9
# Of one transaction (EIP-7594).
BLOBS_MAX = 6
# A blob that costs less than so much gas does not become cheaper (EIP-7918).
BLOB_COST_GAS_MIN = 2**13


class Unchecked(PragueVM):
    """Blocks are made here alone, so nobody need check them; and fees that are held do not follow from the block before."""

    def validate_block(self, block):
        pass


class Rules(MiningChain):
    vm_configuration = ConsensusApplier(NoProofConsensus).amend_vm_configuration(((0, Unchecked),))
    # What the next blocks have instead of what would follow; None: what follows.
    held_base_fee: int | None = None
    held_excess_blob_gas: int | None = None

    def validate_block(self, block):
        pass

    def create_header_from_parent(self, parent_header, **parameters):
        header = super().create_header_from_parent(parent_header, **parameters | {"gas_limit": GAS_LIMIT})
        header = header.copy(excess_blob_gas=excess_after(parent_header))
        if self.held_base_fee is not None:
            header = header.copy(base_fee_per_gas=self.held_base_fee)
        if self.held_excess_blob_gas is not None:
            header = header.copy(excess_blob_gas=self.held_excess_blob_gas)
        return header


def new_chain(chain_id: int, balances: dict[bytes, int], time: int, database) -> Rules:
    """A chain with its first block."""
    kind = type("Rules", (Rules,), {"chain_id": chain_id})
    genesis = {"difficulty": 0, "nonce": bytes(8), "gas_limit": GAS_LIMIT, "timestamp": time, "base_fee_per_gas": BASE_FEE_START}
    state = {a: {"balance": b, "nonce": 0, "code": b"", "storage": {}} for a, b in balances.items()}
    return kind.from_genesis(database, genesis, state)


# What a transaction offers.


def fees(transaction) -> tuple[int, int]:
    """(max fee, max priority fee) in wei a gas, also for transactions from before EIP-1559."""
    try:
        return transaction.max_fee_per_gas, transaction.max_priority_fee_per_gas
    except (AttributeError, NotImplementedError):
        return transaction.gas_price, transaction.gas_price


def kind_of(transaction) -> int:
    """The type of EIP-2718; 0 for what is older."""
    return getattr(transaction, "type_id", None) or 0


def blob_hashes(transaction) -> list[bytes]:
    """Versioned hashes; none for what is no blob transaction."""
    return list(transaction.blob_versioned_hashes) if kind_of(transaction) == BLOB_TX_TYPE else []


def blob_gas(transaction) -> int:
    return GAS_PER_BLOB * len(blob_hashes(transaction))


def intrinsic_gas(transaction) -> int:
    """The least gas limit, with the floor of EIP-7623."""
    zeros = transaction.data.count(0)
    tokens = zeros + 4 * (len(transaction.data) - zeros)
    return max(transaction.intrinsic_gas, 21_000 + 10 * tokens)


# What a block takes.


def blob_base_fee(header) -> int:
    """Wei a blob gas in the block of this header."""
    return fake_exponential(MIN_BLOB_BASE_FEE, header.excess_blob_gas, BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE)


def excess_after(parent) -> int:
    """Excess of blob gas in the block after the one of this header (EIP-7918, with the target and the most of EIP-7691)."""
    unbounded = parent.excess_blob_gas + parent.blob_gas_used - TARGET_BLOB_GAS_PER_BLOCK
    if unbounded < 0:
        return 0
    if BLOB_COST_GAS_MIN * parent.base_fee_per_gas > GAS_PER_BLOB * blob_base_fee(parent):
        return parent.excess_blob_gas + parent.blob_gas_used * (MAX_BLOB_GAS_PER_BLOCK - TARGET_BLOB_GAS_PER_BLOCK) // MAX_BLOB_GAS_PER_BLOCK
    return unbounded


def excess_for(blob_fee: int) -> int:
    """The least excess of blob gas with which a blob gas costs so much, or as little more as can be: steps are a five-millionth."""
    low, high = 0, BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE * max(1, blob_fee.bit_length())
    while low < high:
        middle = (low + high) // 2
        if fake_exponential(MIN_BLOB_BASE_FEE, middle, BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE) < blob_fee:
            low = middle + 1
        else:
            high = middle
    return low


def fits(transaction, header) -> bool:
    """Whether a block that holds so much already, at such fees, takes a transaction; if not, it waits."""
    blobs = blob_gas(transaction)
    return (
        header.gas_used + transaction.gas <= GAS_LIMIT
        and fees(transaction)[0] >= header.base_fee_per_gas
        and header.blob_gas_used + blobs <= MAX_BLOB_GAS_PER_BLOCK
        and (not blobs or transaction.max_fee_per_blob_gas >= blob_base_fee(header))
    )
