"""Withdrawal records go round in their region: what a later record is written over stays payable, and each is paid once, by its id."""

import pytest

import reference as ref
from world import *

SLOTS = ref.WITHDRAWAL_SLOTS


def cell(id: int, owner: bytes, atoms: int, token: int = ETH) -> tuple:
    """A record of block 1 as `pay_many` takes it."""
    return ref.withdrawal_index(id), owner, token, atoms, id, 1


def settle(world, tree: ref.Tree, *cells: tuple) -> int:
    """Writes records into the state and settles it; returns the batch."""
    for index, *fields in cells:
        tree.set(index, ref.withdrawal_cell(*fields))
    return world.settle(tree.root)


@pytest.fixture
def rounds(world):
    """Batch 0 has a record of ALICE's in slot 5; batch 1 has BOB's there, of the next round; batch 2 CAROL's, of the last one. None is final."""
    world.deposit_eth(ALICE, 1_000)
    tree, trees, cells = ref.Tree(), [], []
    for id, owner, atoms in ((5, ALICE, 70), (SLOTS + 5, BOB, 30), (2**64 - SLOTS + 5, CAROL, 20)):
        cells.append(cell(id, owner, atoms))
        settle(world, tree, cells[-1])
        trees.append(ref.Tree())
        trees[-1].nodes = dict(tree.nodes)
    return world, trees, cells


def withdraw(world, batch: int, tree: ref.Tree, record: tuple):
    index, owner, token, atoms, id, block = record
    return world.withdraw(batch, tree, id, owner, token, atoms, block)


@pytest.mark.parametrize("halted", [False, True])
def test_each_is_paid_under_the_states_that_hold_it(rounds, halted):
    world, trees, cells = rounds
    world.finalize()
    if halted:
        world.halt()
    for batch in range(3):
        for which in range(3):
            if batch != which:
                with reverts("payouts: wrong path"):
                    withdraw(world, batch, trees[batch], cells[which])
    for batch, (_, owner, _, atoms, id, _) in enumerate(cells):
        before = world.evm.balance(owner)
        assert withdraw(world, batch, trees[batch], cells[batch]).events[0] == (
            "Withdrawn", {"id": id, "owner": "0x" + owner.hex(), "token_id": ETH, "atoms": atoms})
        assert world.evm.balance(owner) == before + atoms * GWEI
        with reverts("payouts: already paid"):
            withdraw(world, batch, trees[batch], cells[batch])
        with reverts("payouts: nothing was paid"):
            world.pay_many(batch, trees[batch], [cells[batch]])
    world.check_solvent()


def test_a_record_is_paid_once_under_many_states(world):
    """The same id under several roots, by either call, with others in between."""
    world.deposit_eth(ALICE, 1_000)
    tree = ref.Tree()
    record = cell(SLOTS, ALICE, 70)
    for other in range(3):
        settle(world, tree, record, cell(SLOTS + 1 + other, BOB, 1))
    world.finalize()
    withdraw(world, 1, tree_of(record, *(cell(SLOTS + 1 + k, BOB, 1) for k in range(2))), record)
    for batch in range(3):
        older = tree_of(record, *(cell(SLOTS + 1 + k, BOB, 1) for k in range(batch + 1)))
        with reverts("payouts: already paid"):
            withdraw(world, batch, older, record)
        with reverts("payouts: nothing was paid"):
            world.pay_many(batch, older, [record])
    assert world.pay_many(2, tree, [record, *(cell(SLOTS + 1 + k, BOB, 1) for k in range(3))]).value == 3
    assert world.rollup.held_atoms(ETH) == 1_000 - 70 - 3


def tree_of(*cells: tuple) -> ref.Tree:
    return ref.Tree({index: ref.withdrawal_cell(*fields) for index, *fields in cells})


def test_two_rounds_of_a_slot_are_not_shown_together(rounds):
    world, trees, cells = rounds
    world.finalize()
    with reverts("payouts: cells not ascending"):
        world.pay_many(1, trees[1], [cells[0], cells[1]], trees[1].path(cells[0][0]))
    # The id is what is paid: that of another round under this round's state is none.
    index, owner, token, atoms, id, block = cells[1]
    with reverts("payouts: wrong proof"):
        world.pay_many(1, trees[1], [(index, owner, token, atoms, id + SLOTS, block)])


def test_the_last_claim_counts_after_a_halt_and_older_ones_for_what_it_lost(rounds):
    world, trees, cells = rounds
    world.halt()
    with reverts("halting: halted"):
        world.post()
    # All claims become final by time, those before the last one, too.
    for batch in (2, 0, 1):
        assert world.pay_many(batch, trees[batch], [cells[batch]]).value == 1
    assert world.rollup.held_atoms(ETH) == 1_000 - 120
    with reverts("batches: not final"):
        withdraw(world, 3, trees[2], cells[2])


def test_ids_of_records_and_cells_of_balances_are_different_things(world):
    """A record may have the id that is the index of a balance's cell: neither is taken for the other, whichever is paid first."""
    world.deposit_eth(ALICE, 1_000)
    tree = ref.Tree()
    numbers = [ref.BALANCE_CELLS_START + 3, ref.BALANCE_CELLS_START + 4]
    for number in numbers:
        tree.set(number, ref.balance_cell(BOB, ETH, 100, 50, 7))
    settle(world, tree, *(cell(number, ALICE, 70) for number in numbers))
    world.halt()
    world.exit(tree, 3, BOB, ETH, 100, 50, 7)
    world.withdraw(0, tree, numbers[1], ALICE, ETH, 70)
    states = [(world.rollup.is_paid(n), world.rollup.is_paid(ref.BALANCE_PAYOUTS + n)) for n in numbers]
    assert states == [(False, True), (True, False)]
    result = world.pay_many(0, tree, [(numbers[0], BOB, ETH, 100, 50, 7), (numbers[1], BOB, ETH, 100, 50, 7), *(cell(n, ALICE, 70) for n in numbers)])
    assert result.value == 2
    assert [(name, *fields.values())[:2] for name, fields in result.events] == [
        ("Skipped", ref.BALANCE_PAYOUTS + numbers[0]), ("Exited", numbers[1]), ("Withdrawn", numbers[0]), ("Skipped", numbers[1])]
    assert world.rollup.held_atoms(ETH) == 1_000 - 440


def test_what_was_never_written_pays_nothing(world):
    """All bytes of an unused slot are zero: a record with the id 0, which there is not."""
    tree = tree_of(cell(9, ALICE, 1))
    world.settle(tree.root)
    world.finalize()
    for slot in (0, 1, 2**26 - 1):
        index = ref.WITHDRAWAL_CELLS_START + slot
        with reverts("cells: no such record"):
            world.rollup.withdraw(0, 0, bytes(20), 0, 0, 0, tree.path(index), sender=MALLORY)
        with reverts("cells: no such record"):
            world.pay_many(0, tree, [(index, bytes(20), 0, 0, 0, 0)])
        if slot:
            with reverts("payouts: wrong path"):
                world.rollup.withdraw(0, slot, bytes(20), 0, 0, 0, tree.path(index), sender=MALLORY)
