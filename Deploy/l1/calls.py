"""Calls: transactions whose effects are not kept, and how much gas they need."""

import dataclasses

from eth.exceptions import Revert
from eth.vm.forks.cancun.constants import GAS_PER_BLOB
from eth.vm.spoof import SpoofTransaction
from eth_utils import ValidationError

from .chain import Block, DevChain
from .failures import CallFailed, Rejected, revert_reason
from .rules import intrinsic_gas


@dataclasses.dataclass
class Call:
    """What a transaction would do, without nonce and signature."""

    sender: bytes
    to: bytes
    data: bytes
    value: int
    gas: int
    blob_hashes: list[bytes] = dataclasses.field(default_factory=list)


def run(chain: DevChain, call: Call, block: Block | None = None) -> tuple[bytes, int]:
    """Runs a transaction without keeping its effects; returns its output and the gas it needs, before refunds."""
    vm = chain.vm(block)
    state = vm.state
    gas_price = state.base_fee
    # The caller need not have money for gas.
    free = call.gas * gas_price + len(call.blob_hashes) * GAS_PER_BLOB * state.blob_base_fee
    if state.get_balance(call.sender) < call.value:
        raise Rejected("insufficient funds for transfer")
    state.delta_balance(call.sender, free)
    nonce = state.get_nonce(call.sender)
    if call.blob_hashes:
        unsigned = chain.builder.new_unsigned_blob_transaction(
            chain.chain_id, nonce, gas_price, gas_price, call.gas, call.to, call.value, call.data, [], state.blob_base_fee, call.blob_hashes
        )
    else:
        unsigned = chain.builder.create_unsigned_transaction(
            nonce=nonce, gas_price=gas_price, gas=call.gas, to=call.to, value=call.value, data=call.data
        )
    transaction = SpoofTransaction(unsigned, from_=call.sender)
    needed = intrinsic_gas(transaction)
    if call.gas < needed:
        raise CallFailed(f"intrinsic gas too low: have {call.gas}, want {needed}", b"", False)
    try:
        computation = state.apply_transaction(transaction)
    except ValidationError as error:
        raise Rejected(str(error)) from None
    if computation.is_error:
        if isinstance(computation.error, Revert):
            reason = revert_reason(computation.output)
            raise CallFailed("execution reverted" + (f": {reason}" if reason else ""), computation.output, True)
        raise CallFailed(f"{type(computation.error).__name__}: {computation.error}", b"", False)
    return computation.output, max(call.gas - computation.get_gas_remaining(), needed)


def estimate_gas(chain: DevChain, call: Call) -> int:
    """The least gas limit, within 2 %, with which a transaction succeeds."""
    _, used = run(chain, call)
    low, high = used - 1, used
    while True:
        try:
            run(chain, dataclasses.replace(call, gas=high))
            break
        except CallFailed:
            # Calls keep a 64th of the gas back: a bit more than what was used is needed.
            if high >= call.gas:
                raise
            low, high = high, min(call.gas, high + high // 16 + 1_000)
    while high - low > high // 50:
        middle = (low + high) // 2
        try:
            run(chain, dataclasses.replace(call, gas=middle))
            high = middle
        except CallFailed:
            low = middle
    return high
