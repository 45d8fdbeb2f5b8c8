"""When the rollup can be halted, and not one second earlier."""

from eth_utils import keccak

from world import *

ROOT_A = keccak(b"a")
NOT_YET = "rollup: nothing is overdue"


def halts_at(world, deadline: int, reason: str) -> None:
    """Nobody can halt up to `deadline` (L1 time); anyone can a second later, with this reason, once."""
    assert world.evm.time <= deadline
    for time in (world.evm.time, deadline):
        world.evm.time = time
        with reverts(NOT_YET):
            world.rollup.halt(sender=SEQUENCER)
    world.evm.time = deadline + 1
    result = world.rollup.halt(sender=MALLORY)
    assert result.events == [("Halted", {"time": deadline + 1, "reason": reason})]
    assert world.rollup.halted() and world.rollup.halted_at() == deadline + 1
    with reverts("halting: halted"):
        world.rollup.halt(sender=MALLORY)


def test_no_batch_after_deployment(world):
    deployed_at = world.rollup.parameters()[-1]
    halts_at(world, deployed_at + BATCH_DEADLINE, "batch overdue")


def test_no_batch_after_the_last_one(world):
    world.settle(ROOT_A)
    world.sleep(BATCH_DEADLINE)
    world.settle(ROOT_A)
    halts_at(world, world.evm.time + BATCH_DEADLINE, "batch overdue")


def test_an_inbox_message_is_left(world):
    start = world.evm.time
    world.settle(ROOT_A)
    world.sleep(10)
    world.deposit_eth(ALICE, 1)
    count, appended = world.rollup.inbox_count(), world.evm.time
    # The sequencer posts on, but leaves the deposit out.
    while world.evm.time + 1_000 <= appended + INBOX_DEADLINE:
        world.sleep(1_000)
        world.settle(ROOT_A, inbox_end=count - 1)
    assert world.evm.time > start
    halts_at(world, appended + INBOX_DEADLINE, "inbox overdue")


def test_a_consumed_message_is_not_overdue(world):
    world.deposit_eth(ALICE, 1)
    for _ in range(8):
        world.settle(ROOT_A)
        world.sleep(1_000)
        with reverts(NOT_YET):
            world.rollup.halt(sender=MALLORY)


def test_the_first_message_counts_too(world):
    """Batches that never consume even the listing of ETH."""
    deployed_at = world.rollup.parameters()[-1]
    while world.evm.time + 1_000 <= deployed_at + INBOX_DEADLINE:
        world.sleep(1_000)
        world.settle(ROOT_A, inbox_end=0)
    halts_at(world, deployed_at + INBOX_DEADLINE, "inbox overdue")


def test_a_batch_is_posted_but_not_claimed(world):
    """Otherwise a sequencer could keep everyone's money by posting on and never claiming."""
    world.settle(ROOT_A)
    world.sleep(10)
    world.post()
    posted = world.evm.time
    while world.evm.time + 1_000 <= posted + BATCH_DEADLINE:
        world.sleep(1_000)
        world.post()
    halts_at(world, posted + BATCH_DEADLINE, "claim overdue")


def test_the_sequencer_may_catch_up_before_anyone_halts(world):
    world.sleep(BATCH_DEADLINE + 50)
    world.settle(ROOT_A)
    with reverts(NOT_YET):
        world.rollup.halt(sender=MALLORY)
