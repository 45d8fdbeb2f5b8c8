"""What a trader pieces together of his account over killed nodes is all that happened to it; every batch is applied once and answered the same."""

import random
import struct

from bot import POSITIONS
from conftest import NODE_OPTIONS
from wire import Wire, place

SEED = 20261123


class Reader:
    """Follows one account by stream position, as the protocol page says under "Connecting again"."""

    def __init__(self, start: int):
        self.start, self.heard, self.count, self.repeated = start, None, 0, 0
        self.pieces, self.answers, self.is_caught_up = [], {}, False

    def subscribe(self, wire: Wire, address: bytes):
        self.repeated, self.is_caught_up = self.count, False
        wire.socket.send(struct.pack("<BBH20sQ", 2, 3, 0, address, self.start if self.heard is None else self.heard - 1))

    def take(self, message: bytes):
        if message[0] in POSITIONS:
            position = struct.unpack_from("<Q", message, POSITIONS[message[0]])[0]
            if position != self.heard:
                assert self.heard is None or position > self.heard, "positions go back"
                self.heard, self.count, self.repeated = position, 0, 0
            if self.repeated:
                self.repeated -= 1
            else:
                self.count += 1
                self.pieces.append(message)
        elif message[0] == 0x95:
            self.is_caught_up = True
        elif message[0] in (0x81, 0x82):
            assert message[0] == 0x81, message
            nonce = struct.unpack_from("<Q", message, 8)[0]
            answer = message[:32] + message[36:]  # but for the quota
            assert self.answers.setdefault(nonce, answer) == answer, "the same batch was answered in two ways"

    def read(self, wire: Wire, count: int | None = None, until=None):
        """Takes `count` messages, or those until it is so, or those up to the reply to a message of one's own: a replay may go on behind that."""
        if count is None and until is None:
            wire.socket.send(struct.pack("<B7xQ", 5, 0))
        while count != 0 and not (until and until()):
            message = wire.socket.recv(timeout=20)
            if count is None and until is None and message[0] == 0x85:
                return
            self.take(message)
            count = None if count is None else count - 1


def test_nothing_is_missing_and_nothing_twice_over_kills(exchange, traders):
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    trader = traders[0]
    wire = Wire(exchange, exchange.accounts[trader.account]["privateKey"])
    address = bytes.fromhex(trader.address[2:])
    start = struct.unpack_from("<Q", wire.hello, 112)[0]
    reader, sent = Reader(start), {}
    reader.subscribe(wire, address)
    for _ in range(4):
        for _ in range(30):
            side = chance.randrange(2)
            kinds = [place(2, side, f"{chance.choice([2, 2.01, 2.02])}", chance.randrange(1, 9), chance.choice([0, 2])) for _ in range(3)]
            message = wire.message(b"".join(kinds) + struct.pack("<BBH", 10, 0, 2) * chance.randrange(2))
            sent[struct.unpack_from("<Q", message, 24)[0]] = message
            wire.socket.send(message)
        reader.read(wire, count=chance.randrange(40))
        exchange.node.kill()
        exchange.start_node(*NODE_OPTIONS)
        nonce, wire = wire.nonce, Wire(exchange, exchange.accounts[trader.account]["privateKey"])
        wire.nonce = nonce
        reader.subscribe(wire, address)
        for message in sent.values():  # those that were answered, too: the answers must be the same
            wire.socket.send(message)
        reader.read(wire, until=lambda: reader.is_caught_up and len(reader.answers) == len(sent))
    reader.read(wire)
    whole = Reader(start)
    fresh = Wire(exchange, exchange.accounts[trader.account]["privateKey"])
    whole.subscribe(fresh, address)
    whole.read(fresh, until=lambda: whole.is_caught_up)
    assert len(reader.pieces) > 200 and reader.pieces == whole.pieces
    places = {struct.unpack_from("<I", answer, 4) + struct.unpack_from("<Q", answer, 24) for answer in reader.answers.values()}
    assert len(places) == len(sent), "two batches at one place"
