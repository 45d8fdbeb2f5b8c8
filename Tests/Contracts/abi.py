"""`python abi.py` writes Sources/Contracts/Rollup.abi.json, which the Swift side is written against."""

import json

from evm import CONTRACTS, compiled

FILE = CONTRACTS / "Rollup.abi.json"


def rendered() -> str:
    entries = sorted(compiled(CONTRACTS / "Rollup.vy")["abi"], key=lambda e: (e["type"], e.get("name", "")))
    return "[\n" + ",\n".join(json.dumps(e) for e in entries) + "\n]\n"


if __name__ == "__main__":
    FILE.write_text(rendered())
    print(f"wrote {FILE}")
