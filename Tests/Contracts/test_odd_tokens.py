"""Tokens and receivers that do not behave."""

import pytest

from world import *


def listed(world, name: str, *, decimals: int = 6, unit_exponent: int = 0):
    token = world.evm.deploy(LISTER, TOKENS / f"{name}.vy")
    identifier = world.list(token, decimals, unit_exponent, name[:16])
    token.mint(ALICE, 10**12, sender=ALICE)
    if "approve" in token._functions:
        token.approve(world.rollup.address, 2**256 - 1, sender=ALICE)
    return identifier, token


def final_record(world, owner: bytes, token: int, atoms: int):
    tree = withdrawal_tree((owner, token, atoms))
    batch = world.settle(tree.root)
    world.finalize()
    return batch, tree


def test_no_return_value(world):
    identifier, token = listed(world, "NoReturnToken")
    world.deposit(ALICE, 500, identifier, 1)
    batch, tree = final_record(world, BOB, identifier, 500)
    world.withdraw(batch, tree, 1, BOB, identifier, 500)
    assert token.balanceOf(BOB) == 500
    world.check_solvent((identifier, token, 1))


def test_fee_on_transfer_is_refused(world):
    identifier, token = listed(world, "FeeToken")
    world.deposit(ALICE, 500, identifier, 1)
    for fees in ((1, 0), (100, 0)):
        token.set_fees(*fees, sender=ALICE)
        with reverts("custody: wrong amount received"):
            world.deposit(ALICE, 500, identifier, 1)
    # Charged to the depositor on top: the contract gets what it was promised.
    token.set_fees(0, 1, sender=ALICE)
    world.deposit(ALICE, 100, identifier, 1)
    world.check_solvent((identifier, token, 1))


def test_a_fee_that_appears_later_cannot_eat_other_deposits(world):
    identifier, token = listed(world, "FeeToken")
    world.deposit(ALICE, 500, identifier, 1)
    batch, tree = final_record(world, BOB, identifier, 400)
    token.set_fees(0, 1, sender=ALICE)
    with reverts("custody: wrong amount sent"):
        world.withdraw(batch, tree, 1, BOB, identifier, 400)
    # A fee on the receiver's side is between the token and its receiver.
    token.set_fees(1, 0, sender=ALICE)
    world.withdraw(batch, tree, 1, BOB, identifier, 400)
    assert token.balanceOf(BOB) == 396
    world.check_solvent((identifier, token, 1))


def test_false_return_value(world):
    identifier, token = listed(world, "FalseToken")
    world.deposit(ALICE, 500, identifier, 1)
    batch, tree = final_record(world, BOB, identifier, 400)
    token.set_word(0, sender=ALICE)
    with reverts("custody: transfer refused"):
        world.deposit(ALICE, 500, identifier, 1)
    with reverts("custody: transfer refused"):
        world.withdraw(batch, tree, 1, BOB, identifier, 400)
    token.set_word(2, sender=ALICE)  # not a boolean
    with reverts(""):
        world.deposit(ALICE, 500, identifier, 1)
    token.set_word(1, sender=ALICE)
    world.withdraw(batch, tree, 1, BOB, identifier, 400)
    world.check_solvent((identifier, token, 1))


def test_a_token_cannot_reenter_any_function(world):
    identifier, token = listed(world, "ReentrantToken")
    rollup = world.rollup
    world.deposit(ALICE, 500, identifier, 1)
    world.deposit_eth(ALICE, 500)
    tree = withdrawal_tree((ALICE, identifier, 100), (ALICE, identifier, 100), (ALICE, ETH, 7))
    world.settle(tree.root)
    world.finalize()
    path = [tree.path(0x1400_0000 + id) for id in range(4)]
    # What would work if it came alone.
    calls = [
        rollup.calldata("withdraw", 0, 0x1400_0002, ALICE, identifier, 100, 1, path[2]),
        rollup.calldata("withdraw", 0, 0x1400_0003, ALICE, ETH, 7, 1, path[3]),
        rollup.calldata("reclaim_bond", 0),
        rollup.calldata("deposit", identifier, 1, ALICE),
        rollup.calldata("deposit_eth", ALICE),
        rollup.calldata("refund_deposit", 0, ALICE, ETH, 1),
        rollup.calldata("exit_balance", 0x1000_0001, ALICE, ETH, 1, 0, 1, path[1]),
        rollup.calldata("claim_state", 1, bytes(32)),
        rollup.calldata("post_batch", 1, 1, world.now_ms, world.now_ms, b"x"),
        rollup.calldata("list_token", token.address, 6, 0, symbol("X")),
        rollup.calldata("list_market", 1, 2, 1, 1, 1, ALICE, 0, 0),
        rollup.calldata("set_fee_tier", ALICE, 1),
        rollup.calldata("halt"),
        rollup.calldata("propose", 1, 0, 1),
        rollup.calldata("cancel", 1, 0),
        rollup.calldata("execute", 1, 0),
    ]
    prepared = world.evm.save()
    for call in calls:
        for enter in ("deposit", "withdraw"):
            world.evm.load(prepared)
            token.arm(rollup.address, call, sender=ALICE)
            if enter == "deposit":
                world.deposit(ALICE, 5, identifier, 1)
            else:
                world.withdraw(0, tree, 1, ALICE, identifier, 100)
            assert token.called() and not token.succeeded()
            assert token.answer() == b""  # refused by the lock, not by some later check
            world.check_solvent((identifier, token, 1))
    world.evm.load(prepared)
    world.withdraw(0, tree, 2, ALICE, identifier, 100)


