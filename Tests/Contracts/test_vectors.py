"""The golden vectors on disk are what the reference produces, and the reference agrees with known constants."""

import pytest
from eth_utils import keccak

import reference as ref
import vectors


@pytest.mark.parametrize("name", vectors.ALL)
def test_files_are_current(name):
    assert (vectors.FOLDER / f"{name}.json").read_text() == vectors.rendered(name)


def test_keccak_is_keccak():
    assert keccak(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def test_zero_subtree_of_height_one_is_the_hash_of_two_zero_leaves():
    leaf = keccak(bytes(64))
    assert ref.ZERO_SUBTREES[1] == keccak(leaf + leaf)
    # keccak256 of 64 zero bytes, as printed in countless Solidity sources.
    assert leaf.hex() == "ad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5"


def test_sparse_tree_agrees_with_paths():
    tree = ref.Tree()
    assert tree.root == ref.GENESIS_ROOT
    cells = {5: bytes([1] * 64), 4: bytes([2] * 64), 0x1400_0001: bytes([3] * 64)}
    for index, cell in cells.items():
        tree.set(index, cell)
    for index, cell in cells.items():
        assert ref.root_from_path(index, cell, tree.path(index)) == tree.root
        assert ref.root_from_path(index ^ 1, cell, tree.path(index)) != tree.root
