"""Many cells under one multiproof: each paid once, to its owner, and only what the state says, whatever else is among them."""

import random

import pytest
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

import reference as ref
from world import *

START = ref.WITHDRAWAL_CELLS_START
# Of the first round of slots, and of later ones: slot 0, others beside those of the first.
EDGES = [1, 2, 3, 255, 256, 257, 2**26 - 2, 2**26 - 1, 2**26, 2**26 + 4, 2**28 + 5, 2**63 + 258, 2**64 - 3]
OWNERS = [bytes([0xD0 + i]) * 20 for i in range(5)]


def record(id: int) -> tuple:
    """Withdrawal record `id` of the fixture's state, as the contract takes it."""
    return ref.withdrawal_index(id), OWNERS[id % 5], 1 + id % 2, 10 + id % 1_000, id, 1 + id % 7


def by_slot(ids) -> list[int]:
    return sorted(ids, key=ref.withdrawal_index)


def encoded(cell: tuple) -> tuple[int, bytes]:
    """A withdrawal record's index and its 64 bytes."""
    return cell[0], ref.withdrawal_cell(*cell[1:])


@pytest.fixture(scope="module")
def many(prepared):
    """A final batch 0 with records near each other, far from each other and at both ends of their region."""
    world, saved = prepared
    world.evm.load(saved)
    world.deposit_eth(ALICE, 10**6)
    world.deposit(BOB, 10**6)
    random_ids = random.Random(5)
    ids = by_slot({*EDGES, *range(1_000, 1_040), *(random_ids.randrange(1, 2**26) for _ in range(30))})
    tree = ref.Tree()
    for id in ids:
        tree.set(*encoded(record(id)))
    tree.set(ref.BALANCE_CELLS_START + 1, ref.balance_cell(ALICE, ETH, 5, 6, 1))
    world.settle(tree.root)
    world.finalize()
    return world, tree, ids, world.evm.save()


@pytest.fixture
def settled(many):
    world, tree, ids, saved = many
    world.evm.load(saved)
    yield world, tree, ids
    world.check_solvent()


def paid_words(world, ids) -> list[int]:
    return [world.rollup.paid_words(word) for word in sorted({id >> 8 for id in ids})]


def holdings(world) -> list[int]:
    return [f(owner) for owner in OWNERS for f in (world.evm.balance, world.good.balanceOf)]


def test_many_are_paid_as_each_alone(settled):
    world, tree, ids = settled

    @settings(max_examples=12, deadline=None)
    @given(st.lists(st.sampled_from(ids), min_size=1, max_size=32, unique=True).map(by_slot))
    def check(chosen):
        saved = world.evm.save()
        for id in chosen:
            index, owner, token, amount, _, block = record(id)
            world.withdraw(0, tree, id, owner, token, amount, block)
        alone = holdings(world), paid_words(world, ids)
        world.evm.load(saved)
        result = world.pay_many(0, tree, [record(id) for id in chosen])
        assert result.value == len(chosen)
        names = ["id", "owner", "token_id", "atoms"]
        expected = [(c[4], "0x" + c[1].hex(), c[2], c[3]) for c in map(record, chosen)]
        assert result.events == [("Withdrawn", dict(zip(names, values))) for values in expected]
        assert (holdings(world), paid_words(world, ids)) == alone
        assert [world.rollup.is_paid(id) for id in ids] == [id in chosen for id in ids]
        with reverts("payouts: nothing was paid"):
            world.pay_many(0, tree, [record(id) for id in chosen])
        world.evm.load(saved)

    check()


@pytest.mark.parametrize("chosen", [[1], [2, 3, 1_004, 1_006]])
def test_a_wrong_hash_anywhere_is_refused(settled, chosen):
    """One that is flipped, dropped, added or exchanged, at every position."""
    world, tree, _ = settled
    cells = [record(id) for id in chosen]
    siblings = tree.multiproof([c[0] for c in cells])
    flips = [b"\x80" + bytes(31), bytes(31) + b"\x01"]
    for position, sibling in enumerate(siblings):
        before, behind = siblings[:position], siblings[position + 1 :]
        flipped = bytes(a ^ b for a, b in zip(sibling, flips[position % 2]))
        extra = [bytes(32), sibling, tree.root][position % 3]
        exchanged = [*behind[:1], sibling, *behind[1:]] if behind else [sibling, sibling]
        for wrong in ([*before, flipped, *behind], before + behind, [*before, extra, sibling, *behind], before + exchanged):
            with reverts("payouts: wrong proof"):
                world.pay_many(0, tree, cells, wrong)
    with reverts("payouts: wrong proof"):
        world.pay_many(0, tree, cells, [*siblings, bytes(32)])
    assert world.pay_many(0, tree, cells, siblings).value == len(cells)


