"""Golden vectors shared by the contracts' tests and the Swift tests: `python vectors.py` writes ../Vectors/*.json.

Signatures come from eth_account, hashes from Python's keccak. `test_vectors.py` checks that the files are current.
"""

import json
import pathlib
import struct

from eth_abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak, to_checksum_address

import reference as ref
import reference_batch
import vectors_blobs

FOLDER = pathlib.Path(__file__).parent.parent / "Vectors"
CHAIN_ID = 1337
ROLLUP = bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3")
KEY = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
OWNER = bytes.fromhex("f39fd6e51aad88f6f4ce6ab8827279cfffb92266")
OTHER = bytes.fromhex("70997970c51812dc3a010c7d01b50e0d17dc79c8")
TOKEN = bytes.fromhex("e7f1725e7734ce288f8367e1bb143e90bb3f0512")
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def cells() -> dict:
    top = 2**63 - 1
    balances = [
        (OWNER, 1, 0, 0, 1),
        (OWNER, 2, 123_456_789_012, 987_654_321, 7),
        (OTHER, 4095, top, 0, 2**20 - 1),
        (OTHER, 3, 0x0102030405060708, 0x1112131415161718, 0x01020304),
    ]
    withdrawals = [(OWNER, 1, 1, 1, 1), (OTHER, 4095, top, 2**26 - 1, 2**40 + 3), (OWNER, 2, 0x0102030405060708, 77, 0x1112131415161718),
                   (OTHER, 1, 5, 2**26, 9), (OWNER, 1, 6, 2**26 + 1, 10), (OTHER, 2, 7, 0x2122232425262728, 11), (OWNER, 2, 8, 2**64 - 1, 2**64 - 1)]
    tokens = [
        (ref.ZERO_ADDRESS, 1, 0, 9, 9, b"ETH"),
        (TOKEN, 2, 0, 6, 0, b"USDT"),
        (TOKEN, 2047, 0, 3, 15, b"SIXTEENCHARACTER"),
        (ref.ZERO_ADDRESS, 2048, 0x0102030405060708, 6, 0, b"BORN"),
        (ref.ZERO_ADDRESS, 4095, top, 18, 0, b"~SIXTEEN!BORN!!~"),
    ]

    def with_cell(fields: dict, cell: bytes) -> dict:
        return fields | {"cell": _hex(cell), "leaf": _hex(keccak(cell))}

    return {
        "balances": [
            with_cell({"owner": _hex(o), "token": t, "free": f, "locked": l, "account": a}, ref.balance_cell(o, t, f, l, a))
            for o, t, f, l, a in balances
        ],
        "withdrawals": [
            with_cell(
                {"owner": _hex(o), "token": t, "amount": m, "id": i, "block": b, "index": ref.withdrawal_index(i)},
                ref.withdrawal_cell(o, t, m, i, b),
            )
            for o, t, m, i, b in withdrawals
        ],
        "tokens": [
            with_cell(
                {"l1Address": _hex(a), "id": i, "supply": n, "decimals": d, "unitExponent": u, "symbol": s.decode()},
                ref.token_cell(a, i, n, d, u, s),
            )
            for a, i, n, d, u, s in tokens
        ],
    }


def merkle() -> dict:
    written = {
        0: struct.pack("<8Q", 3, 1_700_000_000_250, 5, 2, 4, 0, 0, 0),
        ref.TOKEN_CELLS_START + 1: ref.token_cell(ref.ZERO_ADDRESS, 1, 0, 9, 9, b"ETH"),
        ref.TOKEN_CELLS_START + 2: ref.token_cell(TOKEN, 2, 0, 6, 0, b"USDT"),
        ref.TOKEN_CELLS_START + 2048: ref.token_cell(ref.ZERO_ADDRESS, 2048, 10**15, 6, 0, b"BORN"),
        ref.BALANCE_CELLS_START + 17: ref.balance_cell(OWNER, 1, 600, 300, 1),
        ref.BALANCE_CELLS_START + 18: ref.balance_cell(OWNER, 2, 2_000, 0, 1),
        ref.BALANCE_CELLS_END - 1: ref.balance_cell(OTHER, 1, 100, 0, 2),
        ref.WITHDRAWAL_CELLS_START + 1: ref.withdrawal_cell(OWNER, 1, 55, 1, 2),
        ref.WITHDRAWAL_CELLS_START + 2: ref.withdrawal_cell(OTHER, 2, 66, 2, 3),
        (1 << ref.TREE_HEIGHT) - 1: bytes(range(64)),
    }
    tree = ref.Tree()
    steps = []
    for index, cell in written.items():
        tree.set(index, cell)
        steps.append({"index": index, "cell": _hex(cell), "rootAfter": _hex(tree.root)})
    asked = list(written) + [1, ref.BALANCE_CELLS_START + 16, ref.WITHDRAWAL_CELLS_START + 3]
    paths = []
    for index in asked:
        cell = written.get(index, ref.ZERO_CELL)
        path = tree.path(index)
        assert ref.root_from_path(index, cell, path) == tree.root
        paths.append({"index": index, "cell": _hex(cell), "path": [_hex(h) for h in path]})
    multiproofs = []
    start = ref.WITHDRAWAL_CELLS_START
    for indices in ([start + 1], [start + 1, start + 2], [start + 2, start + 3], sorted(asked), [ref.BALANCE_CELLS_START + 17, start + 2]):
        siblings = tree.multiproof(indices)
        assert ref.root_from_multiproof([(i, written.get(i, ref.ZERO_CELL)) for i in indices], siblings) == tree.root
        multiproofs.append({"indices": indices, "siblings": [_hex(h) for h in siblings]})
    return {
        "height": ref.TREE_HEIGHT,
        "zeroSubtrees": [_hex(h) for h in ref.ZERO_SUBTREES],
        "genesisRoot": _hex(ref.GENESIS_ROOT),
        "writes": steps,
        "root": _hex(tree.root),
        "paths": paths,
        "multiproofs": multiproofs,
        "payMany": pay_many(tree),
    }


