#!/usr/bin/env python3
"""A market maker for Memex in a page: quotes both sides of one market over memex.v1, then cancels and leaves. Should its connection break, the exchange
cancels its quotes; it connects again, sends again what was not answered, hears of what it missed, and goes on.

    pip install websockets eth-account
    ./bot.py --url wss://localhost:9443 --ca server.pem --key trader.key --market 2 --price 2.5 --seconds 10

The protocol: Sources/Node/Gateway/Gateway.docc/Protocol.md. Exit code 0: every batch was acknowledged, at least one order was accepted,
and what the acks promised equals what fills and cancels reported. 1: it does not add up, something was refused, or there is no connection. 2: wrong arguments.
"""
import argparse, asyncio, os, ssl, struct, sys, time
from decimal import Decimal

import websockets
import websockets.exceptions
from eth_account import Account
from eth_account.messages import encode_typed_data

BUY, SELL, POST_ONLY = 0, 1, 2 << 1
PLACED, CANCELLED, REJECTED, UNKNOWN_ORDER = 1, 3, 4, 29
POSITIONS = {0x86: 40, 0x87: 40, 0x8C: 24, 0x8D: 40, 0x8E: 16}  # where the messages of an account have their stream position


def price_code(price):
    """The code of a price, rounded down to five significant digits: price = mantissa x 10^(exponent - 24)."""
    digits = Decimal(price)
    mantissa, exponent = int(digits.scaleb(4 - digits.adjusted())), digits.adjusted() - 4 + 24
    if not 0 <= exponent <= 35:
        raise ValueError(f"price {price} is out of range")
    return exponent * 90000 + mantissa - 10000


