"""Independent reference of what L1 and L2 must agree on: cells, Merkle tree, inbox messages, EIP-712 digests.

Written from the protocol's tables alone, on Python's keccak; it shares no code with the Swift sources or the contracts.
"""

import hashlib
import struct

from eth_abi import encode
from eth_utils import keccak

TREE_HEIGHT = 29
CELL_BYTES = 64
BALANCE_CELLS_START, BALANCE_CELLS_END = 0x1000_0000, 0x1400_0000
WITHDRAWAL_CELLS_START, WITHDRAWAL_CELLS_END = 0x1400_0000, 0x1800_0000
WITHDRAWAL_SLOTS = 2**26
TOKEN_CELLS_START = 0x4000
# What a record is paid under is its id; a balance, this number and the index of its cell.
BALANCE_PAYOUTS = 2**64

ZERO_CELL = bytes(CELL_BYTES)
ZERO_ADDRESS = bytes(20)

DEPOSIT, TOKEN_LISTED, MARKET_LISTED, FEE_TIER_SET, FORCED, MARKET_FEES_SET = 1, 2, 3, 4, 5, 6


# Cells.


def balance_cell(owner: bytes, token: int, free: int, locked: int, account: int) -> bytes:
    """Balance: owner[20] | token u32 | free u64 | locked u64 | account u32 | zero[20]."""
    return struct.pack("<20sIQQI20x", owner, token, free, locked, account)


def withdrawal_cell(owner: bytes, token: int, amount: int, identifier: int, block: int) -> bytes:
    """Withdrawal: owner[20] | token u32 | amount u64 | id u64 | block u64 | zero[16]."""
    return struct.pack("<20sIQQQ16x", owner, token, amount, identifier, block)


def withdrawal_index(identifier: int) -> int:
    """Where the record lies: they go round in their region; there is none with the id 0."""
    assert 0 < identifier < 2**64
    return WITHDRAWAL_CELLS_START + identifier % WITHDRAWAL_SLOTS


def token_cell(l1_address: bytes, identifier: int, supply: int, decimals: int, unit_exponent: int, symbol: bytes) -> bytes:
    """Token: L1 address[20] | id u32 | supply u64 (0: listed from L1) | decimals u32 | unit exponent u32 | symbol[16] | zero[8]."""
    return struct.pack("<20sIQII16s8x", l1_address, identifier, supply, decimals, unit_exponent, symbol)


# Merkle tree.


def node(left: bytes, right: bytes) -> bytes:
    return keccak(left + right)


def zero_subtrees() -> list[bytes]:
    """Roots of all-zero subtrees of height 0 (one cell) to TREE_HEIGHT."""
    roots = [keccak(ZERO_CELL)]
    for _ in range(TREE_HEIGHT):
        roots.append(node(roots[-1], roots[-1]))
    return roots


ZERO_SUBTREES = zero_subtrees()
GENESIS_ROOT = ZERO_SUBTREES[TREE_HEIGHT]


class Tree:
    """A sparse binary Merkle tree over 2^29 cells: every node that is not all zero is kept, by (height, index)."""

    def __init__(self, cells: dict[int, bytes] | None = None):
        self.nodes: dict[tuple[int, int], bytes] = {}
        for index, cell in (cells or {}).items():
            self.set(index, cell)

    def _get(self, height: int, index: int) -> bytes:
        return self.nodes.get((height, index), ZERO_SUBTREES[height])

    def set(self, index: int, cell: bytes) -> None:
        assert 0 <= index < 1 << TREE_HEIGHT and len(cell) == CELL_BYTES
        self.nodes[0, index] = keccak(cell)
        for height in range(1, TREE_HEIGHT + 1):
            index >>= 1
            self.nodes[height, index] = node(self._get(height - 1, 2 * index), self._get(height - 1, 2 * index + 1))

    @property
    def root(self) -> bytes:
        return self._get(TREE_HEIGHT, 0)

    def path(self, index: int) -> list[bytes]:
        """The 29 siblings of a cell, from the leaf up."""
        return [self._get(height, (index >> height) ^ 1) for height in range(TREE_HEIGHT)]


    def multiproof(self, indices: list[int], height: int = TREE_HEIGHT, index: int = 0) -> list[bytes]:
        """The siblings that prove the cells at `indices` together, in the order in which folding from left to right and up needs them."""
        if height == 0:
            return []
        middle = (2 * index + 1) << (height - 1)
        left, right = [i for i in indices if i < middle], [i for i in indices if i >= middle]
        siblings = []
        if left:
            siblings += self.multiproof(left, height - 1, 2 * index)
        if right:
            siblings += self.multiproof(right, height - 1, 2 * index + 1)
        if not left or not right:
            siblings.append(self._get(height - 1, 2 * index + (0 if right else 1)))
        return siblings


