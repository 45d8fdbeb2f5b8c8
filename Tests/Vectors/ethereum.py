"""Writes ethereum.json with rlp and eth_abi: what the Swift encoders must reproduce byte for byte.

Run: /work/.venv/bin/python Tests/Vectors/ethereum.py > Tests/Vectors/ethereum.json
"""
import json

import rlp
from eth_abi import encode
from eth_utils import keccak


def hexed(data: bytes) -> str:
    return "0x" + data.hex()


def rlp_json(item):
    return [rlp_json(i) for i in item] if isinstance(item, list) else hexed(item)


RLP_ITEMS = [
    b"", b"\x00", b"\x7f", b"\x80", b"dog", b"a" * 55, b"a" * 56, b"b" * 255, b"b" * 256, b"c" * 7000,
    [], [b"cat", b"dog"], [[], [[]], [[], [[]]]], [b"x" * 54], [b"x" * 55], [b"y" * 1000, [b"z", [b""]]],
]

PATH = [keccak(b"%d" % i) for i in range(29)]
ABI_CASES = [
    (["uint256"], [0]),
    (["uint256"], [2**256 - 1]),
    (["address", "bool", "bytes32"], ["0x" + "ab" * 20, True, keccak(b"word")]),
    (["uint256", "uint256", "uint256", "uint256", "bytes"], [1, 2, 3, 4, b""]),
    (["uint256", "bytes", "uint256"], [7, b"\x01" * 31, 8]),
    (["uint256", "bytes", "uint256"], [7, b"\x01" * 32, 8]),
    (["string", "bytes"], ["rollup: not the sequencer", b"\x02" * 33]),
    (["uint256", "bytes32[29]", "bytes"], [5, PATH, b"\xff"]),
]


def plain(value):
    if isinstance(value, bytes):
        return hexed(value)
    if isinstance(value, bool) or isinstance(value, str):
        return value
    if isinstance(value, list):
        return [plain(v) for v in value]
    return str(value)


print(json.dumps({
    "rlp": [{"item": rlp_json(item), "encoded": hexed(rlp.encode(item))} for item in RLP_ITEMS],
    "abi": [{"types": types, "values": [plain(v) for v in values], "encoded": hexed(encode(types, values))} for types, values in ABI_CASES],
    "selectors": {s: hexed(keccak(s.encode())[:4]) for s in ["transfer(address,uint256)", "deposit_eth(address)"]},
    "revert": hexed(bytes.fromhex("08c379a0") + encode(["string"], ["rollup: not the sequencer"])),
    "panic": hexed(bytes.fromhex("4e487b71") + encode(["uint256"], [0x11])),
}, indent=1))
