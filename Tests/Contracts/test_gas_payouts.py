"""What it costs to be paid, alone and among many, printed; the goals of the README are asserted. The figures are the same on every machine."""

import random

import pytest

import reference as ref
from world import *

ALONE_GOAL, AMONG_TWENTY_GOAL = 120_000, 60_000
NAMES = {ETH: "ETH", GOOD: "ERC-20"}


def cell(kind: int, slot: int, owner: bytes, token: int) -> tuple:
    """A withdrawal record or a balance of 60 atoms."""
    return (kind + slot % ref.WITHDRAWAL_SLOTS, owner, token, *((60, slot, 1) if kind == ref.WITHDRAWAL_CELLS_START else (50, 10, 1)))


def paid(world, kind: int, slots: list[int], token: int, holders: bool) -> int:
    """Gas of one transaction that pays the cells in `slots`, each to an owner of its own, who holds some of the token already or not.

    Nobody was paid from these cells' words of `paid_words` before: the dearest case. Leaves the world as it was."""
    saved = world.evm.save()
    random_bytes, tree, cells = random.Random(9), ref.Tree(), []
    for slot in slots:
        owner = random_bytes.randbytes(20)
        if holders:
            world.evm.state.delta_balance(owner, 1)
            world.good.mint(owner, 1, sender=LISTER)
        cells.append(cell(kind, slot, owner, token))
        encode = ref.withdrawal_cell if kind == ref.WITHDRAWAL_CELLS_START else ref.balance_cell
        tree.set(cells[-1][0], encode(*cells[-1][1:]))
    batch = world.settle(tree.root)
    world.finalize()
    if kind == ref.BALANCE_CELLS_START:
        world.halt()
    if len(cells) > 1:
        result = world.pay_many(batch, tree, cells)
        assert result.value == len(cells)
    elif kind == ref.WITHDRAWAL_CELLS_START:
        index, owner, token, amount, id, block = cells[0]
        result = world.rollup.withdraw(batch, id, owner, token, amount, block, tree.path(index), sender=MALLORY)
    else:
        result = world.rollup.exit_balance(*cells[0], tree.path(cells[0][0]), sender=MALLORY)
    world.evm.load(saved)
    return result.gas


def test_gas_of_payouts(world, capsys):
    for person in (ALICE, BOB):
        world.deposit_eth(person, 10**6)
        world.deposit(person, 10**6)
    # As the exchange writes records: one after the other.
    counts = {count: list(range(1_010, 1_010 + count)) for count in (1, 2, 5, 20, 32)}
    scattered = sorted(random.Random(4).sample(range(1, 2**16), 20))
    lines = [f"  {'a payment among':<36}" + "".join(f"{count:>9}" for count in counts) + "   20 of 65,536"]
    for kind, name in ((ref.WITHDRAWAL_CELLS_START, "withdrawal"), (ref.BALANCE_CELLS_START, "exit")):
        for token in (ETH, GOOD):
            for holders in (False, True):
                each = {count: paid(world, kind, slots, token, holders) // count for count, slots in counts.items()}
                far = paid(world, kind, scattered, token, holders) // 20
                lines.append(
                    f"  {name}, {NAMES[token]}, {'a holder' if holders else 'new holder':<16}".ljust(38)
                    + "".join(f"{gas:>9,}" for gas in each.values()) + f"{far:>15,}"
                )
                if kind == ref.WITHDRAWAL_CELLS_START:
                    assert each[1] < ALONE_GOAL and each[20] < AMONG_TWENTY_GOAL
                # Bounds, so that a change is noticed.
                assert each[1] < 123_000 and each[2] < 90_000 and each[5] < 63_000 and each[20] < 50_000 and far < 80_000
    with capsys.disabled():
        print("\n\nGas a payment, cells side by side but for the last column, nobody paid from their words before:", *lines, sep="\n")