def pay_many(tree: ref.Tree) -> dict:
    """The call that pays two balances and two records of `merkle`'s tree under batch 7."""
    cells = [
        (ref.BALANCE_CELLS_START + 17, OWNER, 1, 600, 300, 1),
        (ref.BALANCE_CELLS_START + 18, OWNER, 2, 2_000, 0, 1),
        (ref.WITHDRAWAL_CELLS_START + 1, OWNER, 1, 55, 1, 2),
        (ref.WITHDRAWAL_CELLS_START + 2, OTHER, 2, 66, 2, 3),
    ]
    types = ["uint256", "(uint256,address,uint32,uint64,uint64,uint64)[]", "bytes32[]"]
    selector = keccak(f"pay_many({','.join(types)})".encode())[:4]
    data = selector + encode(types, [7, cells, tree.multiproof([c[0] for c in cells])])
    return {"batch": 7, "indices": [c[0] for c in cells], "callData": _hex(data)}


def inbox() -> dict:
    messages = [
        ("tokenListed", {"l1Address": _hex(ref.ZERO_ADDRESS), "token": 1, "decimals": 9, "unitExponent": 9, "symbol": "ETH"},
         ref.token_listed_message(ref.ZERO_ADDRESS, 1, 9, 9, b"ETH")),
        ("tokenListed", {"l1Address": _hex(TOKEN), "token": 2, "decimals": 3, "unitExponent": 15, "symbol": "PEPE"},
         ref.token_listed_message(TOKEN, 2, 3, 15, b"PEPE")),
        ("marketListed",
         {"feeOwner": _hex(OTHER), "market": 1, "base": 2, "quote": 1, "lotExponent": 6, "makerBps": 1, "takerBps": 5},
         ref.market_listed_message(OTHER, 1, 2, 1, 6, 1, 5)),
        ("deposit", {"owner": _hex(OWNER), "token": 1, "atoms": 12_000_000_000}, ref.deposit_message(OWNER, 1, 12_000_000_000)),
        ("deposit", {"owner": _hex(OTHER), "token": 2, "atoms": 2**63 - 1}, ref.deposit_message(OTHER, 2, 2**63 - 1)),
        ("marketListed",
         {"feeOwner": _hex(OTHER), "market": 2, "base": 2, "quote": 1, "lotExponent": 6, "makerBps": 1, "takerBps": 5,
          "opensAtMs": 1_800_000_000_000, "referencePrice": 1_892_500},
         ref.market_listed_message(OTHER, 2, 2, 1, 6, 1, 5, 1_800_000_000_000, 1_892_500)),
        ("feeTierSet", {"owner": _hex(OWNER), "tier": 3}, ref.fee_tier_message(OWNER, 3)),
        *(
            ("forced", {"sender": _hex(OTHER), "payload": _hex(payload)}, ref.forced_message(OTHER, payload))
            for payload in (b"\x0a\x00\x00\x00" + struct.pack("<BBHIQ", 4, 0, 0, 2, 2**64 - 1), b"\xff", bytes(range(96)))
        ),
        ("marketFeesSet", {"market": 2, "makerBps": 3, "takerBps": 100}, ref.market_fees_message(2, 3, 100)),
    ]
    accumulator = bytes(32)
    out = []
    for kind, fields, message in messages:
        accumulator = ref.chain(accumulator, message)
        out.append({"kind": kind} | fields | {"message": _hex(message), "hash": _hex(keccak(message)), "accumulator": _hex(accumulator)})
    return {"messages": out}


