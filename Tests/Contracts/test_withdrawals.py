"""Withdrawals by Merkle path: paid once, to the owner, and only what the record says."""

import pytest

import reference as ref
from world import *

RECORDS = [(ALICE, ETH, 70), (BOB, GOOD, 900), (CAROL, ETH, 5)]


@pytest.fixture
def settled(world):
    """1000 atoms of each token inside; a final batch 0 with RECORDS."""
    world.deposit_eth(ALICE, 1_000)
    world.deposit(BOB, 1_000)
    tree = withdrawal_tree(*RECORDS)
    world.settle(tree.root)
    world.finalize()
    return world, tree


def test_withdraw_eth(settled):
    world, tree = settled
    before = world.evm.balance(ALICE)
    result = world.withdraw(0, tree, 1, ALICE, ETH, 70)
    assert world.evm.balance(ALICE) == before + 70 * GWEI
    assert world.rollup.held_atoms(ETH) == 930
    assert world.rollup.is_paid(1) and not world.rollup.is_paid(2)
    assert result.events == [("Withdrawn", {"id": 1, "owner": "0x" + ALICE.hex(), "token_id": ETH, "atoms": 70})]


def test_withdraw_erc20(settled):
    world, tree = settled
    before = world.good.balanceOf(BOB)
    world.withdraw(0, tree, 2, BOB, GOOD, 900)
    assert world.good.balanceOf(BOB) == before + 900 * GOOD_UNIT
    assert world.rollup.held_atoms(GOOD) == 100


def test_a_record_is_paid_once_whatever_the_root(settled):
    world, tree = settled
    world.withdraw(0, tree, 1, ALICE, ETH, 70)
    with reverts("payouts: already paid"):
        world.withdraw(0, tree, 1, ALICE, ETH, 70)
    later = withdrawal_tree(*RECORDS, (ALICE, ETH, 1))
    world.settle(later.root)
    world.finalize()
    with reverts("payouts: already paid"):
        world.withdraw(1, later, 1, ALICE, ETH, 70)
    world.withdraw(1, later, 4, ALICE, ETH, 1)
    # A record that was there before may be shown under any final root.
    world.withdraw(1, later, 3, CAROL, ETH, 5)


def test_only_final_states_count(world):
    world.deposit_eth(ALICE, 1_000)
    tree = withdrawal_tree(*RECORDS)
    with reverts("batches: not final"):
        world.withdraw(0, tree, 1, ALICE, ETH, 70)
    world.post()
    with reverts("batches: not final"):
        world.withdraw(0, tree, 1, ALICE, ETH, 70)
    world.claim(tree.root)
    world.sleep(WINDOW - 1)
    with reverts("batches: not final"):
        world.withdraw(0, tree, 1, ALICE, ETH, 70)
    world.sleep(1)
    world.withdraw(0, tree, 1, ALICE, ETH, 70)


def test_withdrawals_go_on_after_a_halt(settled):
    world, tree = settled
    later = withdrawal_tree(*RECORDS, (BOB, ETH, 9))
    world.settle(later.root)
    world.halt()
    world.withdraw(0, tree, 1, ALICE, ETH, 70)
    # The claim was not final at the time of the halt; it became so by time, as any other.
    world.withdraw(1, later, 4, BOB, ETH, 9)


def test_every_value_of_the_record_counts(settled):
    world, tree = settled
    good = dict(batch=0, id=1, owner=ALICE, token=ETH, amount=70, block=1)
    for change in (
        {"owner": MALLORY}, {"owner": bytes([ALICE[0] ^ 1]) + ALICE[1:]}, {"token": GOOD}, {"amount": 71}, {"amount": 69}, {"amount": 70 << 32},
        {"block": 2}, {"block": 1 << 56}, {"id": 2}, {"id": 3}, {"id": 4},
    ):
        with reverts("payouts: wrong path"):
            world.withdraw(tree=tree, **good | change)
    world.withdraw(tree=tree, **good)


