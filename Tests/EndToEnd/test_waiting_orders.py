"""What the account channel says of orders that wait for a price or a time, as the protocol page has it."""

import struct
import time

from wire import IOC, Wire, place

MARKET, BUY, SELL = 2, 0, 1
PRICE = "3"


def orders(wire: Wire):
    """Order messages of the account as they come: (state, price code, lots lost or filled, command index, flags, reason)."""
    while True:
        message = wire.socket.recv(timeout=30)
        if message[0] == 0x87:
            state, code, lots = message[1], *struct.unpack_from("<I16xQ", message, 4)
            yield state, code, lots, *struct.unpack_from("<HBB", message, 56)


def test_trigger_and_expiry(exchange, traders):
    ann, bob = (Wire(exchange, exchange.accounts[trader.account]["privateKey"]) for trader in traders)
    cancel_all = struct.pack("<BBH", 10, 0, MARKET)
    # A last price, without which a trigger has nothing to wait for.
    ann.submit(cancel_all, place(MARKET, SELL, PRICE, 5))
    assert bob.submit(cancel_all, place(MARKET, BUY, PRICE, 5, IOC))[1][1] == (1, 0)
    ann.submit(cancel_all)
    ann.socket.send(struct.pack("<BBH20s", 2, 3, 0, bytes.fromhex(traders[0].address[2:])))

    price, trigger = (struct.unpack_from("<I", place(MARKET, SELL, text, 1), 4)[0] for text in ("1", "2"))
    waiting = struct.pack("<BBHIQQQII", 8, SELL, MARKET, price, 7, 0, 0, trigger, 0)
    assert ann.submit(waiting)[1] == [(14, 0)]
    ann.submit(cancel_all)
    heard = orders(ann)
    assert next(heard) == (3, trigger, 7, 0, SELL | 2, 2), "the price is the trigger's"

    expiring = struct.pack("<BBHIQQQ", 7, BUY, MARKET, price, 7, 0, int(time.time() * 1000) + 500)
    assert ann.submit(expiring)[1] == [(1, 0)]
    assert next(heard)[0] == 1
    assert next(heard) == (3, price, 7, 0xFFFF, BUY, 4), "no command caused it, time did"


def test_acks_keep_their_order_and_rejects_may_not(exchange, traders):
    wire = Wire(exchange, exchange.accounts[traders[0].account]["privateKey"])
    messages = [bytearray(wire.message(struct.pack("<BBH", 10, 0, MARKET))) for _ in range(20)]
    messages[10][40] ^= 1
    nonces = [struct.unpack_from("<Q", message, 24)[0] for message in messages]
    for message in messages:
        wire.socket.send(bytes(message))
    answers = [wire.socket.recv(timeout=30) for _ in messages]
    refused = [struct.unpack_from("<Q", answer, 8)[0] for answer in answers if answer[0] == 0x82]
    acked = [struct.unpack_from("<Q", answer, 8)[0] for answer in answers if answer[0] == 0x81]
    assert refused == [nonces.pop(10)] and acked == nonces