def _sign(message) -> dict:
    signed = Account.sign_message(message, KEY)
    high_s = CURVE_ORDER - signed.s
    return {
        "signature": _hex(signed.r.to_bytes(32, "big") + signed.s.to_bytes(32, "big")),
        "v": signed.v,
        "highSSignature": _hex(signed.r.to_bytes(32, "big") + high_s.to_bytes(32, "big")),
    }


def _typed(name: str, fields: list[tuple[str, str]], values: dict):
    return encode_typed_data(
        full_message={
            "types": {
                "EIP712Domain": [
                    {"name": "name", "type": "string"},
                    {"name": "version", "type": "string"},
                    {"name": "chainId", "type": "uint256"},
                    {"name": "verifyingContract", "type": "address"},
                ],
                name: [{"name": n, "type": t} for n, t in fields],
            },
            "primaryType": name,
            "domain": {"name": "Memex", "version": "1", "chainId": CHAIN_ID, "verifyingContract": to_checksum_address(ROLLUP)},
            "message": values,
        }
    )


def commands() -> list[tuple[str, bytes]]:
    """One command of each kind, as its bytes."""
    return [
        ("place buy GTC market 1 code 123456 lots 10 client id 42", struct.pack("<BBHIQQ", 1, 0, 1, 123_456, 10, 42)),
        ("place sell IOC market 2 code 3239999 lots 1", struct.pack("<BBHIQQ", 1, 0b011, 2, 3_239_999, 1, 0)),
        ("place sell post-only market 1 code 0 lots 2^40", struct.pack("<BBHIQQ", 1, 0b101, 1, 0, 2**40, 7)),
        ("cancel market 1 order 0x0000000100000005", struct.pack("<BBHQ", 2, 0, 1, 0x0000000100000005)),
        ("cancel market 1 client id 42", struct.pack("<BBHQ", 3, 0, 1, 42)),
        ("withdraw token 1 amount 1000", struct.pack("<BBHIQ", 4, 0, 0, 1, 1000)),
        ("approve agent until 1800000000000", struct.pack("<BBH20sQ", 5, 0, 0, OTHER, 1_800_000_000_000)),
        ("revoke agent", struct.pack("<BBH20s", 6, 0, 0, OTHER)),
        ("place until buy fill-or-kill, cancel maker", struct.pack("<BBHIQQQ", 7, 0b010110, 1, 123_456, 10, 42, 1_800_000_000_000)),
        ("place trigger sell market, decrement, at or above 1892500",
         struct.pack("<BBHIQQQII", 8, 0b1111001, 1, 123_456, 10, 42, 0, 1_892_500, 0)),
        ("modify market 1 order 0x0000000100000005", struct.pack("<BBHIQQ", 9, 0, 1, 123_456, 10, 0x0000000100000005)),
        ("cancel all sells of market 3", struct.pack("<BBH", 10, 2, 3)),
        ("schedule cancel at 1800000000000", struct.pack("<BBHQ", 11, 0, 0, 1_800_000_000_000)),
        ("cancel on disconnect", struct.pack("<BBH", 12, 1, 0)),
        ("use account 9", struct.pack("<BBHI", 14, 0, 0, 9)),
        ("open sub-account", struct.pack("<BBH", 15, 0, 0)),
        ("transfer token 1 amount 1000 to account 9", struct.pack("<BBHIQI", 16, 0, 0, 1, 1000, 9)),
        ("create token BORN with 6 decimals and supply 10^15", struct.pack("<BBHQ16s", 17, 6, 0, 10**15, b"BORN")),
    ]


