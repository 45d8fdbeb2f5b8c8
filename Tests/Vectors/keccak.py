#!/usr/bin/env python3
"""Writes keccak.json: hashes by an independent keccak-256 (PyPI: eth-hash with pycryptodome).

The input of length n is the bytes (7 * i + n) mod 256, i = 0 ... n - 1.
"""

import json
import pathlib

from eth_hash.auto import keccak

LENGTHS = sorted({*range(0, 73), *range(127, 146), 200, 255, 256, 271, 272, 273, 407, 408, 409, 500, 1000, 4096, 16384})

vectors = [{"length": n, "hash": keccak(bytes((7 * i + n) % 256 for i in range(n))).hex()} for n in LENGTHS]
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text("[\n" + ",\n".join("  " + json.dumps(v) for v in vectors) + "\n]\n")
