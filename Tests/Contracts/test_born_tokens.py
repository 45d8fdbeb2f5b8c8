"""Tokens born on the exchange: their ERC-20 is made on L1 once, by proof, with the supply that the state says."""

import pytest

import reference as ref
from evm import OutOfGasOrInvalid, compiled
from world import *

SUPPLY = 10**15
TOKEN = (BORN, SUPPLY, 6, b"BORN")


def with_token(tree: ref.Tree, id: int, supply: int, decimals: int, symbol: bytes) -> ref.Tree:
    tree.set(ref.TOKEN_CELLS_START + id, ref.token_cell(bytes(20), id, supply, decimals, 0, symbol))
    return tree


@pytest.fixture
def settled(world):
    """A final batch 0 with the token, and with a withdrawal of 900 atoms of it by Alice."""
    tree = with_token(withdrawal_tree((ALICE, BORN, 900)), *TOKEN)
    world.settle(tree.root)
    world.finalize()
    return world, tree


def test_anyone_creates_it_with_the_supply_of_the_state(settled):
    world, tree = settled
    path = tree.path(ref.TOKEN_CELLS_START + BORN)
    result = world.rollup.create_token(0, BORN, SUPPLY, 6, b"BORN".ljust(16, b"\0"), path, sender=MALLORY)
    at, unit, *rest = world.rollup.tokens(BORN)
    assert (unit, rest) == (1, [6, 0, symbol("BORN")])
    assert world.rollup.token_id_of(address(at)) == BORN
    assert result.events == [
        ("TokenCreated", {"token_id": BORN, "token": at, "supply": SUPPLY, "decimals": 6, "symbol": b"BORN".ljust(16, b"\0")})
    ]
    token = Contract(world.evm, address(at), compiled(CONTRACTS / "BornToken.vy")["abi"])
    assert token.events(result) == [("Transfer", {"sender": "0x" + "00" * 20, "receiver": "0x" + world.rollup.address.hex(), "value": SUPPLY})]
    assert (token.name(), token.symbol(), token.decimals(), token.totalSupply()) == ("BORN", "BORN", 6, SUPPLY)
    assert token.balanceOf(world.rollup.address) == SUPPLY == world.rollup.held_atoms(BORN)
    # No message: the exchange has known the token all along.
    assert world.rollup.inbox_count() == 2


@pytest.mark.parametrize("fields", [(BORN, 1, 0, b"!"), (4_095, 2**63 - 1, 18, b"~SIXTEEN!BORN!!~")])
def test_extreme_tokens(world, fields):
    tree = with_token(ref.Tree(), *fields)
    world.settle(tree.root)
    world.finalize()
    token = world.create_token(0, tree, *fields)
    assert (token.totalSupply(), token.decimals(), token.symbol()) == (fields[1], fields[2], fields[3].decode())
    world.check_solvent((fields[0], token, 1))


def test_it_is_withdrawn_deposited_and_refunded_like_any_other(settled):
    world, tree = settled
    with reverts("listings: call create_token first"):
        world.withdraw(0, tree, 1, ALICE, BORN, 900)
    with reverts("listings: call create_token first"):
        world.deposit(ALICE, 1, BORN, 1)
    token = world.create_token(0, tree, *TOKEN)
    world.withdraw(0, tree, 1, ALICE, BORN, 900)
    assert token.balanceOf(ALICE) == 900 and world.rollup.held_atoms(BORN) == SUPPLY - 900
    token.approve(world.rollup.address, 900, sender=ALICE)
    index = world.deposit(ALICE, 400, BORN, 1)
    message = ref.deposit_message(ALICE, BORN, 400)
    assert world.rollup.inbox_accumulator(index + 1) == ref.chain(world.rollup.inbox_accumulator(index), message)
    with reverts("payouts: already paid"):
        world.withdraw(0, tree, 1, ALICE, BORN, 900)
    with reverts("borntoken: not enough held"):
        token.approve(world.rollup.address, 2**256 - 1, sender=ALICE)
        world.deposit(ALICE, 501, BORN, 1)
    world.check_solvent((BORN, token, 1))
    world.halt()
    world.rollup.refund_deposit(index, ALICE, BORN, 400, sender=MALLORY)
    assert token.balanceOf(ALICE) == 900
    world.check_solvent((BORN, token, 1))