def root_from_multiproof(cells: list[tuple[int, bytes]], siblings: list[bytes]) -> bytes | None:
    """The root that (index, cell) pairs and their siblings give, by recursion from the root down; None if the cells are not in order, outside of
    the tree, or the siblings not as many as it takes."""
    indices, rest = [i for i, _ in cells], list(siblings)
    if not cells or indices != sorted(set(indices)) or indices[-1] >> TREE_HEIGHT:
        return None

    def fold(height: int, index: int, cells: list[tuple[int, bytes]]) -> bytes:
        if height == 0:
            return keccak(cells[0][1])
        middle = (2 * index + 1) << (height - 1)
        sides = [[c for c in cells if c[0] < middle], [c for c in cells if c[0] >= middle]]
        hashes = [fold(height - 1, 2 * index + side, mine) if mine else None for side, mine in enumerate(sides)]
        return node(*[rest.pop(0) if h is None else h for h in hashes])

    try:
        root = fold(TREE_HEIGHT, 0, cells)
    except IndexError:
        return None
    return None if rest else root


def root_from_path(index: int, cell: bytes, path: list[bytes]) -> bytes:
    value = keccak(cell)
    for height, sibling in enumerate(path):
        value = node(sibling, value) if index >> height & 1 else node(value, sibling)
    return value


# Inbox.


def inbox_message(kind: int, a: int, b: int, c: int, d: int) -> bytes:
    return encode(["uint256"] * 5, [kind, a, b, c, d])


def deposit_message(owner: bytes, token: int, atoms: int) -> bytes:
    return inbox_message(DEPOSIT, int.from_bytes(owner, "big"), token, atoms, 0)


def token_listed_message(l1_address: bytes, token: int, decimals: int, unit_exponent: int, symbol: bytes) -> bytes:
    return inbox_message(
        TOKEN_LISTED,
        int.from_bytes(l1_address, "big"),
        token,
        decimals | unit_exponent << 8,
        int.from_bytes(symbol.ljust(32, b"\0"), "big"),
    )


def market_listed_message(
    fee_owner: bytes, market: int, base: int, quote: int, lot_exponent: int, maker_bps: int, taker_bps: int,
    opens_at_ms: int = 0, reference_price: int = 0,
) -> bytes:
    packed = base | quote << 32 | lot_exponent << 64 | maker_bps << 72 | taker_bps << 88
    return inbox_message(MARKET_LISTED, int.from_bytes(fee_owner, "big"), market, packed, opens_at_ms | reference_price << 64)


def fee_tier_message(owner: bytes, tier: int) -> bytes:
    return inbox_message(FEE_TIER_SET, int.from_bytes(owner, "big"), tier, 0, 0)


def forced_message(sender: bytes, payload: bytes) -> bytes:
    """The payload's bytes follow each other through the words b, c and d, the rest of which is zero."""
    words = [int.from_bytes(payload[i : i + 32].ljust(32, b"\0"), "big") for i in (0, 32, 64)]
    return inbox_message(FORCED, int.from_bytes(sender, "big") | len(payload) << 160, *words)


def market_fees_message(market: int, maker_bps: int, taker_bps: int) -> bytes:
    return inbox_message(MARKET_FEES_SET, 0, market, maker_bps | taker_bps << 16, 0)


