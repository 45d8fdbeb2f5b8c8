"""Writes inputs for libFuzzer to start from: python seeds.py OUT. They come from the protocol page, the golden vectors and the conformance table."""

import json
import pathlib
import re
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "Conformance"))

from cases import cases  # noqa: E402
from handshakes import handshakes  # noqa: E402

OUT = pathlib.Path(sys.argv[1])
PAGE = (ROOT / "Sources/Node/Gateway/Gateway.docc/Protocol.md").read_text()


def put(target, name, data):
    folder = OUT / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


for number, handshake in enumerate(handshakes()):
    put("upgrade", f"handshake-{number}", handshake.send)
for number, case in enumerate(cases()):
    if len(case.send) < 2000:
        put("frames", f"case-{number}", b"\x03" + case.send)
for number, example in enumerate(re.findall(r"^ {4}(?:message +)?((?:[0-9a-f]{2}){4,})\b", PAGE, re.MULTILINE)):
    data = bytes.fromhex(example)
    put("messages" if data[0] < 0x80 else "answers", f"example-{number}", data)
batch = json.loads((ROOT / "Tests/Vectors/batch.json").read_text())
put("batch", "vector", bytes.fromhex(batch["bytes"][2:]))
envelope = bytes.fromhex(batch["blocks"][0]["envelopes"][0][2:])
row = struct.pack("<IIQQQ", 1, 24, 1, 2, 3) + struct.pack("<II", 2, len(envelope)) + envelope + bytes(-len(envelope) % 8) + struct.pack("<IIQ", 3, 8, 1)
put("journal", "row", row)
put("log", "edits", b"\0" + struct.pack("<HBHB", 700, 1, 2048, 255))
opening = struct.pack("<IBBHIIQQQ", 40, 4, 0, 0, 0, 0, 0, 1, 0)
result = struct.pack("<IBBHIIQ", 88, 1, 0, 0, 0, 0, 0) + struct.pack("<QQQIHH20sIQ", 1, 1, 5, 0, 0, 0, bytes(20), 0, 9)
put("log", "records", b"\1" + opening + result)