def test_after_a_halt_everything_of_it_gets_out(world):
    """Nobody created it before; all that exists of it leaves, to the atom."""
    tree = with_token(balance_tree((ALICE, BORN, 600, 50), (BOB, BORN, SUPPLY - 700, 0)), *TOKEN)
    tree.set(ref.WITHDRAWAL_CELLS_START + 1, ref.withdrawal_cell(CAROL, BORN, 50, 1, 1))
    world.settle(tree.root)
    world.halt()
    world.finalize()
    with reverts("listings: call create_token first"):
        world.exit(tree, 1, ALICE, BORN, 600, 50)
    token = world.create_token(0, tree, *TOKEN)
    world.exit(tree, 1, ALICE, BORN, 600, 50)
    world.exit(tree, 2, BOB, BORN, SUPPLY - 700, 0)
    world.withdraw(0, tree, 1, CAROL, BORN, 50)
    assert [token.balanceOf(p) for p in (ALICE, BOB, CAROL, world.rollup.address)] == [650, SUPPLY - 700, 50, 0]
    world.check_solvent((BORN, token, 1))


def test_only_final_states_count(world):
    tree = with_token(ref.Tree(), *TOKEN)
    with reverts("batches: not final"):
        world.create_token(0, tree, *TOKEN)
    world.settle(tree.root)
    world.sleep(WINDOW - 1)
    with reverts("batches: not final"):
        world.create_token(0, tree, *TOKEN)
    world.sleep(1)
    world.create_token(0, tree, *TOKEN)


def test_it_is_created_once_whatever_the_root(settled):
    world, tree = settled
    token = world.create_token(0, tree, *TOKEN)
    with reverts("listings: token already created"):
        world.create_token(0, tree, *TOKEN)
    # Not even with another supply, if a root could say so.
    other = with_token(ref.Tree(), BORN, 2 * SUPPLY, 6, b"BORN")
    world.settle(other.root)
    world.finalize()
    with reverts("listings: token already created"):
        world.create_token(1, other, BORN, 2 * SUPPLY, 6, b"BORN")
    assert token.totalSupply() == SUPPLY == world.rollup.held_atoms(BORN)


@pytest.mark.parametrize(
    "id, supply, decimals, symbol_",
    [
        (BORN, SUPPLY + 1, 6, b"BORN"),
        (BORN, SUPPLY, 7, b"BORN"),
        (BORN, SUPPLY, 6, b"BORM"),
        (BORN, SUPPLY, 6, b"BORN\0!"),
        (BORN + 1, SUPPLY, 6, b"BORN"),
        (4_096 + BORN, SUPPLY, 6, b"BORN"),
        (2**32 - 1, SUPPLY, 6, b"BORN"),
        (BORN + 1, 0, 0, b""),
    ],
)
def test_other_fields_are_refused(settled, id, supply, decimals, symbol_):
    world, tree = settled
    path = tree.path(ref.TOKEN_CELLS_START + BORN)
    with reverts("rollup: wrong path" if id < 2**29 - 2**14 else "cells: index out of range"):
        world.rollup.create_token(0, id, supply, decimals, symbol_.ljust(16, b"\0"), path, sender=MALLORY)


@pytest.mark.parametrize("position", range(29))
def test_a_path_with_one_wrong_bit_is_refused(settled, position):
    world, tree = settled
    path = tree.path(ref.TOKEN_CELLS_START + BORN)
    path[position] = bytes([path[position][0] ^ 1]) + path[position][1:]
    with reverts("rollup: wrong path"):
        world.rollup.create_token(0, BORN, SUPPLY, 6, b"BORN".ljust(16, b"\0"), path, sender=MALLORY)


def test_a_listed_token_is_never_created(world):
    """Neither one that L1 listed, nor one in the place of a listed token, nor one in a place that has no token."""
    tree = ref.Tree()
    tree.set(ref.TOKEN_CELLS_START + GOOD, ref.token_cell(world.good.address, GOOD, 0, 6, 0, b"GOOD"))
    for id in (0, 3, BORN - 1, 4_096):
        with_token(tree, id, SUPPLY, 6, b"FAKE")
    world.settle(tree.root)
    world.finalize()
    with reverts("rollup: wrong path"):
        world.create_token(0, tree, GOOD, 0, 6, b"GOOD")
    for id in (0, 3, BORN - 1, 4_096):
        with reverts("listings: not born on the exchange"):
            world.create_token(0, tree, id, SUPPLY, 6, b"FAKE")