def chain(previous: bytes, item: bytes) -> bytes:
    """One step of the inbox accumulator and of the commands root: keccak256(previous || keccak256(item))."""
    return keccak(previous + keccak(item))


def accumulate(items: list[bytes]) -> bytes:
    value = bytes(32)
    for item in items:
        value = chain(value, item)
    return value


# EIP-712.

DOMAIN_TYPE = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
COMMANDS_TYPE = b"Commands(uint64 nonce,bytes payload)"
HEADER_TYPE = (
    b"BlockHeader(uint64 number,bytes32 parentHash,bytes32 stateRoot,bytes32 commandsRoot,"
    b"uint64 inboxCursor,uint64 timeMs,uint64 l1Origin)"
)


def domain_separator(chain_id: int, rollup: bytes) -> bytes:
    return keccak(
        encode(
            ["bytes32", "bytes32", "bytes32", "uint256", "address"],
            [keccak(DOMAIN_TYPE), keccak(b"Memex"), keccak(b"1"), chain_id, rollup],
        )
    )


def commands_struct_hash(nonce: int, payload: bytes) -> bytes:
    return keccak(encode(["bytes32", "uint64", "bytes32"], [keccak(COMMANDS_TYPE), nonce, keccak(payload)]))


def header_struct_hash(header: dict) -> bytes:
    return keccak(
        encode(
            ["bytes32", "uint64", "bytes32", "bytes32", "bytes32", "uint64", "uint64", "uint64"],
            [
                keccak(HEADER_TYPE),
                header["number"],
                header["parentHash"],
                header["stateRoot"],
                header["commandsRoot"],
                header["inboxCursor"],
                header["timeMs"],
                header["l1Origin"],
            ],
        )
    )


def digest(separator: bytes, struct_hash: bytes) -> bytes:
    return keccak(b"\x19\x01" + separator + struct_hash)


def envelope(signer: bytes, nonce: int, signature: bytes, payload: bytes) -> bytes:
    """A signed command batch: signer[20] | nonce u64 | signature r||s [64] | payload."""
    return signer + struct.pack("<Q", nonce) + signature + payload


# Posted batches.


BLOB_BYTES, ELEMENT_BYTES = 2**17, 32
BATCH_BYTES_MAX = BLOB_BYTES // ELEMENT_BYTES * (ELEMENT_BYTES - 1)


def blob(batch: bytes) -> bytes:
    """The blob that carries a batch: 31 bytes an element, behind a zero byte, so that each is below the field's modulus."""
    assert 1 <= len(batch) <= BATCH_BYTES_MAX
    elements = [batch[i : i + ELEMENT_BYTES - 1] for i in range(0, len(batch), ELEMENT_BYTES - 1)]
    return b"".join(b"\0" + e.ljust(ELEMENT_BYTES - 1, b"\0") for e in elements).ljust(BLOB_BYTES, b"\0")


def batch_in_blob(blob: bytes, size: int) -> bytes:
    """The batch in any blob: the first byte of an element says nothing."""
    assert len(blob) == BLOB_BYTES and 1 <= size <= BATCH_BYTES_MAX
    return b"".join(blob[i + 1 : i + ELEMENT_BYTES] for i in range(0, BLOB_BYTES, ELEMENT_BYTES))[:size]


def versioned_hash(commitment: bytes) -> bytes:
    """What L1 calls a blob by: version 1 (KZG), then the last 31 bytes of SHA-256 of its commitment."""
    return b"\1" + hashlib.sha256(commitment).digest()[1:]


def chain_batch(
    previous: bytes, number: int, inbox_end: int, accumulator: bytes, first_ms: int, last_ms: int, data_hash: bytes, blob_size: int = 0
) -> bytes:
    """The batch chain of the rollup contract: batch n commits to batch n-1, its inbox messages, times and bytes: keccak256 of the bytes
    and 0, or the versioned hash of a blob and how many of its bytes count."""
    return keccak(
        encode(
            ["bytes32", "uint256", "uint256", "bytes32", "uint256", "uint256", "bytes32", "uint256"],
            [previous, number, inbox_end, accumulator, first_ms, last_ms, data_hash, blob_size],
        )
    )