@pytest.mark.parametrize("height", range(29))
def test_a_corrupted_hash_is_refused(settled, height):
    world, tree = settled
    index = ref.WITHDRAWAL_CELLS_START + 1
    for mask in (b"\x80" + bytes(31), bytes(31) + b"\x01"):
        path = tree.path(index)
        path[height] = bytes(a ^ b for a, b in zip(path[height], mask))
        with reverts("payouts: wrong path"):
            world.rollup.withdraw(0, 1, ALICE, ETH, 70, 1, path, sender=ALICE)


def test_a_path_belongs_to_its_record(settled):
    """Neither another slot nor the same slot in another round will do."""
    world, tree = settled
    path = tree.path(ref.withdrawal_index(1))
    with reverts("cells: no such record"):
        world.rollup.withdraw(0, 0, ALICE, ETH, 70, 1, path, sender=ALICE)
    for bit in range(1, 64):
        with reverts("payouts: wrong path"):
            world.rollup.withdraw(0, 1 ^ (1 << bit), ALICE, ETH, 70, 1, path, sender=ALICE)


def test_only_its_own_slot_pays_a_record(world):
    """A cell with the bytes of a record pays nothing elsewhere: in another slot, in slot 0 without an id, beside the region."""
    world.deposit_eth(ALICE, 1_000)
    tree = ref.Tree()
    start, end = ref.WITHDRAWAL_CELLS_START, ref.WITHDRAWAL_CELLS_END
    strayed = [(0, 1), (ref.BALANCE_CELLS_START + 1, 1), (start - 1, 2**64 - 1), (end, ref.WITHDRAWAL_SLOTS), (start + 7, 8), (start + 2, 2**26 + 1)]
    for index, id in [*strayed, (start, 0), (end - 1, ref.WITHDRAWAL_SLOTS - 1)]:
        tree.set(index, ref.withdrawal_cell(ALICE, ETH, 70, id, 1))
    world.settle(tree.root)
    world.finalize()
    for index, id in strayed:
        with reverts("payouts: wrong path"):
            world.rollup.withdraw(0, id, ALICE, ETH, 70, 1, tree.path(index), sender=ALICE)
    with reverts("cells: no such record"):
        world.rollup.withdraw(0, 0, ALICE, ETH, 70, 1, tree.path(start), sender=ALICE)
    world.withdraw(0, tree, ref.WITHDRAWAL_SLOTS - 1, ALICE, ETH, 70)


def test_an_inner_node_is_no_leaf(settled):
    """A node's preimage is 64 bytes, as a cell's; a path that is shorter by one level does not exist, so it cannot pass for a cell."""
    world, tree = settled
    path = tree.path(ref.withdrawal_index(2))
    # One level up: the index shifted, the path moved down and padded.
    with reverts("payouts: wrong path"):
        world.rollup.withdraw(0, 1, BOB, GOOD, 900, 1, path[1:] + [bytes(32)], sender=ALICE)


def test_a_false_record_cannot_take_more_than_is_held(world):
    """Even under a root that lies, one token's money never pays for another."""
    world.deposit_eth(ALICE, 1_000)
    tree = withdrawal_tree((MALLORY, ETH, 1_001), (MALLORY, GOOD, 1), (MALLORY, 9, 1), (MALLORY, 0, 1), (MALLORY, ETH, 0), (MALLORY, ETH, 2**64 - 1))
    world.settle(tree.root)
    world.finalize()
    for id, (token, amount, reason) in enumerate(
        [
            (ETH, 1_001, "custody: not enough held"),
            (GOOD, 1, "custody: not enough held"),
            (9, 1, "listings: unknown token"),
            (0, 1, "listings: unknown token"),
            (ETH, 0, "custody: nothing to pay"),
            (ETH, 2**64 - 1, "custody: not enough held"),
        ],
        start=1,
    ):
        with reverts(reason):
            world.withdraw(0, tree, id, MALLORY, token, amount)
        assert not world.rollup.is_paid(id)


def test_bonds_never_pay_withdrawals(world):
    """The contract owns the bond's ETH, but the books do not."""
    tree = withdrawal_tree((MALLORY, ETH, BOND // GWEI))
    world.settle(tree.root)
    world.finalize()
    with reverts("custody: not enough held"):
        world.withdraw(0, tree, 1, MALLORY, ETH, BOND // GWEI)
