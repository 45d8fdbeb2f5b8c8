"""Parameters, sizes, and what a new rollup looks like."""

import pytest

import abi
import reference as ref
from evm import CONTRACTS, compiled
from world import *


def test_parameters_are_what_was_asked(world):
    sequencer, lister, *numbers, blueprint, deployed_at, governor, delay, guest_root = world.rollup.parameters()
    assert (address(sequencer), address(lister), address(governor)) == (SEQUENCER, LISTER, GOVERNOR)
    assert (address(blueprint), delay, guest_root) == (world.blueprint.address, DELAY, GUEST_ROOT)
    assert numbers == [WINDOW, INBOX_DEADLINE, BATCH_DEADLINE, DRIFT, BOND, PRICE]
    assert deployed_at == world.evm.time


YEAR = 365 * 86_400


@pytest.mark.parametrize(
    "position, value, reason",
    [
        (0, bytes(20), "parameters: sequencer is zero"),
        (1, bytes(20), "parameters: lister is zero"),
        (2, 0, "parameters: challenge window out of range"),
        (2, YEAR + 1, "parameters: challenge window out of range"),
        (3, 0, "parameters: inbox deadline out of range"),
        (3, YEAR + 1, "parameters: inbox deadline out of range"),
        (4, 0, "parameters: batch deadline out of range"),
        (4, YEAR + 1, "parameters: batch deadline out of range"),
        (5, BATCH_DEADLINE - 1, "parameters: time drift out of range"),
        (5, YEAR + 1, "parameters: time drift out of range"),
        (7, 10**17 + 1, "parameters: message price out of range"),
        (6, 100 * 10**18 + 1, "parameters: claim bond out of range"),
        (8, ALICE, "parameters: no token blueprint"),
        (10, WINDOW + INBOX_DEADLINE + BATCH_DEADLINE, "parameters: governance delay out of range"),
        (10, 4 * YEAR + 1, "parameters: governance delay out of range"),
    ],
)
def test_bad_parameters_are_refused(world, position, value, reason):
    arguments = world.arguments()
    arguments[position] = value
    with reverts(reason):
        world.evm.deploy(LISTER, CONTRACTS / "Rollup.vy", *arguments)


def test_a_new_rollup_has_listed_eth_and_nothing_else(world):
    fresh = world.deploy_rollup()
    assert fresh.token_count() == 1 and fresh.market_count() == 0 and fresh.inbox_count() == 1
    assert fresh.tokens(1) == ("0x" + "00" * 20, GWEI, 9, 9, symbol("ETH"))
    assert fresh.token_id_of(bytes(20)) == 1
    message = ref.token_listed_message(bytes(20), 1, 9, 9, b"ETH")
    assert fresh.inbox_accumulator(1) == ref.accumulate([message])
    assert (fresh.batch_count(), fresh.claim_count(), fresh.final_count()) == (0, 0, 0)
    assert not fresh.halted() and fresh.halted_at() == 0
    assert fresh.inbox_time(0) == world.evm.time and fresh.inbox_time(1) == 0


def test_code_fits_a_contract():
    assert len(compiled(CONTRACTS / "Rollup.vy")["bytecode_runtime"]) // 2 - 1 < 24_576


def test_the_abi_file_is_current():
    assert abi.FILE.read_text() == abi.rendered(), "run `python Tests/Contracts/abi.py`"


def test_no_other_function_changes_anything():
    """What a key may do is exactly what the README says: a new state-changing function must be added here on purpose."""
    changing = {f["name"] for f in compiled(CONTRACTS / "Rollup.vy")["abi"] if f["type"] == "function" and f["stateMutability"] != "view"}
    assert changing == {
        "list_token", "list_market", "set_fee_tier", "deposit_eth", "deposit", "post_batch", "post_blob", "claim_state", "reclaim_bond", "withdraw",
        "halt", "exit_balance", "refund_deposit", "force", "collect_message_fees", "propose", "cancel", "execute",
        "pay_many", "pay_cell", "create_token",
    }


def test_plain_ether_is_not_swallowed(world):
    with reverts(""):
        world.evm.transact(ALICE, world.rollup.address, value=1)
