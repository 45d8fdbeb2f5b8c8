"""What the calls cost, printed; upper bounds so that a change is noticed."""

import os

import reference as ref
from evm import BLOB_GAS
from world import *


def test_gas_table(world, capsys):
    rows = []

    def row(name: str, gas: int, limit: int, note: str = ""):
        rows.append(f"  {name:<34}{gas:>10,}  {note}")
        assert gas <= limit, f"{name}: {gas} gas"

    row("deploy", world.rollup.deployment.gas, 5_500_000)
    world.deposit_eth(BOB, 10)
    world.deposit(BOB, 10)
    row("deposit, ETH", world.rollup.deposit_eth(ALICE, sender=ALICE, value=1_000 * GWEI).gas, 100_000)
    row("deposit, ERC-20", world.rollup.deposit(GOOD, 1_000 * GOOD_UNIT, ALICE, sender=ALICE).gas, 130_000)

    tree = withdrawal_tree((CAROL, ETH, 70), (CAROL, GOOD, 900))
    for slot, (owner, token) in enumerate([(ALICE, ETH), (ALICE, GOOD)], start=1):
        tree.set(ref.BALANCE_CELLS_START + slot, ref.balance_cell(owner, token, 50, 10, 1))
    world.force(BOB, b"\x01")
    row("force, 16 bytes", world.rollup.force(bytes.fromhex("0400000001000000ffffffffffffffff"), sender=ALICE, value=PRICE).gas, 100_000)
    row("force, 96 bytes", world.rollup.force(b"\xff" * 96, sender=ALICE, value=PRICE).gas, 100_000)
    row("collect_message_fees", world.rollup.collect_message_fees(sender=ALICE).gas, 60_000)
    tree.set(ref.TOKEN_CELLS_START + BORN, ref.token_cell(bytes(20), BORN, 10**15, 6, 0, b"BORN"))
    world.post(data=b"x")
    small = world.post(data=os.urandom(1_024)).gas
    large = world.post(data=os.urandom(ref.BATCH_BYTES_MAX)).gas
    row("post_batch, 1 KiB", small, 180_000)
    row("post_batch, 124 KiB", large, 5_200_000, f"{large / ref.BATCH_BYTES_MAX:.1f} a byte of random data")
    blob = world.post_blob(size=ref.BATCH_BYTES_MAX).gas
    row("post_blob, up to 124 KiB", blob, 170_000, f"and {BLOB_GAS:,} of blob gas, whatever its size")
    world.claim(tree.root)
    row("claim_state", world.claim(tree.root).gas, 150_000)
    world.claim(tree.root)
    world.claim(tree.root)
    world.finalize()
    row("reclaim_bond", world.rollup.reclaim_bond(0, sender=ALICE).gas, 60_000)
    row("withdraw, ETH", world.withdraw(2, tree, 1, CAROL, ETH, 70).gas, 110_000)
    row("withdraw, ERC-20", world.withdraw(2, tree, 2, CAROL, GOOD, 900).gas, 140_000)
    born = b"BORN".ljust(16, b"\0")
    late = world.deposit_eth(BOB, 5)
    row("create_token", world.rollup.create_token(2, BORN, 10**15, 6, born, tree.path(ref.TOKEN_CELLS_START + BORN), sender=MALLORY).gas, 900_000)
    world.sleep(BATCH_DEADLINE)
    row("halt", world.rollup.halt(sender=MALLORY).gas, 80_000)
    row("exit_balance, ETH", world.exit(tree, 1, ALICE, ETH, 50, 10).gas, 110_000)
    row("exit_balance, ERC-20", world.exit(tree, 2, ALICE, GOOD, 50, 10).gas, 140_000)
    row("refund_deposit, ETH", world.rollup.refund_deposit(late, BOB, ETH, 5, sender=MALLORY).gas, 90_000)

    with capsys.disabled():
        print("\n\nGas on L1 (Prague rules, receivers that exist already):", *rows, sep="\n")
