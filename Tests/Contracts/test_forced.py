"""Forced commands: how they enter the inbox, what they cost, and that nobody is in their way."""

import pytest

import reference as ref
from evm import Reverted
from world import *

WITHDRAW_ALL = bytes.fromhex("04000000" "01000000" "ffffffffffffffff")


@pytest.mark.parametrize("size", [1, 31, 32, 33, 64, 95, 96])
def test_a_message_holds_the_sender_and_his_bytes(world, size):
    payload = bytes(range(256))[-size:]
    before = world.rollup.inbox_count()
    accumulator = world.rollup.inbox_accumulator(before)
    result = world.rollup.force(payload, sender=ALICE, value=PRICE)
    assert result.value == before and world.rollup.inbox_count() == before + 1
    message = ref.forced_message(ALICE, payload)
    assert world.rollup.inbox_accumulator(before + 1) == ref.chain(accumulator, message)
    assert world.rollup.inbox_time(before) == world.evm.time
    [(name, fields)] = result.events
    assert name == "InboxMessage" and fields.pop("index") == before
    assert ref.inbox_message(*fields.values()) == message


def test_payloads_of_other_sizes_are_refused(world):
    before = world.rollup.inbox_count()
    with reverts("forced: no payload"):
        world.force(ALICE, b"")
    # The decoding of arguments has no words of its own.
    with reverts(""):
        world.force(ALICE, bytes(97))
    # Nor can a size go around it.
    data = world.rollup.calldata("force", bytes(96))
    for size in (97, 2**64, 2**255, 2**256 - 1):
        with reverts(""):
            world.evm.transact(ALICE, world.rollup.address, data[:36] + size.to_bytes(32, "big") + data[68:], PRICE)
    assert world.rollup.inbox_count() == before and world.rollup.message_fees() == 0


def test_what_surrounds_the_payload_in_a_transaction_changes_nothing(world):
    """The words of a message end in zeros, whatever bytes a caller leaves behind the payload, or leaves out."""

    def sent(data: bytes, payload: bytes) -> None:
        before = world.rollup.inbox_count()
        accumulator = world.rollup.inbox_accumulator(before)
        world.evm.transact(ALICE, world.rollup.address, data, PRICE)
        assert world.rollup.inbox_accumulator(before + 1) == ref.chain(accumulator, ref.forced_message(ALICE, payload))

    data = world.rollup.calldata("force", WITHDRAW_ALL)
    sent(data[:-16] + b"\xff" * 16 + b"\xee" * 200, WITHDRAW_ALL)
    # Bytes that are not there read as zeros, as everywhere in the EVM.
    sent(data[:36] + (64).to_bytes(32, "big") + data[68:], WITHDRAW_ALL.ljust(64, b"\0"))


@pytest.mark.parametrize("value", [0, 1, PRICE - 1, PRICE + 1, 2 * PRICE, 10**18])
def test_the_price_is_exact(world, value):
    with reverts("forced: wrong price"):
        world.force(ALICE, WITHDRAW_ALL, value)


def test_a_price_of_zero_is_a_price(world):
    free = world.deploy_rollup(price=0)
    with reverts("forced: wrong price"):
        free.force(WITHDRAW_ALL, sender=ALICE, value=1)
    assert free.force(WITHDRAW_ALL, sender=ALICE).value == 1
    with reverts("forced: nothing to collect"):
        free.collect_message_fees(sender=SEQUENCER)


def test_anyone_may_force_and_only_in_his_own_name(world):
    """Whoever sends it, the message names him: also a contract, also the sequencer, also one who has no account."""
    receiver = world.evm.deploy(LISTER, ACTORS / "Receiver.vy")
    call = world.rollup.calldata("force", WITHDRAW_ALL)
    for sender in [*PEOPLE, receiver.address]:
        index = world.rollup.inbox_count()
        accumulator = world.rollup.inbox_accumulator(index)
        if sender == receiver.address:
            receiver.relay(world.rollup.address, call, sender=MALLORY, value=PRICE)
        else:
            world.force(sender, WITHDRAW_ALL)
        assert world.rollup.inbox_accumulator(index + 1) == ref.chain(accumulator, ref.forced_message(sender, WITHDRAW_ALL))
    # A contract without code yet is a sender as well.
    with reverts("forced: wrong price"):
        world.evm.deploy(MALLORY, ACTORS / "Constructing.vy", world.rollup.address, call)


def test_spam_pays_the_sequencer(world):
    before = world.evm.balance(SEQUENCER), world.evm.balance(MALLORY)
    for _ in range(20):
        world.force(MALLORY, b"\xff" * 96)
    assert world.rollup.message_fees() == 20 * PRICE
    # Nothing went to him yet; anyone has it paid, and only to him.
    assert world.evm.balance(SEQUENCER) == before[0]
    result = world.rollup.collect_message_fees(sender=CAROL)
    assert result.events == [("MessageFeesCollected", {"amount": 20 * PRICE})]
    assert (world.evm.balance(SEQUENCER), world.evm.balance(MALLORY)) == (before[0] + 20 * PRICE, before[1] - 20 * PRICE)
    assert world.rollup.message_fees() == 0
    with reverts("forced: nothing to collect"):
        world.rollup.collect_message_fees(sender=SEQUENCER)


