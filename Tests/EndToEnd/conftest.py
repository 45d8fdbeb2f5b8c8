"""One exchange of real parts for the tests of a session: devnet with py-evm, contracts, memexd with SQLite, TLS sockets."""

import contextlib
import pathlib
import sys
import time
from collections.abc import Iterator

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Deploy"), str(ROOT / "Deploy" / "examples")]

from local.exchange import Exchange  # noqa: E402
from local.traders import fund, make_traders  # noqa: E402

NODE_OPTIONS = ["--batch-age-ms-max", "2000", "--confirmations", "0", "--l1-poll-s", "0.3", "--checkpoint-interval-s", "2", "--batch-keep-days", "0"]


def eventually(is_true, what: str, seconds: float = 60):
    """Asks until the answer is yes."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.2)


@pytest.fixture(scope="session")
def build() -> pathlib.Path:
    folder = ROOT / ".build" / "release"
    assert (folder / "memexd").exists(), "build first: swift build -c release"
    return folder


@contextlib.contextmanager
def deployed(folder: pathlib.Path, build: pathlib.Path) -> Iterator[Exchange]:
    """A devnet with contracts whose claims are final soon, and no node yet; all that runs is stopped at the end."""
    exchange = Exchange(folder, build)
    try:
        exchange.start_devnet()
        exchange.deploy("--challenge-window", "6", "--batch-deadline", "600", "--inbox-deadline", "600")
        yield exchange
    finally:
        exchange.stop()


@pytest.fixture(scope="session")
def exchange(build, tmp_path_factory):
    with deployed(tmp_path_factory.mktemp("exchange"), build) as exchange:
        exchange.start_node(*NODE_OPTIONS)
        yield exchange


def funded(exchange, names: list[str]) -> list:
    """Traders with something of every token."""
    traders = make_traders(exchange, names)
    fund(exchange, traders)
    for trader in traders:
        eventually(lambda: len(exchange.memex("balances", "--owner", trader.address)["balances"]) == 4, "deposits to be credited")
    return traders


@pytest.fixture(scope="session")
def traders(exchange):
    return funded(exchange, ["ann", "bob"])
