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
    deployed_at = world.rollup.parameters()[9]
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


def test_every_message_has_its_own_deadline(world):
    """Consuming the oldest one leaves the next one with the time since it was appended itself."""
    world.settle(ROOT_A)
    first = world.deposit_eth(ALICE, 1)
    world.sleep(4_000)
    second = world.force(BOB, b"\x0a\x00\x00\x00")
    appended = world.evm.time
    world.sleep(INBOX_DEADLINE - 4_000 + 1)
    assert world.rollup.inbox_time(first) + INBOX_DEADLINE < world.evm.time
    world.settle(ROOT_A, inbox_end=second)
    with reverts(NOT_YET):
        world.rollup.halt(sender=MALLORY)
    world.sleep(2_000)
    world.settle(ROOT_A, inbox_end=second)
    halts_at(world, appended + INBOX_DEADLINE, "inbox overdue")


def test_the_inbox_is_named_first_when_everything_is_late(world):
    world.deposit_eth(ALICE, 1)
    world.post(inbox_end=0)
    world.sleep(2 * INBOX_DEADLINE)
    result = world.rollup.halt(sender=MALLORY)
    assert result.events[0][1]["reason"] == "inbox overdue"


def test_no_key_halts_early_nor_stops_a_halt(world):
    """The sequencer and the lister are anyone, here as elsewhere; posting and listing after the deadline stop nothing but by being in time."""
    world.sleep(BATCH_DEADLINE)
    for person in PEOPLE:
        with reverts(NOT_YET):
            world.rollup.halt(sender=person)
    world.sleep(1)
    world.list(world.evm.deploy(LISTER, TOKENS / "GoodToken.vy"), 6, 12, "LATE")
    world.deposit_eth(ALICE, 1)
    world.force(ALICE, b"\x0a\x00\x00\x00")
    world.rollup.halt(sender=ALICE)


def test_the_first_message_counts_too(world):
    """Batches that never consume even the listing of ETH."""
    deployed_at = world.rollup.parameters()[9]
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