def test_every_value_of_every_cell_counts(settled):
    world, tree, _ = settled
    cells = [record(id) for id in (2, 3, 256, 1_010)]
    siblings = tree.multiproof([c[0] for c in cells])
    for position, cell in enumerate(cells):
        owner_bit = bytes([cell[1][0] ^ 1]) + cell[1][1:]
        for field, value in (
            (1, MALLORY), (1, owner_bit), (2, 3 - cell[2]), (2, cell[2] + 2**31), (3, cell[3] + 1), (3, cell[3] - 1), (3, cell[3] << 32),
            (3, 2**64 - 1), (4, cell[4] + 1), (4, 0), (4, cell[4] + 2**26), (4, cell[4] + 2**63), (5, cell[5] + 1), (5, cell[5] + 2**32), (5, 0),
        ):
            changed = cell[:field] + (value,) + cell[field + 1 :]
            # Another id belongs to another slot, unless it is of another round.
            misplaced = field == 4 and (value - cell[4]) % ref.WITHDRAWAL_SLOTS != 0
            reason = "cells: no such record" if (field, value) == (4, 0) else "payouts: not a cell that is paid" if misplaced else "payouts: wrong proof"
            with reverts(reason):
                world.pay_many(0, tree, [*cells[:position], changed, *cells[position + 1 :]], siblings)


def test_a_cell_stands_where_it_stands(settled):
    """Any bit of any index, within the tree or above it."""
    world, tree, _ = settled
    cells = [record(id) for id in (257, 1_020, 1_021)]
    siblings = tree.multiproof([c[0] for c in cells])
    for position, cell in enumerate(cells):
        for bit in [*range(32), 63, 64, 128, 255]:
            moved = [*cells[:position], (cell[0] ^ (1 << bit),) + cell[1:], *cells[position + 1 :]]
            indices = [c[0] for c in moved]
            ascends = indices == sorted(set(indices))
            balance = ref.BALANCE_CELLS_START <= moved[position][0] < ref.BALANCE_CELLS_END
            if ascends:
                with reverts("halting: not halted" if balance else "payouts: not a cell that is paid"):
                    world.pay_many(0, tree, moved, siblings)
            else:
                with pytest.raises(Reverted):
                    world.pay_many(0, tree, moved, siblings)


def test_cells_come_once_and_in_order(settled):
    world, tree, _ = settled
    a, b, c = (record(id) for id in (1, 2, 1_000))
    siblings = tree.multiproof([a[0], b[0], c[0]])
    for wrong in ([b, a, c], [a, c, b], [c, b, a], [a, a, b, c], [a, b, b, c], [a, b, c, c]):
        with reverts("payouts: cells not ascending"):
            world.pay_many(0, tree, wrong, siblings)
    for wrong in ([a, b], [b, c], [a, c], [a], [a, b, c, record(1_001)]):
        with reverts("payouts: wrong proof"):
            world.pay_many(0, tree, wrong, siblings)
    # The same cell cannot hide behind another sibling's place either.
    with reverts("payouts: cells not ascending"):
        world.pay_many(0, tree, [a, a], tree.path(a[0]))


def test_no_cells_prove_nothing(settled):
    world, tree, _ = settled
    for siblings in ([], [tree.root], [bytes(32)]):
        with reverts("payouts: wrong proof"):
            world.pay_many(0, tree, [], siblings)
    world.settle(bytes(32))
    world.finalize()
    with reverts("payouts: nothing was paid"):
        world.pay_many(1, tree, [], [])


def test_only_so_many_at_once(settled):
    world, tree, ids = settled
    with reverts(""):
        world.pay_many(0, tree, [record(id) for id in ids[:33]])
    with reverts(""):
        world.pay_many(0, tree, [record(1)], tree.path(START + 1) + [bytes(32)] * 740)
    # As far from each other as 32 cells of the region can be: the most siblings there are.
    far = [(k << 21) + 1_234 for k in range(32)]
    for id in far:
        tree.set(*encoded(record(id)))
    batch = world.settle(tree.root)
    world.finalize()
    cells = [record(id) for id in far]
    assert len(tree.multiproof([c[0] for c in cells])) == 32 * 21 + 3
    assert world.pay_many(batch, tree, cells).value == 32
    for id in far:
        tree.set(START + id, ref.ZERO_CELL)


