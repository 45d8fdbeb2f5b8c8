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
         born token | 20 zero bytes | token u32 | supply u64 | decimals u32 | 4 zero bytes | symbol[16] | 8 zero bytes

     The cell of a token lies at TOKENS_START + its id. That of a token listed from L1 is never read.

     Withdrawal records lie in a ring. Their ids are 1, 2, 3 and so on, each given once; the record `id` lies in slot id % WITHDRAWAL_SLOTS,
     where it stays until that many more were written. A batch writes far fewer (it has at most 98,304 signed commands), so the state after
     the batch that wrote a record holds it, whatever comes later.

     Leaf and node hash both take 64 bytes, so a node could pass for a leaf if paths had any length. They have one: 29.
     snekmate's Merkle module does not fit, as it sorts the two children of a node and so loses the position.
"""


# @dev Height of the tree, and number of hashes in a path.
HEIGHT: constant(uint256) = 29

# @dev Cell indices of the two regions that L1 pays: 0x1000_0000, 0x1400_0000.
BALANCES_START: constant(uint256) = 268_435_456
BALANCES_END: constant(uint256) = 335_544_320
WITHDRAWALS_START: constant(uint256) = 335_544_320

# @dev How many withdrawal records a state holds at most: a power of two.
WITHDRAWAL_SLOTS: constant(uint256) = 67_108_864

# @dev Cell index of the first token's cell: 0x4000.
TOKENS_START: constant(uint256) = 16_384

# @dev Masks of `_swapped`: every other byte, every other pair of bytes, every other half of eight bytes.
_BYTES: constant(uint256) = 255 * (1 + 2 ** 16 + 2 ** 32 + 2 ** 48) * (1 + 2 ** 64) * (1 + 2 ** 128)
_PAIRS: constant(uint256) = 65_535 * (1 + 2 ** 32) * (1 + 2 ** 64) * (1 + 2 ** 128)
_HALVES: constant(uint256) = (2 ** 32 - 1) * (1 + 2 ** 64) * (1 + 2 ** 128)

# @dev Where the token and the first number stand in a cell's first 32 bytes.
_TOKEN: constant(uint256) = (2 ** 32 - 1) << 64
_LOWEST: constant(uint256) = 2 ** 64 - 1


@internal
@pure
def _is_balance(index: uint256) -> bool:
    """
    @dev Whether a cell index lies in the region of balances.
    """
    return index >= BALANCES_START and index < BALANCES_END


@internal
@pure
def _withdrawal_index(id: uint64) -> uint256:
    """
    @dev Index of the cell in which the withdrawal record `id` lies. There is no record 0: cells never written have that id.
    """
    assert id != 0, "cells: no such record"
    return WITHDRAWALS_START + (convert(id, uint256) & (WITHDRAWAL_SLOTS - 1))


@internal
@pure
def _balance_leaf(owner: address, token_id: uint32, free: uint64, locked: uint64, account: uint32) -> bytes32:
    """
    @dev Hash of a balance cell.
    """
    return self._leaf(owner, token_id, free, locked, convert(account, uint64))


@internal
@pure
def _leaf(owner: address, token_id: uint32, first: uint64, second: uint64, third: uint64) -> bytes32:
    """
    @dev Hash of a withdrawal cell, or of a balance cell: owner[20] | token u32 | first u64 | second u64 | third u64 | 16 zero bytes. A balance's account
         is its third number: the four bytes behind it are zero.
    """
    numbers: uint256 = self._swapped(
        (convert(second, uint256) << 192)
        | (convert(third, uint256) << 128)
        | (convert(token_id, uint256) << 64)
        | convert(first, uint256)
    )
    return keccak256(
        abi_encode(
            # The token's four bytes are the upper half of its eight swapped ones.
            (convert(owner, uint256) << 96) | ((numbers >> 32) & _TOKEN) | (numbers & _LOWEST),
            (numbers >> 128) << 128,
        )
    )


@internal
@pure
def _token_leaf(token_id: uint32, supply: uint64, decimals: uint8, symbol: bytes16) -> bytes32:
    """
    @dev Hash of the cell of a token born on the exchange: no L1 address, one L1 unit in an atom.
    """
    numbers: uint256 = self._swapped(
        (convert(decimals, uint256) << 192) | (convert(token_id, uint256) << 64) | convert(supply, uint256)
    )
    return keccak256(
        abi_encode(
            ((numbers >> 32) & _TOKEN) | (numbers & _LOWEST),
            ((numbers >> 192) << 192) | (convert(symbol, uint256) << 64),
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
            hash = keccak256(abi_encode(hash, sibling))
        else:
            hash = keccak256(abi_encode(sibling, hash))
        position >>= 1
    return hash


@internal
@pure
def _swapped(numbers: uint256) -> uint256:
    """
    @dev Each of four numbers of eight bytes with its bytes in the opposite order: little-endian when read as big-endian.
    """
    mask: uint256 = _BYTES
    x: uint256 = ((numbers & mask) << 8) | ((numbers >> 8) & mask)
    mask = _PAIRS
    x = ((x & mask) << 16) | ((x >> 16) & mask)
    mask = _HALVES
    return ((x & mask) << 32) | ((x >> 32) & mask)