def test_the_lister_gives_no_born_id_away(settled):
    world, tree = settled
    token = world.create_token(0, tree, *TOKEN)
    with reverts("listings: token already listed"):
        world.list(token, 6, 0, "TWICE")


def test_the_lister_may_list_markets_of_born_tokens(world):
    assert world.rollup.list_market(BORN, ETH, 3, 1, 5, CAROL, 0, 0, sender=LISTER).value == 1
    assert world.rollup.list_market(GOOD, 4_095, 3, 1, 5, CAROL, 0, 0, sender=LISTER).value == 2
    with reverts("listings: unknown base token"):
        world.rollup.list_market(BORN - 1, ETH, 3, 1, 5, CAROL, 0, 0, sender=LISTER)
    with reverts("listings: unknown quote token"):
        world.rollup.list_market(GOOD, 4_096, 3, 1, 5, CAROL, 0, 0, sender=LISTER)


def test_creating_is_not_reentered(settled):
    """While ETH is paid out, its receiver cannot create the token: state-changing calls exclude each other."""
    world, _ = settled
    world.deposit_eth(ALICE, 10)
    receiver = world.evm.deploy(ALICE, ACTORS / "Receiver.vy")
    tree = with_token(withdrawal_tree((receiver.address, ETH, 10)), *TOKEN)
    batch = world.settle(tree.root)
    world.finalize()
    path = tree.path(ref.TOKEN_CELLS_START + BORN)
    call = world.rollup.calldata("create_token", batch, BORN, SUPPLY, 6, b"BORN".ljust(16, b"\0"), path)
    receiver.arm(3, world.rollup.address, call, sender=ALICE)
    world.withdraw(batch, tree, 1, receiver.address, ETH, 10)
    assert receiver.called() and not receiver.succeeded()
    assert world.rollup.tokens(BORN)[1] == 0
    world.create_token(batch, tree, *TOKEN)


def test_too_little_gas_creates_nothing(settled):
    world, tree = settled
    with pytest.raises((OutOfGasOrInvalid, Reverted)):
        world.create_token(0, tree, *TOKEN, gas=300_000)
    assert world.rollup.tokens(BORN)[1] == 0
    world.create_token(0, tree, *TOKEN)


def test_it_is_an_ordinary_erc20(settled):
    world, tree = settled
    token = world.create_token(0, tree, *TOKEN)
    world.withdraw(0, tree, 1, ALICE, BORN, 900)
    result = token.transfer(BOB, 100, sender=ALICE)
    assert result.value and result.events == [("Transfer", {"sender": "0x" + ALICE.hex(), "receiver": "0x" + BOB.hex(), "value": 100})]
    with reverts("borntoken: not enough held"):
        token.transfer(BOB, 801, sender=ALICE)
    with reverts("borntoken: receiver is zero"):
        token.transfer(bytes(20), 1, sender=ALICE)
    assert token.transfer(ALICE, 800, sender=ALICE).value and token.balanceOf(ALICE) == 800
    result = token.approve(CAROL, 50, sender=ALICE)
    assert result.events == [("Approval", {"owner": "0x" + ALICE.hex(), "spender": "0x" + CAROL.hex(), "value": 50})]
    with reverts("borntoken: not allowed"):
        token.transferFrom(ALICE, CAROL, 51, sender=CAROL)
    token.transferFrom(ALICE, CAROL, 20, sender=CAROL)
    assert (token.allowance(ALICE, CAROL), token.balanceOf(CAROL)) == (30, 20)
    token.approve(CAROL, 2**256 - 1, sender=ALICE)
    token.transferFrom(ALICE, BOB, 20, sender=CAROL)
    assert token.allowance(ALICE, CAROL) == 2**256 - 1
    assert sum(token.balanceOf(p) for p in (*PEOPLE, world.rollup.address)) == token.totalSupply() == SUPPLY


def test_nobody_has_power_over_it():
    """The ERC-20 functions and nothing else: no minting, burning, pausing, owner."""
    names = {f["name"] for f in compiled(CONTRACTS / "BornToken.vy")["abi"] if f["type"] == "function"}
    assert names == {"name", "symbol", "decimals", "totalSupply", "balanceOf", "allowance", "transfer", "transferFrom", "approve"}