def test_proofs_put_together_from_true_hashes(settled):
    """Accepted is exactly what the independent reference folds to the root: cells and siblings drawn from what is true somewhere."""
    world, tree, ids = settled
    accepted = 0
    near = [*range(1_000, 1_012), 1, 2, 255, 256]
    hashes = sorted({tree._get(h, (START + id) >> h ^ side) for id in near for h in range(30) for side in (0, 1) if h < 29 or not side})

    @settings(max_examples=100, deadline=None)
    @given(st.data())
    def check(data):
        nonlocal accepted
        chosen = sorted(data.draw(st.lists(st.sampled_from(near), min_size=1, max_size=4, unique=True)))
        cells = [record(id) for id in chosen]
        siblings = tree.multiproof([c[0] for c in cells])
        for _ in range(data.draw(st.integers(0, 2))):
            position = data.draw(st.integers(0, len(siblings)))
            kind = data.draw(st.sampled_from(["replace", "insert", "drop", "swap", "cell", "index"]))
            if kind == "insert":
                siblings.insert(position, data.draw(st.sampled_from(hashes)))
            elif kind == "cell":
                cells = sorted(cells + [record(data.draw(st.sampled_from(near)))])
            elif kind == "index":
                which = data.draw(st.integers(0, len(cells) - 1))
                cells[which] = record(data.draw(st.sampled_from(near)))
            elif position < len(siblings):
                other = data.draw(st.integers(0, len(siblings) - 1))
                if kind == "replace":
                    siblings[position] = data.draw(st.sampled_from(hashes))
                elif kind == "drop":
                    del siblings[position]
                else:
                    siblings[position], siblings[other] = siblings[other], siblings[position]
        root = ref.root_from_multiproof([encoded(c) for c in cells], siblings)
        saved = world.evm.save()
        try:
            world.pay_many(0, tree, cells, siblings)
        except Reverted as error:
            assert error.reason in ("payouts: wrong proof", "payouts: cells not ascending")
            assert root != tree.root
        else:
            assert root == tree.root and cells == [record(c[4]) for c in cells]
            accepted += 1
            world.evm.load(saved)

    check()
    assert 10 < accepted < 90


def test_only_final_states_count(many):
    world, tree, _, saved = many
    world.evm.load(saved)
    world.settle(tree.root)
    for batch in (1, 2, 2**256 - 1):
        with reverts("batches: not final"):
            world.pay_many(batch, tree, [record(1)])
    world.finalize()
    assert world.pay_many(1, tree, [record(1), record(2)]).value == 2
    # Paid is paid, under every root; the others are paid all the same.
    result = world.pay_many(0, tree, [record(1), record(2), record(3)])
    assert result.value == 1
    assert [(name, *fields.values())[:2] for name, fields in result.events] == [("Skipped", 1), ("Skipped", 2), ("Withdrawn", 3)]
    with reverts("payouts: already paid"):
        world.withdraw(0, tree, 3, *record(3)[1:4], record(3)[5])
    world.check_solvent()


def test_nobody_pays_a_cell_without_proof(settled):
    world, _, _ = settled
    for sender in (MALLORY, SEQUENCER, LISTER):
        with reverts("payouts: not for others"):
            world.rollup.pay_cell(9, MALLORY, ETH, 1_000, sender=sender)


def test_records_and_balances_leave_together(world):
    world.deposit_eth(ALICE, 1_000)
    world.deposit(ALICE, 1_000)
    tree = ref.Tree()
    balances = [(ref.BALANCE_CELLS_START + slot, ALICE, token, 300, 200, 9) for slot, token in ((0, ETH), (1, GOOD), (2**26 - 1, ETH))]
    records = [(START + 1, ALICE, GOOD, 250, 1, 4), (START + 2, BOB, GOOD, 250, 2, 4)]
    for index, *fields in balances:
        tree.set(index, ref.balance_cell(*fields))
    for cell in records:
        tree.set(*encoded(cell))
    world.settle(tree.root)
    older = world.settle(tree.root)
    world.finalize()
    with reverts("halting: not halted"):
        world.pay_many(older, tree, balances + records)
    world.halt()
    with reverts("payouts: not the last claim"):
        world.pay_many(older - 1, tree, balances + records)
    before = world.evm.balance(ALICE), world.good.balanceOf(ALICE)
    result = world.pay_many(older, tree, balances + records)
    assert result.value == 5
    assert [(name, fields["atoms"]) for name, fields in result.events] == [("Exited", 500)] * 3 + [("Withdrawn", 250)] * 2
    assert (world.evm.balance(ALICE), world.good.balanceOf(ALICE)) == (before[0] + 1_000 * GWEI, before[1] + 750 * GOOD_UNIT)
    for index, owner, token, free, locked, account in balances:
        with reverts("payouts: already paid"):
            world.rollup.exit_balance(index, owner, token, free, locked, account, tree.path(index), sender=MALLORY)
    # A record's bytes among balances, and the other way about, are not taken for what they are not.
    for index in (ref.BALANCE_CELLS_START - 1, START, ref.WITHDRAWAL_CELLS_END, ref.TOKEN_CELLS_START + 1):
        with reverts("payouts: not a cell that is paid"):
            world.pay_many(older, tree, [(index, ALICE, ETH, 1, 1, 1)])
