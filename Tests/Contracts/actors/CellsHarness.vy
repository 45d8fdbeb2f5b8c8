# pragma version 0.4.3
# pragma evm-version cancun
"""
@title The internal functions of `Cells`, made callable
@license Apache-2.0
@notice Used by tests only.
"""


import Cells


@external
@pure
def balance_leaf(owner: address, token_id: uint32, free: uint64, locked: uint64, account: uint32) -> bytes32:
    return Cells._balance_leaf(owner, token_id, free, locked, account)


@external
@pure
def withdrawal_leaf(owner: address, token_id: uint32, amount: uint64, id: uint64, l2_block: uint64) -> bytes32:
    return Cells._leaf(owner, token_id, amount, id, l2_block)


@external
@pure
def withdrawal_index(id: uint64) -> uint256:
    return Cells._withdrawal_index(id)


@external
@pure
def token_leaf(token_id: uint32, supply: uint64, decimals: uint8, symbol: bytes16) -> bytes32:
    return Cells._token_leaf(token_id, supply, decimals, symbol)


@external
@pure
def root(leaf: bytes32, index: uint256, path: bytes32[29]) -> bytes32:
    return Cells._root(leaf, index, path)
