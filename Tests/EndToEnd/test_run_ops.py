"""LoadTests/run-ops: op files made here, their outcome worked out by a naive book, replayed through the book of module Engine."""

import random
import struct
import subprocess

import pytest
from conftest import ROOT

RUN_OPS = ROOT / "LoadTests" / "run-ops"
MASK = 2**64 - 1
ADD, CANCEL, IOC = 0, 1, 2
BUY, SELL = 0, 1


class NaiveBook:
    """Orders in arrival order; sums up its trades as op files' generators do."""

    def __init__(self):
        self.orders = []
        self.trades = self.volume = self.notional = 0
        self.hash = 0xCBF29CE484222325

    def take(self, taker, side, limit, quantity):
        while quantity:
            makers = [o for o in self.orders if o["side"] != side and (o["price"] <= limit if side == BUY else o["price"] >= limit)]
            if not makers:
                break
            maker = min(makers, key=lambda o: o["price"] if side == BUY else -o["price"])  # the first of equals is the oldest
            traded = min(quantity, maker["quantity"])
            self.trades += 1
            self.volume += traded
            self.notional = (self.notional + maker["price"] * traded) & MASK
            mixed = (maker["id"] * 0x9E3779B97F4A7C15 + taker * 31 + traded) & MASK
            self.hash = ((self.hash ^ mixed) * 0x100000001B3) & MASK
            quantity -= traded
            maker["quantity"] -= traded
            if not maker["quantity"]:
                self.orders.remove(maker)
        return quantity

    def apply(self, kind, id, side, price, quantity):
        if kind == CANCEL:
            self.orders = [o for o in self.orders if o["id"] != id]
        else:
            left = self.take(id, side, price, quantity)
            if left and kind == ADD:
                self.orders.append({"id": id, "side": side, "price": price, "quantity": left})

    def expected(self):
        return (f"trades={self.trades} vol={self.volume} notional={self.notional} hash={self.hash:016x} live={len(self.orders)} "
                f"bidqty={sum(o['quantity'] for o in self.orders if o['side'] == BUY)} somethingelse=1\n")


def header(count, setup=0, low=1, high=1000, ids=1000, magic=b"PEEROPS1", version=1, size=24):
    return struct.pack("<8sIIQQQiiQQ", magic, version, size, count, setup, 7, low, high, ids, 0)


def record(kind, id, side, price, quantity):
    return struct.pack("<QiIBBHI", id, price, quantity, kind, side, 0, 0)


def write_stream(path, seed, lowest, spread, count=3000):
    """Adds, cancels (of gone orders too) and immediate-or-cancel orders around one price; its expected outcome beside it."""
    dice, book, records, ids = random.Random(seed), NaiveBook(), [], 0
    for _ in range(count):
        kind = dice.choices([ADD, CANCEL, IOC], [60, 30, 10])[0] if ids else ADD
        side = dice.choice([BUY, SELL])
        if kind == CANCEL:
            operation = (CANCEL, dice.randint(1, ids), side, 0, 0)
        else:
            ids += 1
            offset = min(spread - 1, max(0, int(dice.gauss(spread / 2 + (spread / 8 if side == SELL else -spread / 8), spread / 6))))
            operation = (kind, ids, side, lowest + offset, dice.randint(1, 2**32 - 1 if dice.random() < 0.01 else 90))
        book.apply(*operation)
        records.append(record(*operation))
    path.write_bytes(header(len(records), 100, lowest, lowest + spread - 1, ids) + b"".join(records))
    path.with_name(path.name + ".expected").write_text(book.expected())


def run_ops(path):
    return subprocess.run([str(RUN_OPS), str(path)], capture_output=True, text=True, timeout=600)


@pytest.mark.parametrize("seed, lowest, spread", [(1, 1, 60), (2, 29_000, 2_000), (3, -500, 700), (4, 2**31 - 3_240_000, 3_240_000)])
def test_same_trades_as_naive(tmp_path, seed, lowest, spread):
    path = tmp_path / "stream.bin"
    write_stream(path, seed, lowest, spread)
    result = run_ops(path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "as expected: trades, vol, notional, hash, live, bidqty\n" in result.stdout
    assert result.stdout.startswith("ops/s=")


def test_difference_is_told(tmp_path):
    path = tmp_path / "stream.bin"
    write_stream(path, 9, 100, 50, 300)
    expected = path.with_name("stream.bin.expected")
    expected.write_text(expected.read_text().replace("hash=", "hash=f"))
    result = run_ops(path)
    assert result.returncode == 1 and "DIFFERENT: hash=" in result.stdout
    expected.unlink()
    result = run_ops(path)
    assert result.returncode == 0 and "nothing to compare with" in result.stdout


@pytest.mark.parametrize("content, words", [
    (b"", "less than the header"),
    (header(0, magic=b"PEEROPS2"), "no op file"),
    (header(0, version=2), "version 2"),
    (header(0, size=32), "records of 32 bytes"),
    (header(2) + record(ADD, 1, BUY, 5, 5), "says that it has 2 records"),
    (header(1) + record(ADD, 1, BUY, 5, 5) + b"x", "1 bytes"),
    (header(1, setup=2) + record(ADD, 1, BUY, 5, 5), "2 of 1 records"),
    (header(1) + record(ADD, 0, BUY, 5, 5), "record 1 has id 0"),
    (header(1) + record(ADD, 1001, BUY, 5, 5), "id 1001, not in 1...1000"),
    (header(1) + record(3, 1, BUY, 5, 5), "type 3"),
    (header(1) + record(ADD, 1, 2, 5, 5), "sides 0 and 1"),
    (header(1) + record(ADD, 1, BUY, 0, 5), "price 0, not in 1...1000"),
    (header(1) + record(IOC, 1, SELL, 1001, 5), "price 1001"),
    (header(1) + record(ADD, 1, BUY, 5, 0), "quantity 0"),
    (header(0, low=5, high=4), "prices from 5 to 4"),
    (header(0, low=0, high=3_240_000), "room for 3240000"),
    (header(0, ids=2**32), "does not fit 32 bits"),
])
def test_bad_file(tmp_path, content, words):
    path = tmp_path / "bad.bin"
    path.write_bytes(content)
    result = run_ops(path)
    assert result.returncode == 2 and words in result.stderr, result.stdout + result.stderr
    assert result.stderr.startswith("run-ops: ") and result.stdout == ""


def test_bad_command_line(tmp_path):
    for arguments in [[], ["--fast"], [str(tmp_path / "none.bin")], [str(tmp_path)], ["a", "b"]]:
        result = subprocess.run([str(RUN_OPS), *arguments], capture_output=True, text=True, timeout=600)
        assert result.returncode == 2 and "run-ops: " in result.stderr, arguments
    assert "examples:" in subprocess.run([str(RUN_OPS), "--help"], capture_output=True, text=True).stdout