def test_no_flood_outruns_the_sequencer(world):
    """L1's blocks have no gas for as many messages as the sequencer takes: 64 a block of 250 ms (`inboxMessagesMax`)."""
    flooder = world.evm.deploy(MALLORY, ACTORS / "Flooding.vy")
    calls = {
        "forced": (world.rollup.calldata("force", b"\x01"), PRICE),
        "deposit": (world.rollup.calldata("deposit_eth", MALLORY), GWEI),
    }
    for name, (call, price) in calls.items():
        flood = lambda n: flooder.flood(world.rollup.address, call, n, price, sender=MALLORY, value=n * price).gas
        flood(1)
        each = (flood(101) - flood(1)) / 100
        # An L1 block may grow to 100 million gas in 12 s, and hold nothing else.
        a_second = 100_000_000 / each / 12
        assert a_second < 64 / 0.25, f"{a_second:.0f} messages a second ({name}, {each:.0f} gas each)"
        assert each > 45_000
    # What that costs in gas and price at 1 gwei a gas: a day of it is hundreds of ETH.
    assert 86_400 * a_second * (each * GWEI + PRICE) > 500 * 10**18


def test_fees_are_nobody_elses_money(world):
    """Deposits and bonds beside them: each pot pays out what is its own."""
    world.deposit_eth(BOB, 7)
    world.force(ALICE, WITHDRAW_ALL)
    world.settle(ref.GENESIS_ROOT)
    assert world.evm.balance(world.rollup.address) == 7 * GWEI + PRICE + BOND
    world.rollup.collect_message_fees(sender=MALLORY)
    assert world.evm.balance(world.rollup.address) == 7 * GWEI + BOND
    assert world.rollup.held_atoms(ETH) == 7


def test_the_sequencer_cannot_refuse_messages(world):
    """No call to him lies on a message's way: his account may be code by now (EIP-7702) that takes no ETH."""
    state = world.evm.state
    receiver = world.evm.deploy(LISTER, ACTORS / "Receiver.vy")
    receiver.arm(1, bytes(20), b"", sender=LISTER)
    rollup = world.deploy_rollup(sequencer=receiver.address)
    rollup.force(WITHDRAW_ALL, sender=ALICE, value=PRICE)
    with reverts("custody: receiver refused"):
        rollup.collect_message_fees(sender=MALLORY)
    assert rollup.message_fees() == PRICE == state.get_balance(rollup.address)
    # A collection that calls back gets nothing twice.
    receiver.arm(3, rollup.address, rollup.calldata("collect_message_fees"), sender=LISTER)
    rollup.collect_message_fees(sender=MALLORY)
    assert receiver.called() and not receiver.succeeded()
    assert state.get_balance(receiver.address) == PRICE and rollup.message_fees() == 0


def test_a_message_left_out_halts_the_rollup(world):
    """The sequencer posts on but does not consume it: after the deadline, and not before, anyone halts."""
    world.settle(ref.GENESIS_ROOT)
    index = world.force(ALICE, WITHDRAW_ALL)
    appended = world.evm.time
    while world.evm.time + 1_000 <= appended + INBOX_DEADLINE:
        world.sleep(1_000)
        world.settle(ref.GENESIS_ROOT, inbox_end=index)
    world.evm.time = appended + INBOX_DEADLINE
    with reverts("rollup: nothing is overdue"):
        world.rollup.halt(sender=ALICE)
    world.sleep(1)
    assert world.rollup.halt(sender=ALICE).events[0][1]["reason"] == "inbox overdue"


def test_after_a_halt_messages_end_and_the_fees_are_still_paid(world):
    deposit = world.deposit_eth(BOB, 9)
    message = world.force(BOB, WITHDRAW_ALL)
    world.halt()
    with reverts("halting: halted"):
        world.force(ALICE, WITHDRAW_ALL)
    # Nothing was ever claimed: the deposit goes back, the message that came after it moved nothing and is no deposit.
    held = world.rollup.held_atoms(ETH)
    for token, amount in [(0, 0), (ETH, 1), (ETH, 9)]:
        with pytest.raises(Reverted):
            world.rollup.refund_deposit(message, BOB, token, amount, sender=BOB)
    assert world.rollup.held_atoms(ETH) == held == 9
    world.rollup.refund_deposit(deposit, BOB, ETH, 9, sender=MALLORY)
    world.rollup.collect_message_fees(sender=MALLORY)
    assert world.evm.balance(world.rollup.address) == 0


def test_no_message_passes_for_a_deposit(world):
    """A payload shaped like a deposit's words is still of kind 5, and the first word still holds its size."""
    words = ETH.to_bytes(32, "big") + (10**6).to_bytes(32, "big") + bytes(32)
    index = world.force(MALLORY, words)
    world.deposit_eth(ALICE, 10**6)
    world.halt()
    with reverts("rollup: no such deposit"):
        world.rollup.refund_deposit(index, MALLORY, ETH, 10**6, sender=MALLORY)
