"""A devnet of its own for a file of tests, through HTTP as the node uses it."""

import contextlib
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "Deploy"))

from l1.accounts import dev_keys  # noqa: E402
from l1.client import Client  # noqa: E402

ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT / "Deploy")}
(ADDRESS, KEY), (OTHER, OTHER_KEY) = dev_keys(2)


def run(module: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", module, *arguments], env=ENVIRONMENT, capture_output=True, text=True, timeout=120)


@contextlib.contextmanager
def running(folder: pathlib.Path, block_seconds: float) -> Iterator[Client]:
    """Ends the devnet at the end, and checks that it ends well."""
    process = subprocess.Popen(
        [sys.executable, "-m", "l1.devnet", "--port", "0", "--block-seconds", str(block_seconds), "--dir", str(folder)],
        env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    try:
        lines = []
        while not (lines and lines[-1].startswith("devnet ready ")):
            line = process.stdout.readline()
            assert line, f"the devnet ended: {''.join(lines)}"
            lines.append(line)
        _, _, url, _, chain = lines[-1].split()
        assert chain == "1337" and any(KEY in line for line in lines)
        yield Client(url)
    finally:
        process.terminate()
        assert process.wait(timeout=10) == 0
