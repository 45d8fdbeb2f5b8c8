"""The contract's cells and paths against the golden vectors and the reference."""

import json

import pytest
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

import reference as ref
import vectors
from world import *


@pytest.fixture(scope="module")
def harness(prepared):
    world, saved = prepared
    world.evm.load(saved)
    contract = world.evm.deploy(LISTER, ACTORS / "CellsHarness.vy")
    return contract, world.evm.save()


@pytest.fixture
def cells(harness, prepared):
    contract, saved = harness
    prepared[0].evm.load(saved)
    return contract


def load(name):
    return json.loads((vectors.FOLDER / f"{name}.json").read_text())


def test_balance_vectors(cells):
    for v in load("cells")["balances"]:
        leaf = cells.balance_leaf(address(v["owner"]), v["token"], v["free"], v["locked"], v["account"])
        assert leaf == bytes.fromhex(v["leaf"][2:])


def test_withdrawal_vectors(cells):
    for v in load("cells")["withdrawals"]:
        leaf = cells.withdrawal_leaf(address(v["owner"]), v["token"], v["amount"], v["id"], v["block"])
        assert leaf == bytes.fromhex(v["leaf"][2:])
        assert cells.withdrawal_index(v["id"]) == v["index"]


def test_records_go_round_in_their_region(cells):
    slots, start = ref.WITHDRAWAL_SLOTS, ref.WITHDRAWAL_CELLS_START
    for id, slot in ((1, 1), (slots - 1, slots - 1), (slots, 0), (slots + 1, 1), (2**64 - 1, slots - 1)):
        assert cells.withdrawal_index(id) == start + slot == ref.withdrawal_index(id)
    with reverts("cells: no such record"):
        cells.withdrawal_index(0)


def test_born_token_vectors(cells):
    born = [v for v in load("cells")["tokens"] if v["supply"]]
    assert born
    for v in born:
        leaf = cells.token_leaf(v["id"], v["supply"], v["decimals"], v["symbol"].encode().ljust(16, b"\0"))
        assert leaf == bytes.fromhex(v["leaf"][2:])


def test_path_vectors(cells):
    tree = load("merkle")
    for v in tree["paths"]:
        path = [bytes.fromhex(h[2:]) for h in v["path"]]
        assert cells.root(keccak(bytes.fromhex(v["cell"][2:])), v["index"], path) == bytes.fromhex(tree["root"][2:])


def test_an_index_beyond_the_tree_is_refused(cells):
    for index in (1 << 29, 1 << 200):
        with reverts("cells: index out of range"):
            cells.root(bytes(32), index, [bytes(32)] * 29)


u64, u32, address20 = st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1), st.binary(min_size=20, max_size=20)


def test_random_cells(cells):
    @settings(max_examples=60, deadline=None)
    @given(address20, u32, u64, u64, u32, st.integers(1, 2**64 - 1))
    def check(owner, token, a, b, account, id):
        assert cells.balance_leaf(owner, token, a, b, account) == keccak(ref.balance_cell(owner, token, a, b, account))
        assert cells.withdrawal_index(id) == ref.withdrawal_index(id)
        assert cells.withdrawal_leaf(owner, token, a, id, b) == keccak(ref.withdrawal_cell(owner, token, a, id, b))
        decimals, symbol = account % 256, owner[:16]
        assert cells.token_leaf(token, a, decimals, symbol) == keccak(ref.token_cell(bytes(20), token, a, decimals, 0, symbol))

    check()


def test_random_paths(cells):
    @settings(max_examples=60, deadline=None)
    @given(st.binary(min_size=64, max_size=64), st.integers(0, 2**29 - 1), st.binary(min_size=32, max_size=32))
    def check(cell, index, seed):
        path = [keccak(seed + bytes([i])) for i in range(29)]
        assert cells.root(keccak(cell), index, path) == ref.root_from_path(index, cell, path)

    check()
