"""After a halt: exits of balances under the last claimed state, refunds of deposits that it has not consumed."""

import pytest

import reference as ref
from world import *

BALANCES = [(ALICE, ETH, 600, 300), (BOB, GOOD, 0, 1_000), (CAROL, ETH, 100, 0)]


@pytest.fixture
def settled(world):
    """1000 atoms of each token inside, claimed as BALANCES in batch 0."""
    world.deposit_eth(ALICE, 1_000)
    world.deposit(BOB, 1_000)
    tree = balance_tree(*BALANCES)
    world.settle(tree.root)
    return world, tree


def test_exit_pays_free_and_locked_once(settled):
    world, tree = settled
    world.halt()
    before = world.evm.balance(ALICE), world.good.balanceOf(BOB)
    result = world.exit(tree, 1, ALICE, ETH, 600, 300)
    world.exit(tree, 2, BOB, GOOD, 0, 1_000)
    assert (world.evm.balance(ALICE), world.good.balanceOf(BOB)) == (before[0] + 900 * GWEI, before[1] + 1_000 * GOOD_UNIT)
    index = ref.BALANCE_CELLS_START + 1
    assert result.events == [("Exited", {"cell_index": index, "owner": "0x" + ALICE.hex(), "token_id": ETH, "atoms": 900})]
    for slot, balance in ((1, BALANCES[0]), (2, BALANCES[1])):
        with reverts("payouts: already paid"):
            world.exit(tree, slot, *balance)
    world.exit(tree, 3, *BALANCES[2])
    assert world.rollup.held_atoms(ETH) == 0 == world.rollup.held_atoms(GOOD)


def test_no_exit_before_a_halt(settled):
    world, tree = settled
    world.finalize()
    with reverts("halting: not halted"):
        world.exit(tree, 1, *BALANCES[0])
    with reverts("halting: not halted"):
        world.rollup.refund_deposit(0, ALICE, ETH, 1_000)