def test_money_sent_during_a_deposit_does_not_count_as_received(world):
    """The token pays itself into the contract while it is asked for a deposit: more than the amount came, so it is refused."""
    identifier, token = listed(world, "ReentrantToken")
    token.mint(token.address, 10, sender=ALICE)
    token.arm(token.address, token.calldata("mint", world.rollup.address, 3), sender=ALICE)
    with reverts("custody: wrong amount received"):
        world.deposit(ALICE, 5, identifier, 1)
    # A gift in advance is a surplus that nobody can claim.
    token.arm(bytes(20), b"", sender=ALICE)
    token.mint(world.rollup.address, 1_000, sender=ALICE)
    world.deposit(ALICE, 5, identifier, 1)
    assert world.rollup.held_atoms(identifier) == 5


@pytest.fixture
def receiver(world):
    """A contract that owns a final ETH withdrawal record of 70 atoms."""
    contract = world.evm.deploy(LISTER, ACTORS / "Receiver.vy")
    world.deposit_eth(ALICE, 1_000)
    tree = withdrawal_tree((contract.address, ETH, 70), (contract.address, ETH, 30), (ALICE, ETH, 5))
    world.settle(tree.root)
    world.finalize()
    return contract, tree


def test_an_owner_that_refuses_ether_only_delays_itself(world, receiver):
    contract, tree = receiver
    for mode in (1, 4):
        contract.arm(mode, bytes(20), b"", sender=ALICE)
        with reverts("custody: receiver refused"):
            world.withdraw(0, tree, 1, contract.address, ETH, 70)
    world.withdraw(0, tree, 3, ALICE, ETH, 5)
    contract.arm(0, bytes(20), b"", sender=ALICE)
    world.withdraw(0, tree, 1, contract.address, ETH, 70)
    assert world.evm.balance(contract.address) == 70 * GWEI


def test_an_owner_that_burns_gas_burns_its_callers_only(world, receiver):
    contract, tree = receiver
    contract.arm(2, bytes(20), b"", sender=ALICE)
    with reverts("custody: receiver refused"):
        world.withdraw(0, tree, 1, contract.address, ETH, 70, gas=3_000_000)
    assert not world.rollup.is_paid(1)


def test_too_little_gas_cannot_mark_a_record_paid(world, receiver):
    """The inner call keeps a 64th of the gas back: starving it must undo everything."""
    contract, tree = receiver
    paid = 0
    for gas in range(60_000, 200_000, 10_000):
        saved = world.evm.save()
        try:
            world.withdraw(0, tree, 1, contract.address, ETH, 70, gas=gas)
        except Exception:
            world.evm.load(saved)
            assert not world.rollup.is_paid(1) and world.evm.balance(contract.address) == 0
        else:
            paid += 1
            assert world.evm.balance(contract.address) == 70 * GWEI
            world.evm.load(saved)
    assert 0 < paid < 14


def test_an_owner_cannot_reenter(world, receiver):
    contract, tree = receiver
    index = 0x1400_0002
    again = world.rollup.calldata("withdraw", 0, index, contract.address, ETH, 30, 1, tree.path(index))
    contract.arm(3, world.rollup.address, again, sender=ALICE)
    world.withdraw(0, tree, 1, contract.address, ETH, 70)
    assert contract.called() and not contract.succeeded()
    assert world.evm.balance(contract.address) == 70 * GWEI
    contract.arm(0, bytes(20), b"", sender=ALICE)
    world.withdraw(0, tree, 2, contract.address, ETH, 30)
    assert world.evm.balance(contract.address) == 100 * GWEI
