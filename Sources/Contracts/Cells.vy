# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Cells of the exchange's state and their Merkle paths
@license Apache-2.0
@notice The state is 2 ** 29 cells of 64 bytes. Its root is a binary Merkle root of height 29: a leaf is keccak256 of a cell,
        a node is keccak256(left || right).
@dev Cells hold little-endian integers. They are re-encoded here from values, never taken as bytes from a caller:

         balance    | owner[20] | token u32 | free u64   | locked u64 | account u32 | 20 zero bytes
         withdrawal | owner[20] | token u32 | amount u64 | id u64     | block u64   | 16 zero bytes

     Leaf and node hash both take 64 bytes, so a node could pass for a leaf if paths had any length. They have one: 29.
     snekmate's Merkle module does not fit, as it sorts the two children of a node and so loses the position.
"""


# @dev Height of the tree, and number of hashes in a path.
HEIGHT: constant(uint256) = 29

# @dev Cell indices of the two regions that L1 reads: 0x1000_0000, 0x1400_0000, 0x1800_0000.
BALANCES_START: constant(uint256) = 268_435_456
BALANCES_END: constant(uint256) = 335_544_320
WITHDRAWALS_START: constant(uint256) = 335_544_320
WITHDRAWALS_END: constant(uint256) = 402_653_184

# @dev Masks of `_swapped`: every other byte, every other pair of bytes, the lower half.
_BYTES: constant(uint256) = 255 * (1 + 2 ** 16 + 2 ** 32 + 2 ** 48)
_PAIRS: constant(uint256) = 65_535 * (1 + 2 ** 32)
_HALF: constant(uint256) = 2 ** 32 - 1


@internal
@pure
def _is_balance(index: uint256) -> bool:
    """
    @dev Whether a cell index lies in the region of balances.
    """
    return index >= BALANCES_START and index < BALANCES_END


@internal
@pure
def _is_withdrawal(index: uint256) -> bool:
    """
    @dev Whether a cell index lies in the region of withdrawal records. Slot 0 never holds a record.
    """
    return index > WITHDRAWALS_START and index < WITHDRAWALS_END


@internal
@pure
def _balance_leaf(owner: address, token_id: uint32, free: uint64, locked: uint64, account: uint32) -> bytes32:
    """
    @dev Hash of a balance cell.
    """
    return keccak256(
        concat(
            self._first_half(owner, token_id, free),
            convert((self._swapped(locked) << 192) | (self._swapped(convert(account, uint64)) << 128), bytes32),
        )
    )


@internal
@pure
def _withdrawal_leaf(owner: address, token_id: uint32, amount: uint64, index: uint256, l2_block: uint64) -> bytes32:
    """
    @dev Hash of a withdrawal cell at `index`, which must lie in its region: the record's id is its slot.
    """
    id: uint64 = convert(index - WITHDRAWALS_START, uint64)
    return keccak256(
        concat(
            self._first_half(owner, token_id, amount),
            convert((self._swapped(id) << 192) | (self._swapped(l2_block) << 128), bytes32),
        )
    )


@internal
@pure
def _root(leaf: bytes32, index: uint256, path: bytes32[HEIGHT]) -> bytes32:
    """
    @dev The root that a leaf and its path give.
    @param leaf Hash of the cell.
    @param index Index of the cell; bit i says whether the node at height i is a right child.
    @param path The siblings, from the leaf up.
    """
    assert index >> HEIGHT == 0, "cells: index out of range"
    hash: bytes32 = leaf
    position: uint256 = index
    for sibling: bytes32 in path:
        if position & 1 == 0:
            hash = keccak256(concat(hash, sibling))
        else:
            hash = keccak256(concat(sibling, hash))
        position >>= 1
    return hash


@internal
@pure
def _first_half(owner: address, token_id: uint32, amount: uint64) -> bytes32:
    """
    @dev The first 32 bytes of both kinds of cell: owner[20] | token u32 | amount u64.
    """
    return convert(
        (convert(owner, uint256) << 96)
        # The token's four bytes are the upper half of its eight swapped ones.
        | ((self._swapped(convert(token_id, uint64)) >> 32) << 64)
        | self._swapped(amount),
        bytes32,
    )


@internal
@pure
def _swapped(number: uint64) -> uint256:
    """
    @dev The eight bytes of a number in the opposite order: little-endian when read as big-endian.
    """
    x: uint256 = convert(number, uint256)
    x = ((x & _BYTES) << 8) | ((x >> 8) & _BYTES)
    x = ((x & _PAIRS) << 16) | ((x >> 16) & _PAIRS)
    return ((x & _HALF) << 32) | (x >> 32)
