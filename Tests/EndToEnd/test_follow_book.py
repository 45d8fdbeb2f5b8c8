"""The example that follows a book, against messages made here from a book that is kept apart, and against a node under trade."""

import functools
import random
import signal
import struct
import subprocess
import sys

import pytest
from conftest import ROOT
from follow_book import Book, mix

MARKET, PART_BYTES = 2, 3 * 16


class Exchange:
    """Levels as a plain dictionary, and the messages that tell of them; every checksum is summed up anew."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.levels = {}
        self.sequence = 0

    def message(self, kind, flags, levels, checksum):
        head = struct.pack("<BBHIQQQ", kind, flags, MARKET, len(levels), self.sequence, 7, checksum)
        return head + b"".join(struct.pack("<IIQ", code, side, lots) for (code, side), lots in levels)

    def checksum(self):
        return sum(mix(code, side, lots) for (code, side), lots in self.levels.items()) % 2**64

    def update(self):
        changes = {}
        for _ in range(self.random.randrange(1, 6)):
            key = self.random.randrange(1_000_000, 1_000_030), self.random.randrange(2)
            changes[key] = self.levels[key] = self.random.choice([0, self.random.randrange(1, 2**63)])
        self.levels = {key: lots for key, lots in self.levels.items() if lots}
        self.sequence += 1
        return self.message(0x89, 0, changes.items(), self.checksum())

    def snapshot(self):
        """Parts, with updates between them."""
        sent, flags = -1, 2
        while flags is not None:
            waiting = sorted(item for item in self.levels.items() if item[0][0] > sent)
            part, rest = waiting[:5], waiting[5:]
            rest = [item for item in rest if not part or item[0][0] > part[-1][0][0]]
            sent = part[-1][0][0] if part else sent
            part = [item for item in waiting if item[0][0] <= sent]
            yield self.message(0x88, flags | (1 if rest else 0), part, 0 if rest else self.checksum())
            flags = 0 if rest else None
            if rest and self.random.random() < 0.5:
                yield self.update()


@pytest.mark.parametrize("seed", range(5))
def test_follows_parts_and_updates(seed):
    exchange, book = Exchange(seed), Book()
    for round in range(100):
        for message in exchange.snapshot() if round % 20 == 0 else [exchange.update()]:
            book.follow(message)
        assert book.whole
        assert {(code, side): lots for side in (0, 1) for code, lots in book.levels[side].items()} == exchange.levels, f"seed {seed}, {round}"
    assert book.checked >= 100


def test_notices_what_is_missing_or_wrong():
    exchange, book = Exchange(1), Book()
    for message in exchange.snapshot():
        book.follow(message)
    book.follow(exchange.update())
    exchange.update()
    with pytest.raises(ValueError, match="follows"):
        book.follow(exchange.update())
    for message in exchange.snapshot():
        book.follow(message)
    wrong = bytearray(exchange.update())
    wrong[40] ^= 1  # lots of the first level
    with pytest.raises(ValueError, match="checksum"):
        book.follow(wrong)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_follows_a_node(exchange, traders, ending):
    ann, _ = traders
    program = [sys.executable, str(ROOT / "Deploy" / "examples" / "follow_book.py"), "--url", exchange.url, "--ca", str(exchange.certificate)]
    # As shells start a program in the background, and whatever they start.
    ignored = functools.partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
    follower = subprocess.Popen(
        program + ["--market", "2"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=ignored
    )
    assert follower.stdout.readline().startswith("block "), "the book as it was"
    for index in range(6):
        exchange.memex("order", "--market", "WIF/USDX", "--side", "buy", "--price", f"1.{index}", "--size", "0.5", account=ann.account)
    exchange.memex("cancel", "--market", "WIF/USDX", "--all", account=ann.account)
    follower.send_signal(ending)
    output, _ = follower.communicate(timeout=30)
    assert follower.returncode == 0, output
    # The snapshot and the orders; the cancel may still be on its way.
    assert int(output.split()[-3]) >= 7, output
