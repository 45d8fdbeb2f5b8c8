"""What goes wrong with one payment among many stays with that payment."""

import pytest

import reference as ref
from test_odd_tokens import listed
from world import *

START = ref.WITHDRAWAL_CELLS_START
FRESH = bytes([0xD7]) * 20


def final(world, *records: tuple[bytes, int, int]):
    """A final batch 0 with withdrawal records; returns its tree and the cells as the contract takes them."""
    tree = withdrawal_tree(*records)
    world.settle(tree.root)
    world.finalize()
    return tree, [(START + id, owner, token, atoms, id, 1) for id, (owner, token, atoms) in enumerate(records, start=1)]


def names(result) -> list[str]:
    return [name for name, _ in result.events]


@pytest.fixture
def receiver(world):
    """A contract that owns the second of three records of 70, 30 and 5 atoms of ETH; the others are FRESH's."""
    contract = world.evm.deploy(LISTER, ACTORS / "Receiver.vy")
    world.deposit_eth(ALICE, 1_000)
    return contract, *final(world, (FRESH, ETH, 70), (contract.address, ETH, 30), (FRESH, ETH, 5))


@pytest.mark.parametrize("mode", [1, 2, 4])
def test_an_owner_that_refuses_ether_or_burns_gas_is_skipped(world, receiver, mode):
    contract, tree, cells = receiver
    contract.arm(mode, bytes(20), b"", sender=ALICE)
    result = world.pay_many(0, tree, cells)
    assert result.value == 2 and names(result) == ["Withdrawn", "Skipped", "Withdrawn"]
    assert world.evm.balance(FRESH) == 75 * GWEI and world.evm.balance(contract.address) == 0
    assert [world.rollup.is_paid(c[4]) for c in cells] == [True, False, True]
    assert result.gas < 550_000, "a receiver burns no more than a payment is given"
    with reverts("payouts: nothing was paid"):
        world.pay_many(0, tree, cells)
    contract.arm(0, bytes(20), b"", sender=ALICE)
    world.withdraw(0, tree, 2, contract.address, ETH, 30)
    assert world.evm.balance(contract.address) == 30 * GWEI


def test_an_owner_that_needs_more_gas_than_a_payment_has_is_paid_alone(world, receiver):
    contract, tree, cells = receiver
    contract.arm(5, bytes(20), b"", sender=ALICE)
    assert world.pay_many(0, tree, cells).value == 2
    world.withdraw(0, tree, 2, contract.address, ETH, 30)
    assert world.evm.balance(contract.address) == 30 * GWEI


def test_an_owner_cannot_enter_meanwhile(world, receiver):
    contract, tree, cells = receiver
    pay = world.rollup.calldata("pay_many", 0, cells[2:], tree.multiproof([cells[2][0]]))
    alone = world.rollup.calldata("withdraw", 0, cells[2][4], FRESH, ETH, 5, 1, tree.path(cells[2][0]))
    inner = world.rollup.calldata("pay_cell", cells[2][0], contract.address, ETH, 5)
    for call in (pay, alone, inner):
        saved = world.evm.save()
        contract.arm(3, world.rollup.address, call, sender=ALICE)
        assert world.pay_many(0, tree, cells).value == 3
        assert contract.called() and not contract.succeeded()
        assert world.evm.balance(contract.address) == 30 * GWEI and world.evm.balance(FRESH) == 75 * GWEI
        world.evm.load(saved)


def test_gas_decides_between_all_and_nothing(world, receiver):
    """Too little gas never turns into a skipped cell, or who estimates gas by trial would pay nobody."""
    _, tree, cells = receiver
    outcomes = set()
    for gas in range(100_000, 700_000, 12_500):
        saved = world.evm.save()
        try:
            result = world.pay_many(0, tree, cells, gas=gas)
        except Exception as error:
            outcomes.add(getattr(error, "reason", "out of gas"))
            assert not any(world.rollup.is_paid(c[4]) for c in cells)
        else:
            outcomes.add(names(result) == ["Withdrawn"] * 3)
        world.evm.load(saved)
    SEEN_REASONS.add("payouts: too little gas")
    assert outcomes == {"payouts: too little gas", True} or outcomes == {"out of gas", "payouts: too little gas", True}


def test_a_token_that_fails_is_skipped(world):
    world.deposit_eth(ALICE, 100)
    false, false_token = listed(world, "FalseToken")
    fee, fee_token = listed(world, "FeeToken")
    for token in (false, fee):
        world.deposit(ALICE, 500, token, 1)
    tree, cells = final(
        world, (BOB, false, 10), (FRESH, ETH, 20), (BOB, fee, 300), (FRESH, ETH, 40), (BOB, 9, 1), (BOB, ETH, 0), (BOB, ETH, 2**40), (FRESH, ETH, 1)
    )
    false_token.set_word(0, sender=ALICE)
    fee_token.set_fees(0, 1, sender=ALICE)
    result = world.pay_many(0, tree, cells)
    assert names(result) == ["Skipped", "Withdrawn"] * 2 + ["Skipped"] * 3 + ["Withdrawn"]
    assert world.evm.balance(FRESH) == 61 * GWEI
    world.check_solvent((false, false_token, 1), (fee, fee_token, 1))
    false_token.set_word(2, sender=ALICE)
    fee_token.set_fees(1, 0, sender=ALICE)
    assert names(world.pay_many(0, tree, cells)) == ["Skipped", "Skipped", "Withdrawn"] + ["Skipped"] * 5
    false_token.set_word(1, sender=ALICE)
    assert names(world.pay_many(0, tree, cells))[0] == "Withdrawn"
    assert false_token.balanceOf(BOB) == 10
    world.check_solvent((false, false_token, 1), (fee, fee_token, 1))


def test_a_token_that_calls_back_is_kept_out(world):
    identifier, token = listed(world, "ReentrantToken")
    world.deposit_eth(ALICE, 100)
    world.deposit(ALICE, 500, identifier, 1)
    tree, cells = final(world, (ALICE, identifier, 10), (FRESH, ETH, 20))
    for call in (
        world.rollup.calldata("pay_many", 0, cells[1:], tree.multiproof([cells[1][0]])),
        world.rollup.calldata("pay_cell", cells[1][0], ALICE, ETH, 20),
        world.rollup.calldata("deposit_eth", ALICE),
    ):
        saved = world.evm.save()
        token.arm(world.rollup.address, call, sender=ALICE)
        assert world.pay_many(0, tree, cells).value == 2
        assert token.called() and not token.succeeded()
        world.check_solvent((identifier, token, 1))
        world.evm.load(saved)
    # One that pays the rollup itself while it is asked to pay: undone, with all that it did.
    token.arm(token.address, token.calldata("mint", world.rollup.address, 3), sender=ALICE)
    assert names(world.pay_many(0, tree, cells)) == ["Skipped", "Withdrawn"]
    assert not token.called() and token.balanceOf(ALICE) == 10**12 - 500
    world.check_solvent((identifier, token, 1))