def signing() -> dict:
    separator = ref.domain_separator(CHAIN_ID, ROLLUP)
    singles = commands()
    payloads = [b"", *(c for _, c in singles), b"".join(c for _, c in singles), bytes(range(256)) * 64]
    batches, envelopes = [], []
    for i, payload in enumerate(payloads):
        nonce = 1_700_000_000_000 + i
        message = _typed("Commands", [("nonce", "uint64"), ("payload", "bytes")], {"nonce": nonce, "payload": payload})
        struct_hash = ref.commands_struct_hash(nonce, payload)
        assert message.body == struct_hash and message.header == separator
        signed = _sign(message)
        envelope = ref.envelope(OWNER, nonce, bytes.fromhex(signed["signature"][2:]), payload)
        envelopes.append(envelope)
        batches.append(
            {"nonce": nonce, "payload": _hex(payload), "structHash": _hex(struct_hash), "digest": _hex(ref.digest(separator, struct_hash))}
            | signed
            | {"envelope": _hex(envelope)}
        )
    fields = [
        ("number", "uint64"), ("parentHash", "bytes32"), ("stateRoot", "bytes32"), ("commandsRoot", "bytes32"),
        ("inboxCursor", "uint64"), ("timeMs", "uint64"), ("l1Origin", "uint64"),
    ]
    headers, parent = [], bytes(32)
    for number, roots in enumerate([(ref.GENESIS_ROOT, bytes(32)), (keccak(b"state"), ref.accumulate(envelopes))], start=1):
        header = {
            "number": number, "parentHash": parent, "stateRoot": roots[0], "commandsRoot": roots[1],
            "inboxCursor": 3 * number, "timeMs": 1_700_000_000_000 + 250 * number, "l1Origin": 18_000_000 + number,
        }
        message = _typed("BlockHeader", fields, header)
        parent = ref.header_struct_hash(header)
        assert message.body == parent
        headers.append(
            {k: _hex(v) if isinstance(v, bytes) else v for k, v in header.items()}
            | {"hash": _hex(parent), "digest": _hex(ref.digest(separator, parent))}
            | _sign(message)
        )
    return {
        "chainId": CHAIN_ID,
        "verifyingContract": _hex(ROLLUP),
        "domainSeparator": _hex(separator),
        "commandsTypeHash": _hex(keccak(ref.COMMANDS_TYPE)),
        "blockHeaderTypeHash": _hex(keccak(ref.HEADER_TYPE)),
        "privateKey": _hex(KEY),
        "address": _hex(OWNER),
        "commands": [{"meaning": m, "bytes": _hex(c)} for m, c in singles],
        "batches": batches,
        "commandsRoot": _hex(ref.accumulate(envelopes)),
        "headers": headers,
    }


def transactions() -> list[dict]:
    """EIP-1559 transactions for L1, signed by eth_account: what the node's own signer must reproduce."""
    out = []
    for nonce, (value, data) in enumerate([(0, b""), (10**18, bytes.fromhex("a9059cbb") + bytes(64)), (1, bytes(range(256)) * 2)]):
        fields = {
            "chainId": CHAIN_ID, "nonce": nonce, "maxPriorityFeePerGas": 10**9, "maxFeePerGas": 3 * 10**9, "gas": 21_000 + 100_000 * nonce,
            "to": to_checksum_address(ROLLUP), "value": value, "data": data, "type": 2,
        }
        signed = Account.sign_transaction(fields, KEY)
        out.append(fields | {"to": _hex(ROLLUP), "data": _hex(data), "value": str(value), "raw": _hex(signed.raw_transaction), "hash": _hex(signed.hash)})
    return out


def batch() -> dict:
    """Blocks with every kind of command, from two signers, twice over so that differences are small as well; and as a posted batch."""
    singles = [command for _, command in commands()]
    disconnected = ref.envelope(OTHER, 0, bytes(64), struct.pack("<BBH", 13, 0, 0))
    blocks = []
    for index in range(3):
        time_ms = 1_700_000_000_000 + 250 * index
        envelopes = [
            ref.envelope(OWNER, time_ms + 7, bytes([index + 1]) * 64, b"".join(singles)),
            ref.envelope(OTHER, time_ms + 9, bytes([index + 9]) * 64, b"".join(reversed(singles))),
        ]
        blocks.append(
            {"number": 41 + index, "timeMs": time_ms, "l1Origin": 18_000_000 + index // 2, "messages": 3 * index}
            | {"envelopes": [envelopes, [], [disconnected, *envelopes]][index]}
        )
    writer = reference_batch.Batch()
    for b in blocks:
        writer.block(b["number"], b["timeMs"], b["l1Origin"], b["messages"], b["envelopes"])
    return {
        "blocks": [b | {"envelopes": [_hex(e) for e in b["envelopes"]]} for b in blocks],
        "bytes": _hex(writer.bytes()),
    }


def blobs() -> dict:
    return vectors_blobs.blobs(KEY, CHAIN_ID, ROLLUP)


ALL = {"batch": batch, "blobs": blobs, "cells": cells, "merkle": merkle, "inbox": inbox, "signing": signing, "transactions": transactions}


def rendered(name: str) -> str:
    return json.dumps(ALL[name](), indent=1) + "\n"


if __name__ == "__main__":
    for name in ALL:
        (FOLDER / f"{name}.json").write_text(rendered(name))
        print(f"wrote {FOLDER / name}.json")