def test_no_exit_before_the_last_claim_is_final(world):
    world.deposit_eth(ALICE, 1_000)
    old, new = balance_tree((ALICE, ETH, 1_000, 0)), balance_tree((ALICE, ETH, 400, 0), (BOB, ETH, 600, 0))
    world.settle(old.root)
    world.post()
    world.sleep(BATCH_DEADLINE - WINDOW // 2)
    world.claim(new.root)
    world.sleep(WINDOW // 2 + 1)
    world.rollup.halt(sender=MALLORY)
    # Batch 0 is final, batch 1 is not yet: the older state must not pay meanwhile.
    assert world.rollup.is_final(0) and not world.rollup.is_final(1)
    for tree, atoms in ((old, 1_000), (new, 400)):
        with reverts("batches: not final"):
            world.exit(tree, 1, ALICE, ETH, atoms, 0)
    with reverts("batches: not final"):
        world.rollup.refund_deposit(2, ALICE, ETH, 1_000)
    world.sleep(WINDOW // 2 - 1)
    with reverts("payouts: wrong path"):
        world.exit(old, 1, ALICE, ETH, 1_000, 0)
    world.exit(new, 1, ALICE, ETH, 400, 0)
    world.exit(new, 2, BOB, ETH, 600, 0)


def test_every_value_of_the_balance_counts(settled):
    world, tree = settled
    world.halt()
    good = dict(slot=1, owner=ALICE, token=ETH, free=600, locked=300, account=1)
    for change in (
        {"owner": MALLORY}, {"token": GOOD}, {"free": 601}, {"locked": 301}, {"free": 900, "locked": 0}, {"free": 300, "locked": 600},
        {"account": 2}, {"account": 0}, {"slot": 2}, {"slot": 4}, {"free": 600 << 8},
    ):
        with reverts("payouts: wrong path"):
            world.exit(tree, **good | change)
    world.exit(tree, **good)


@pytest.mark.parametrize("height", range(29))
def test_a_corrupted_hash_is_refused(settled, height):
    world, tree = settled
    world.halt()
    index = ref.BALANCE_CELLS_START + 1
    path = tree.path(index)
    path[height] = bytes([path[height][0] ^ 1]) + path[height][1:]
    with reverts("payouts: wrong path"):
        world.rollup.exit_balance(index, *BALANCES[0], 1, path, sender=ALICE)


def test_only_the_region_of_balances_pays(world):
    world.deposit_eth(ALICE, 1_000)
    tree = ref.Tree()
    outside = [0, ref.TOKEN_CELLS_START + 1, ref.BALANCE_CELLS_START - 1, ref.BALANCE_CELLS_END, ref.WITHDRAWAL_CELLS_START + 1]
    inside = [ref.BALANCE_CELLS_START, ref.BALANCE_CELLS_END - 1]
    for index in outside + inside:
        tree.set(index, ref.balance_cell(ALICE, ETH, 7, 0, 1))
    world.settle(tree.root)
    world.halt()
    for index in [*outside, (1 << 29) + ref.BALANCE_CELLS_START]:
        with reverts("payouts: not a balance cell"):
            world.rollup.exit_balance(index, ALICE, ETH, 7, 0, 1, tree.path(index % (1 << 29)), sender=ALICE)
    for index in inside:
        world.rollup.exit_balance(index, ALICE, ETH, 7, 0, 1, tree.path(index), sender=ALICE)


def test_a_withdrawal_record_is_no_balance_and_a_balance_no_record(world):
    """The same money cannot leave once as a record and once as a balance: each kind only in its region."""
    world.deposit_eth(ALICE, 1_000)
    tree = ref.Tree()
    record, balance = ref.WITHDRAWAL_CELLS_START + 1, ref.BALANCE_CELLS_START + 1
    tree.set(record, ref.withdrawal_cell(ALICE, ETH, 300, 1, 1))
    tree.set(balance, ref.balance_cell(ALICE, ETH, 700, 0, 1))
    world.settle(tree.root)
    world.halt()
    with reverts("payouts: not a balance cell"):
        world.rollup.exit_balance(record, ALICE, ETH, 300, 1, 1, tree.path(record), sender=ALICE)
    with reverts("payouts: wrong path"):
        world.rollup.withdraw(0, 1, ALICE, ETH, 700, 1, tree.path(balance), sender=ALICE)
    world.exit(tree, 1, ALICE, ETH, 700, 0)
    world.withdraw(0, tree, 1, ALICE, ETH, 300)
    assert world.rollup.held_atoms(ETH) == 0


def test_sums_beyond_64_bits_do_not_wrap(world):
    world.deposit_eth(ALICE, 1_000)
    tree = balance_tree((MALLORY, ETH, 2**64 - 1, 2**64 - 1), (MALLORY, ETH, 2**64 - 1, 1), (MALLORY, ETH, 0, 0))
    world.settle(tree.root)
    world.halt()
    with reverts("custody: not enough held"):
        world.exit(tree, 1, MALLORY, ETH, 2**64 - 1, 2**64 - 1)
    with reverts("custody: not enough held"):
        world.exit(tree, 2, MALLORY, ETH, 2**64 - 1, 1)
    with reverts("custody: nothing to pay"):
        world.exit(tree, 3, MALLORY, ETH, 0, 0)


def test_refunds_of_what_the_last_claim_has_not_consumed(world):
    eth_consumed = world.deposit_eth(ALICE, 10)
    tree = balance_tree((ALICE, ETH, 10, 0))
    world.settle(tree.root)
    eth, good = world.deposit_eth(BOB, 20), world.deposit(CAROL, 30)
    # Consumed by a batch that nobody claimed: it does not count.
    world.post()
    late = world.deposit_eth(BOB, 40)
    world.halt()
    with reverts("rollup: deposit was consumed"):
        world.rollup.refund_deposit(eth_consumed, ALICE, ETH, 10, sender=MALLORY)
    before = world.evm.balance(BOB), world.good.balanceOf(CAROL)
    result = world.rollup.refund_deposit(eth, BOB, ETH, 20, sender=MALLORY)
    assert result.events == [("Refunded", {"index": eth, "owner": "0x" + BOB.hex(), "token_id": ETH, "atoms": 20})]
    world.rollup.refund_deposit(good, CAROL, GOOD, 30, sender=MALLORY)
    world.rollup.refund_deposit(late, BOB, ETH, 40, sender=MALLORY)
    assert (world.evm.balance(BOB), world.good.balanceOf(CAROL)) == (before[0] + 60 * GWEI, before[1] + 30 * GOOD_UNIT)
    with reverts("rollup: already refunded"):
        world.rollup.refund_deposit(eth, BOB, ETH, 20, sender=MALLORY)
    world.exit(tree, 1, ALICE, ETH, 10, 0)
    assert world.rollup.held_atoms(ETH) == 0 == world.rollup.held_atoms(GOOD)
    assert world.rollup.is_refunded(eth) and not world.rollup.is_refunded(eth_consumed)


def test_refunds_name_their_deposit_exactly(world):
    first, second = world.deposit_eth(BOB, 20), world.deposit_eth(BOB, 21)
    world.halt()
    for arguments in (
        (first, MALLORY, ETH, 20), (first, BOB, GOOD, 20), (first, BOB, ETH, 21), (second, BOB, ETH, 20), (first - 1, BOB, ETH, 20),
        (second + 1, BOB, ETH, 20), (2**256 - 1, BOB, ETH, 20), (0, bytes(20), 1, 9 | 9 << 8),
    ):
        with reverts("rollup: no such deposit"):
            world.rollup.refund_deposit(*arguments, sender=MALLORY)


def test_without_any_claim_everything_is_refunded_at_once(world):
    index = world.deposit_eth(BOB, 20)
    world.post()
    world.halt()
    with reverts("payouts: nothing was claimed"):
        world.exit(balance_tree((BOB, ETH, 20, 0)), 1, BOB, ETH, 20, 0)
    with reverts("batches: not final"):
        world.withdraw(0, withdrawal_tree((BOB, ETH, 20)), 1, BOB, ETH, 20)
    world.rollup.refund_deposit(index, BOB, ETH, 20, sender=MALLORY)
