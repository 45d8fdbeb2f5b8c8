"""Turns recorded order flow (LOBSTER or Bitstamp CSV, also .xz) into the lines that `memex-load trade --replay` sends.

A recorded execution becomes an immediate-or-cancel order of the other side; a partial cancel becomes a cancel and a new, smaller order; what
refers to orders from before the recording is left out."""

import csv
import lzma
import pathlib
from collections.abc import Iterator

OTHER = {"buy": "sell", "sell": "buy"}


def lines(path: pathlib.Path) -> Iterator[str]:
    """The lines of a recording; its format is told by its header or its columns."""
    opener = lzma.open if path.suffix == ".xz" else open
    with opener(path, "rt", newline="") as file:
        rows = csv.reader(file)
        first = next(rows, None)
        if first is None:
            raise ValueError(f"{path}: empty")
        if first[0] == "id" and len(first) == 7:
            yield from _bitstamp(rows)
        elif len(first) == 6:
            yield from _lobster(rows if first[0] == "seconds" else _chain(first, rows))
        else:
            raise ValueError(f"{path}: neither LOBSTER (6 columns) nor Bitstamp (header id,timestamp,…): {first}")


def _chain(first, rows):
    yield first
    yield from rows


class _Live:
    """Orders that rest, and the lines that change them."""

    def __init__(self):
        self.orders: dict[str, list] = {}  # recorded id: [sent id, side, price, lots]
        self.sent = 0

    def add(self, identifier: str, side: str, price: str, lots: int) -> str:
        self.sent += 1
        self.orders[identifier] = [self.sent, side, price, lots]
        return f"add,{self.sent},{side},{price},{lots}"

    def cancel(self, identifier: str) -> str:
        return f"cancel,{self.orders.pop(identifier)[0]}"

    def take(self, identifier: str, lots: int) -> str:
        order = self.orders[identifier]
        lots = min(lots, order[3])
        order[3] -= lots
        if order[3] == 0:
            del self.orders[identifier]
        return f"take,{OTHER[order[1]]},{order[2]},{lots}"


def _lobster(rows) -> Iterator[str]:
    live = _Live()
    for _, kind, identifier, quantity, price, direction in rows:
        lots = int(quantity)
        if kind == "1":
            # Five significant digits: cents for a stock of hundreds of dollars.
            yield live.add(identifier, "buy" if direction == "1" else "sell", f"{int(price) // 100 / 100:.2f}", lots)
        elif identifier not in live.orders:
            continue
        elif kind == "2":
            _, side, at, rest = live.orders[identifier]
            yield live.cancel(identifier)
            if rest > lots:
                yield live.add(identifier, side, at, rest - lots)
        elif kind == "3":
            yield live.cancel(identifier)
        elif kind == "4":
            yield live.take(identifier, lots)


def _bitstamp(rows) -> Iterator[str]:
    live = _Live()
    for identifier, _, _, price, volume, action, direction in rows:
        lots = (int(volume) + 999_999) // 1_000_000  # hundredths of a bitcoin
        if action == "created":
            if lots > 0 and 100 <= float(price) < 1000:
                yield live.add(identifier, "buy" if direction == "bid" else "sell", f"{float(price):.2f}", lots)
        elif identifier not in live.orders:
            continue
        elif action == "deleted" and lots > 0:
            yield live.cancel(identifier)
        elif live.orders[identifier][3] > lots:
            yield live.take(identifier, live.orders[identifier][3] - lots)