def price_of(code):
    return Decimal(code % 90000 + 10000).scaleb(code // 90000 - 24)


class Bot:
    def __init__(self, args):
        self.args, self.account = args, Account.from_key(args.key)
        self.address, self.nonce, self.unanswered = bytes.fromhex(self.account.address[2:]), 0, {}  # nonce -> message
        self.complete = None  # everything of the account up to this stream position was heard of
        self.heard, self.told, self.repeats = None, [], []  # the last position heard of, its messages, and those that are to come again
        self.quota, self.end = None, time.monotonic() + args.seconds
        self.book, self.book_is_known = {}, False
        self.client_ids, self.batches = None, 0
        self.accepted = self.refused = self.fills = 0
        self.at_once = {}  # (stream position, command index) -> lots that the ack says were filled at once, less the fills heard of
        self.choice = []  # the command that names the sub-account to trade for, if any
        self.resting = {}  # order id -> lots that the ack says rest, less the fills and the cancel heard of

    async def hello(self):
        hello = await self.socket.recv()
        kind, version, _, chain = struct.unpack_from("<BBH4xQ", hello)
        rollup = "0x" + hello[16:36].hex()
        if kind != 0x80 or version != 1:
            sys.exit("this is no memex.v1 gateway")
        if self.args.chain not in (None, chain) or self.args.contract not in (None, rollup):
            sys.exit(f"the gateway serves chain {chain}, contract {rollup}: not what was asked for")
        self.domain = {"name": "Memex", "version": "1", "chainId": chain, "verifyingContract": rollup}
        after = self.complete if self.heard is None else self.heard - 1  # more of the last position may have been lost with the connection
        self.repeats, self.book_is_known = self.told[:], False
        own = struct.pack("<BBH20s", 2, 3, self.args.account, self.address)  # own fills and orders
        await self.socket.send(own if after is None else own + struct.pack("<Q", after))
        await self.socket.send(struct.pack("<BBH", 2, 1, self.args.market))  # the book
        for message in self.unanswered.values():
            await self.socket.send(message)  # the same bytes: what was applied before is answered as it was then

    async def send(self, commands):
        """Signs a batch of commands and sends it; the ack will name its nonce."""
        self.nonce = max(int(time.time() * 1000), self.nonce + 1)
        commands = self.choice + commands
        payload, types = b"".join(commands), {"Commands": [{"name": "nonce", "type": "uint64"}, {"name": "payload", "type": "bytes"}]}
        typed = encode_typed_data(self.domain, types, {"nonce": self.nonce, "payload": payload})
        signature = self.account.sign_message(typed).signature[:64]  # r and s; v is not sent
        self.unanswered[self.nonce] = struct.pack("<BBH20sQ64s", 1, 1, 0, self.address, self.nonce, signature) + payload
        await self.socket.send(self.unanswered[self.nonce])

    async def choose_account(self):
        """Asks for the id of the sub-account, which leads every batch from then on."""
        await self.socket.send(struct.pack("<B3xIBxH4x20s", 4, 1, 4, self.args.account, self.address))
        while (reply := await self.socket.recv())[0] != 0x84:
            self.on_message(reply)
        if not reply[9]:
            sys.exit(f"there is no sub-account {self.args.account}")
        self.choice = [struct.pack("<B3xI", 14, *struct.unpack_from("<I", reply, 68))]

    def cancel_on_disconnect(self, on):
        return struct.pack("<BBH", 12, on, 0)

    def place(self, side, code, client_id):
        return struct.pack("<BBHIQQ", 1, side | POST_ONLY, self.args.market, code, self.args.lots, client_id)

    def cancels(self):
        return [struct.pack("<BBHQ", 3, 0, self.args.market, client_id) for client_id in self.client_ids or []]

    async def quote(self):
        """Replaces both quotes in one batch, around the given price or the middle of the book."""
        bids = [code for code, side in self.book if side == BUY]
        asks = [code for code, side in self.book if side == SELL]
        if self.args.price:
            middle = Decimal(self.args.price)
        elif bids and asks:
            middle = (price_of(max(bids)) + price_of(min(asks))) / 2
        else:
            sys.exit("the book has no middle to quote around: give --price")
        half = middle * self.args.spread_bps / 20000
        old, start = self.cancels(), int(time.time() * 1e6)
        self.client_ids = [start, start + 1]
        await self.send(old + [self.place(BUY, price_code(middle - half), start), self.place(SELL, price_code(middle + half), start + 1)])
        self.batches += 1

    def on_ack(self, message):
        _, _, count, place, nonce, _, block, self.quota = struct.unpack_from("<BBHIQQQI", message)
        position = block << 32 | place + 1  # as in the fills that it caused
        if not self.unanswered.pop(nonce, None):
            return
        texts, at = {}, 40 + 32 * count
        while at < len(message):
            index, length = struct.unpack_from("<HH", message, at)
            texts[index], at = message[at + 4 : at + 4 + length].decode(), at + 4 + length
        for index in range(count):
            kind, side, code, price, order, lots, rests = struct.unpack_from("<BBHIQQQ", message, 40 + 32 * index)
            if kind == PLACED:
                self.accepted += 1
                self.at_once[position, index] = self.at_once.get((position, index), 0) + lots
                if order:
                    self.resting[order] = self.resting.get(order, 0) + rests
                print(f"ack  block {block}.{place + 1}: {'sell' if side else 'buy'} at {price_of(price):f}, filled {lots}, rests {rests}")
            elif kind == REJECTED and code != UNKNOWN_ORDER:  # an order that filled cannot be cancelled: no harm
                self.refused += 1
                print(f"refused ({code}): {texts.get(index, '')}")

    def is_new(self, position, message):
        """Whether a message of the account was not heard of before the connection broke."""
        if self.repeats:
            if message != self.repeats.pop(0):
                self.lost(position)
            return False
        if position != self.heard:
            self.heard, self.told = position, []
        self.told.append(message)
        return True

    def lost(self, position):
        """The exchange had told of something that it does not know any more, as after a loss of power: fills of which others know nothing."""
        sys.exit(f"the exchange lost what it had told up to {self.heard or self.complete}, it is at {position}: look at the account, then start again")

    def on_message(self, message):
        kind = message[0]
        if kind in POSITIONS and not self.is_new(*struct.unpack_from("<Q", message, POSITIONS[kind]), message):
            return
        if kind == 0x81:
            self.on_ack(message)
        elif kind == 0x82:
            _, what, code, _, nonce, _, length = struct.unpack_from("<BBHIQIH", message)
            self.unanswered.pop(nonce, None)
            if what == 2 and code == 69:  # too long away: what was missed is no longer kept
                sys.exit("the exchange no longer knows what this bot missed; look at the account and start it again")
            self.refused += 1
            print(f"rejected ({code}): {message[22:22 + length].decode()}")
        elif kind == 0x86:  # own fill
            _, flags, market, price, order, _, lots, rests, position, block, index = struct.unpack_from("<BBHIQQQQQQH", message)
            self.fills += 1
            if flags & 2:  # as maker
                self.resting[order] = self.resting.get(order, 0) - lots
            else:
                self.at_once[position, index] = self.at_once.get((position, index), 0) - lots
            print(f"fill block {block}.{position & 0xFFFFFFFF}: {'sold' if flags & 1 else 'bought'} {lots} at {price_of(price):f}, {rests} left")
        elif kind == 0x87:  # own order
            _, state, _, _, order, _, lots = struct.unpack_from("<BBHIQQQ", message)
            if state in (3, 4):  # off the book, or smaller
                self.resting[order] = self.resting.get(order, 0) - lots
        elif kind == 0x83 and message[1] == 3:  # subscribed to the account
            self.complete = struct.unpack_from("<Q", message, 32)[0]
        elif kind == 0x95:  # caught up: all that was missed has come
            position = struct.unpack_from("<Q", message, 8)[0]
            if self.repeats or position < (self.heard or self.complete):
                self.lost(position)
            self.complete = position
        elif kind in (0x88, 0x89):  # book: snapshot, update
            self.book_is_known = True
            if message[1] & 2:  # the first part of a snapshot
                self.book.clear()
            for at in range(32, len(message), 16):
                code, side, lots = struct.unpack_from("<IIQ", message, at)
                self.book.pop((code, side), None)
                if lots:
                    self.book[code, side] = lots

    async def read_until(self, condition, seconds):
        """Handles messages until `condition` holds; False if it does not within `seconds`."""
        end = time.monotonic() + seconds
        while not condition():
            try:
                message = await asyncio.wait_for(self.socket.recv(), max(0.001, end - time.monotonic()))
            except asyncio.TimeoutError:
                return False
            self.last = message[0]
            self.on_message(message)
        return True

    def quota_text(self):
        return "commands are not counted" if self.quota in (None, 0xFFFFFFFF) else f"{self.quota} commands left"

    async def run(self, connect):
        """Trades, over as many connections as it takes, until ten seconds after the end."""
        pause = 1
        while True:
            try:
                async with connect() as self.socket:
                    return await self.trade()
            except (OSError, websockets.exceptions.WebSocketException) as error:
                if self.heard is None and self.complete is None or time.monotonic() > self.end + 10:
                    raise
                print(f"connecting again in {pause} s: {error}")
            await asyncio.sleep(pause)
            pause = min(2 * pause, 30)

    async def trade(self):
        await self.hello()
        if not await self.read_until(lambda: self.book_is_known, 10):
            sys.exit("the gateway sent no book")
        if self.args.account and not self.choice:
            await self.choose_account()
        await self.send([self.cancel_on_disconnect(1)])
        end = self.end
        while time.monotonic() < end and (not self.args.orders or self.accepted < self.args.orders):
            await self.quote()
            await self.read_until(lambda: False, min(self.args.interval, max(0.01, end - time.monotonic())))
        await self.send(self.cancels() + [self.cancel_on_disconnect(0)])  # in order, so whoever trades next decides for himself
        answered = await self.read_until(lambda: not self.unanswered, 10)
        await self.socket.send(struct.pack("<B7xQ", 5, 0))  # its reply comes behind everything that the acks caused
        answered = await self.read_until(lambda: self.last == 0x85, 10) and answered
        wrong = [key for key, lots in {**self.at_once, **self.resting}.items() if lots]
        print(f"{self.batches} quotes, {self.accepted} orders accepted, {self.refused} refused, {self.fills} fills; {self.quota_text()}")
        if wrong or not answered:
            print(f"does not add up: {len(wrong)} orders differ from their acks, {len(self.unanswered)} batches unanswered")
        return 0 if answered and self.accepted and not self.refused and not wrong else 1


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True, help="gateway, for example wss://localhost:8443")
    parser.add_argument("--key", required=True, help="private key of the account's owner or agent: hexadecimal, or a file that holds it")
    parser.add_argument("--market", type=int, required=True, help="market id")
    parser.add_argument("--account", type=int, default=0, help="number of the sub-account to trade for (default: 0, the main account)")
    parser.add_argument("--price", help="quote around this price (default: the middle of the book)")
    parser.add_argument("--lots", type=int, default=10, help="lots of each quote (default: 10)")
    parser.add_argument("--spread-bps", type=int, default=40, help="distance of the two quotes in basis points (default: 40)")
    parser.add_argument("--interval", type=float, default=0.5, help="seconds between quotes (default: 0.5)")
    parser.add_argument("--seconds", type=float, default=10, help="leave after so many seconds (default: 10)")
    parser.add_argument("--orders", type=int, default=0, help="leave after so many accepted orders (default: no limit)")
    parser.add_argument("--ca", help="PEM file with the certificate to trust")
    parser.add_argument("--insecure", action="store_true", help="trust any certificate")
    parser.add_argument("--chain", type=int, help="refuse to sign for another chain id than this")
    parser.add_argument("--contract", type=str.lower, help="refuse to sign for another rollup contract than this")
    args = parser.parse_args()
    if not os.path.exists(args.key) and len(args.key.removeprefix("0x")) != 64:
        parser.error(f"--key: there is no file {args.key}, and it is not 64 hexadecimal digits")
    args.key = open(args.key).read().strip() if os.path.exists(args.key) else args.key
    context = None
    if args.url.startswith("wss:"):
        context = ssl.create_default_context(cafile=args.ca)
        if args.insecure:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return await Bot(args).run(lambda: websockets.connect(args.url, subprotocols=["memex.v1"], ssl=context, max_size=1 << 20))


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except (OSError, ValueError, ArithmeticError, websockets.exceptions.WebSocketException) as error:
        sys.exit(f"bot: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
