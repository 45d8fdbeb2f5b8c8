"""What the stories that run a whole exchange on this machine have in common: ``demo`` and ``drill``."""

import argparse
import json
import pathlib
import shutil
import sys
import tempfile
import time

from l1.client import RpcFailure

from .exchange import ROOT, Exchange, ToolFailed
from .ledger import last_claimed_root
from .traders import Trader
from .view import View

SYMBOLS = ["ETH", "USDX", "PEPE", "WIF"]
# Market, first price, largest order in lots: prices ten decades apart.
MARKETS = [(1, "PEPE/USDX", "0.0000000012", 50), (2, "WIF/USDX", "12.5", 400)]
FEE_ACCOUNT = 2
CHALLENGE_SECONDS = 6
DEADLINE_SECONDS = 600
LATE_DEPOSIT = ("USDX", "77.5")


class Story:
    """One run: an exchange, its traders, figures, and whatever does not add up. A subclass has `NAME`, the texts of its help, and `tell`."""

    NAME = DESCRIPTION = EXAMPLE = ""
    traders: list[Trader]

    def __init__(self, options: argparse.Namespace, folder: pathlib.Path):
        self.options, self.view = options, View()
        self.exchange = Exchange(folder, options.build)
        self.mismatches: list[str] = []
        self.report: dict = {}

    @staticmethod
    def add_options(parser: argparse.ArgumentParser):
        """Adds what only this story takes."""

    @staticmethod
    def check_options(parser: argparse.ArgumentParser, options: argparse.Namespace):
        """Ends with a usage error if they make no sense."""

    def tell(self):
        """The story itself."""
        raise NotImplementedError

    # Its parts.

    def deploy(self):
        self.exchange.deploy(
            "--challenge-window", str(CHALLENGE_SECONDS), "--batch-deadline", str(DEADLINE_SECONDS), "--inbox-deadline", str(DEADLINE_SECONDS))

    def start_node(self):
        self.exchange.start_node("--batch-age-ms-max", "2000", "--confirmations", "0", "--l1-poll-s", "0.3", "--checkpoint-interval-s", "5")

    def trade_command(self, result: pathlib.Path, makers: list[Trader], takers: list[Trader], rate: float) -> list[str]:
        """The bots, who write what they did to `result`."""
        def keys(traders: list[Trader]) -> str:
            return ",".join(str(self.exchange.key_file(trader.account)) for trader in traders)

        return [
            self.tool("memex-load"), "trade", "--url", self.exchange.url, "--ca", str(self.exchange.certificate),
            "--makers", keys(makers), "--takers", keys(takers), "--seconds", str(self.options.seconds), "--rate", str(rate), "--json", str(result),
            *(argument for market, _, price, lots in MARKETS for argument in ("--market", f"{market}:{price}:{lots}"))]

    def note_trades(self, result: pathlib.Path) -> dict:
        """Enters into the traders' books what the bots say they traded; returns all that they say."""
        traded = json.loads(result.read_text())
        symbols = {str(token["id"]): symbol for symbol, token in self.exchange.tokens.items()}
        by_address = {address.lower(): entry for address, entry in traded["traders"].items()}
        for trader in self.traders:
            entry = by_address.get(trader.address.lower(), {"fills": 0, "atoms": {}})
            trader.fills = entry["fills"]
            trader.traded = {symbols[token]: change for token, change in entry["atoms"].items()}
        return traded

    def settle(self):
        """Until the state claimed last on L1 is the state of the exchange."""
        def is_settled():
            status = self.exchange.memex("status")["exchange"]
            return status["block"] == status["sealedBlock"] and last_claimed_root(self.exchange) == status["stateRoot"]
        self.poll("the last block to be claimed on L1", is_settled, seconds=180)

    def halt(self, account: int):
        """Halts the rollup, which must not work before the deadline."""
        try:
            self.exchange.memex("halt", account=account)
            self.mismatches.append("a halt before the deadline was accepted")
        except ToolFailed:
            pass
        self.exchange.advance_time(DEADLINE_SECONDS + 60)
        self.exchange.memex("halt", account=account)

    def rebuild(self) -> dict:
        """Derives the state from L1 alone, into the folder `rebuilt`."""
        self.rebuilt = self.exchange.folder / "rebuilt"
        answer = self.exchange.memex("rebuild", "--data", str(self.rebuilt), seconds=600)
        self.expect(answer["stateRoot"], last_claimed_root(self.exchange), "root of the rebuilt state")
        self.view.step(f"state rebuilt from L1 alone: {answer['batches']} batches, root {answer['stateRoot'][:18]}…")
        return answer

    # Checks.

    def balances(self, address: str) -> dict[str, int]:
        """Free and locked atoms together, by symbol."""
        answer = self.exchange.memex("balances", "--owner", address)
        return {entry["token"]: int(entry["freeAtoms"]) + int(entry["lockedAtoms"]) for entry in answer["balances"]}

    def expect(self, actual, expected, what: str):
        if actual != expected:
            self.mismatches.append(f"{what}: {actual}, expected {expected}")
            self.view.step(f"MISMATCH {self.mismatches[-1]}")

    # Details.

    def tool(self, name: str) -> str:
        return str(self.options.build / name)

    def poll(self, what: str, is_true, seconds: float = 120):
        """Asks again until the answer is yes; L1 has no other way to tell."""
        deadline = time.monotonic() + seconds
        while not is_true():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {seconds:.0f} s for {what}; see the logs in {self.exchange.folder}")
            time.sleep(0.3)


def main(story: type[Story], arguments: list[str]) -> int:
    """Runs a story from the command line; returns the exit status, 0 only if everything added up."""
    parser = argparse.ArgumentParser(prog=f"Deploy/{story.NAME}", description=story.DESCRIPTION, epilog=f"example: {story.EXAMPLE}")
    story.add_options(parser)
    parser.add_argument("--json", type=pathlib.Path, help="write the figures to this file")
    parser.add_argument("--keep", type=pathlib.Path, help="keep all files in this folder (default: a temporary one, kept only on failure)")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / ".build" / "release", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    story.check_options(parser, options)

    folder = options.keep or pathlib.Path(tempfile.mkdtemp(prefix=f"memex-{story.NAME}-"))
    folder.mkdir(parents=True, exist_ok=True)
    run = story(options, folder)
    try:
        try:
            run.tell()
        finally:
            run.exchange.stop()
    except (ToolFailed, RpcFailure, RuntimeError, TimeoutError, OSError) as error:
        print(f"{story.NAME}: error: {error}\n{story.NAME}: logs are in {folder}", file=sys.stderr)
        return 1
    if options.json:
        options.json.write_text(json.dumps({"mismatches": len(run.mismatches)} | run.report, indent=2, sort_keys=True) + "\n")
    if run.mismatches:
        print(f"{story.NAME}: {len(run.mismatches)} mismatches; logs are in {folder}", file=sys.stderr)
        return 1
    if not options.keep:
        shutil.rmtree(folder)
    return 0
