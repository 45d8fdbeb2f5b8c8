"""Deposits of ETH and of a standard ERC-20, and their inbox messages."""

import reference as ref
from world import *


def test_deposit_eth(world):
    before = world.rollup.inbox_count()
    accumulator = world.rollup.inbox_accumulator(before)
    result = world.rollup.deposit_eth(BOB, sender=ALICE, value=5 * GWEI)
    assert result.value == before and world.rollup.inbox_count() == before + 1
    assert world.rollup.inbox_accumulator(before + 1) == ref.chain(accumulator, ref.deposit_message(BOB, ETH, 5))
    assert world.rollup.held_atoms(ETH) == 5
    assert world.rollup.inbox_time(before) == world.evm.time
    (inbox, inbox_fields), (deposited, fields) = result.events
    assert (inbox, deposited) == ("InboxMessage", "Deposited")
    assert inbox_fields == {"index": before, "kind": 1, "a": int.from_bytes(BOB, "big"), "b": ETH, "c": 5, "d": 0}
    assert fields | {"owner": address(fields["owner"])} == {"index": before, "owner": BOB, "token_id": ETH, "atoms": 5}


def test_deposit_erc20(world):
    before = world.rollup.inbox_count()
    accumulator = world.rollup.inbox_accumulator(before)
    balance = world.good.balanceOf(ALICE)
    assert world.rollup.deposit(GOOD, 7 * GOOD_UNIT, BOB, sender=ALICE).value == before
    assert world.good.balanceOf(ALICE) == balance - 7 * GOOD_UNIT
    assert world.rollup.inbox_accumulator(before + 1) == ref.chain(accumulator, ref.deposit_message(BOB, GOOD, 7))


def test_amounts_must_be_whole_atoms(world):
    with reverts("custody: not a multiple of the unit"):
        world.rollup.deposit_eth(ALICE, sender=ALICE, value=GWEI + 1)
    with reverts("custody: not a multiple of the unit"):
        world.rollup.deposit_eth(ALICE, sender=ALICE, value=1)
    with reverts("custody: not a multiple of the unit"):
        world.rollup.deposit(GOOD, GOOD_UNIT - 1, ALICE, sender=ALICE)
    with reverts("custody: nothing to deposit"):
        world.rollup.deposit_eth(ALICE, sender=ALICE)
    with reverts("custody: nothing to deposit"):
        world.rollup.deposit(GOOD, 0, ALICE, sender=ALICE)


def test_bad_owners_and_tokens_are_refused(world):
    with reverts("custody: bad owner"):
        world.rollup.deposit_eth(bytes(20), sender=ALICE, value=GWEI)
    with reverts("custody: bad owner"):
        world.rollup.deposit(GOOD, GOOD_UNIT, world.rollup.address, sender=ALICE)
    with reverts("custody: use deposit_eth"):
        world.rollup.deposit(ETH, GWEI, ALICE, sender=ALICE)
    for token in (0, 3, 2**32 - 1):
        with reverts("listings: unknown token"):
            world.rollup.deposit(token, GWEI, ALICE, sender=ALICE)


def test_the_total_of_a_token_stays_below_2_63_atoms(world):
    world.good.mint(ALICE, 2**80 * GOOD_UNIT, sender=LISTER)
    with reverts("custody: too many atoms"):
        world.deposit(ALICE, ATOMS_MAX + 1)
    world.deposit(ALICE, ATOMS_MAX - 1)
    with reverts("custody: too many atoms"):
        world.deposit(ALICE, 2)
    world.deposit(BOB, 1)
    assert world.rollup.held_atoms(GOOD) == ATOMS_MAX
    with reverts("custody: too many atoms"):
        world.deposit(BOB, 1)
    # Another token has its own total, and amounts near 2^256 do not wrap.
    world.deposit_eth(ALICE, 1)
    with reverts("custody: too many atoms"):
        world.rollup.deposit(GOOD, (2**256 - 1) // GOOD_UNIT * GOOD_UNIT, ALICE, sender=ALICE)


def test_a_refused_transfer_leaves_nothing(world):
    before = world.rollup.inbox_count()
    world.good.approve(world.rollup.address, GOOD_UNIT - 1, sender=ALICE)
    with reverts("erc20: insufficient allowance"):
        world.deposit(ALICE, 1)
    assert world.rollup.inbox_count() == before and world.rollup.held_atoms(GOOD) == 0


def test_no_deposit_after_a_halt(world):
    world.halt()
    with reverts("halting: halted"):
        world.deposit_eth(ALICE, 1)
    with reverts("halting: halted"):
        world.deposit(ALICE, 1)
