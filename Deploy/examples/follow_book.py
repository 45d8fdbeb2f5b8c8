#!/usr/bin/env python3
"""Follows the book of a market and checks every message: that none is missing, and that its own copy has the checksum that the exchange states.

    follow_book.py --url wss://localhost:8443 --ca node.pem --market 2

Prints the best bid and ask when they change. Ends with an error when its copy is not the book. Protocol: Sources/Node/Gateway/Gateway.docc/Protocol.md
"""
import argparse
import asyncio
import contextlib
import signal
import ssl
import struct
import sys
from decimal import Decimal

import websockets
import websockets.exceptions

MORE_FOLLOWS, FIRST_PART = 1, 2


def mix(code, side, lots):
    """What a level adds to the checksum of its book (SplitMix64)."""
    x = ((code | side << 32) * 0x9E3779B97F4A7C15 + lots) % 2**64
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    x = (x ^ x >> 27) * 0x94D049BB133111EB % 2**64
    return x ^ x >> 31 if lots else 0


def price_of(code):
    return Decimal(code % 90000 + 10000).scaleb(code // 90000 - 24)


class Book:
    """The levels of one market: price code to lots, for bids and asks."""

    def __init__(self):
        self.levels = {}, {}
        self.sequence = self.total = self.block = self.checked = 0
        self.whole = False

    def follow(self, message):
        """Takes a book snapshot or update; raises ValueError if one is missing or the copy is wrong."""
        kind, flags, _, count, sequence, block, checksum = struct.unpack_from("<BBHIQQQ", message)
        if kind == 0x88 and flags & FIRST_PART:
            self.levels, self.total = ({}, {}), 0
        elif sequence != self.sequence + (kind == 0x89):
            raise ValueError(f"message {sequence} follows {self.sequence}")
        if kind == 0x88:
            self.whole = not flags & MORE_FOLLOWS
        self.sequence, self.block = sequence, block
        for code, side, lots in struct.iter_unpack("<IIQ", message[32:32 + 16 * count]):
            before = self.levels[side].pop(code, 0)
            if lots:
                self.levels[side][code] = lots
            self.total = (self.total + mix(code, side, lots) - mix(code, side, before)) % 2**64
        if self.whole:
            if self.total != checksum:
                raise ValueError(f"the copy of block {block} has checksum {self.total}, but the exchange says {checksum}")
            self.checked += 1

    def best(self):
        bids, asks = self.levels
        return max(bids, default=None), min(asks, default=None)


def end_with_signals():
    """Lets Control-C and SIGTERM end the present task at once.

    Without this, Python may see a Control-C only with the next message, and never if a shell started the program in the background.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Control-C as ever
            asyncio.get_running_loop().add_signal_handler(number, asyncio.current_task().cancel)


async def follow(args, context, book):
    end_with_signals()
    shown = None
    async with websockets.connect(args.url, subprotocols=["memex.v1"], ssl=context, max_size=1 << 20) as socket:
        await socket.send(struct.pack("<BBH", 2, 1, args.market))
        async for message in socket:
            if message[0] == 0x82:
                raise ValueError(message[22:].decode())
            if message[0] not in (0x88, 0x89):
                continue
            book.follow(message)
            if book.whole and book.best() != shown:
                shown = book.best()
                bid, ask = ("-" if code is None else f"{price_of(code):f}" for code in shown)
                print(f"block {book.block}: bid {bid}, ask {ask}, {sum(map(len, book.levels))} levels", flush=True)


def run(args, context):
    """Follows for the time asked for, or until Control-C or SIGTERM; then says how much was checked."""
    book = Book()
    try:
        asyncio.run(asyncio.wait_for(follow(args, context, book), args.seconds or None))
    except (TimeoutError, asyncio.TimeoutError, asyncio.CancelledError, KeyboardInterrupt):
        pass
    print(f"{book.checked} messages checked")
    return 0 if book.checked else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True, help="gateway, for example wss://localhost:8443")
    parser.add_argument("--market", type=int, required=True, help="market id")
    parser.add_argument("--seconds", type=float, default=0, help="leave after so many seconds (default: never)")
    parser.add_argument("--ca", help="PEM file with the certificate to trust")
    parser.add_argument("--insecure", action="store_true", help="trust any certificate")
    args = parser.parse_args()
    context = ssl.create_default_context(cafile=args.ca) if args.url.startswith("wss:") else None
    if context and args.insecure:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return run(args, context)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError, websockets.exceptions.WebSocketException) as error:
        sys.exit(f"follow_book: {error}")
