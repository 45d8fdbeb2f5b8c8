"""The wire of memex.v1 as the protocol page describes it: just enough to send right and wrong messages and to see what is answered."""

import ssl
import struct
import time

from eth_account import Account
from eth_account.messages import encode_typed_data
from websockets.sync.client import connect

from bot import price_code

TYPES = {"Commands": [{"name": "nonce", "type": "uint64"}, {"name": "payload", "type": "bytes"}]}
GTC, IOC, POST_ONLY = 0, 2, 4


def place(market, side, price, lots, kind=GTC, client_id=0):
    code = price if isinstance(price, int) else price_code(price)
    return struct.pack("<BBHIQQ", 1, side | kind, market, code, lots, client_id)


def cancel(market, order):
    return struct.pack("<BBHQ", 2, 0, market, order)


def withdraw(token, atoms):
    return struct.pack("<BBHIQ", 4, 0, 0, token, atoms)


class Wire:
    """One connection of one key."""

    def __init__(self, exchange, private_key: str):
        context = ssl.create_default_context(cafile=str(exchange.certificate))
        self.socket = connect(exchange.url, subprotocols=["memex.v1"], ssl=context, max_size=1 << 20, legacy=True)
        self.account = Account.from_key(private_key)
        hello = self.hello = self.socket.recv()
        assert hello[0] == 0x80
        chain = struct.unpack_from("<Q", hello, 8)[0]
        self.domain = {"name": "Memex", "version": "1", "chainId": chain, "verifyingContract": "0x" + hello[16:36].hex()}
        self.separator = hello[72:104]
        self.nonce = 0

    def sign(self, payload: bytes, nonce: int) -> bytes:
        typed = encode_typed_data(self.domain, TYPES, {"nonce": nonce, "payload": payload})
        return self.account.sign_message(typed).signature[:64]

    def message(self, payload: bytes, nonce: int | None = None, signature: bytes | None = None, signer: bytes | None = None) -> bytes:
        self.nonce = max(int(time.time() * 1000), self.nonce + 1)
        nonce = self.nonce if nonce is None else nonce
        signer = signer or bytes.fromhex(self.account.address[2:])
        return struct.pack("<BBH20sQ64s", 1, 1, 0, signer, nonce, signature or self.sign(payload, nonce)) + payload

    def ask(self, message) -> tuple[int, list[tuple[int, int]] | int, str]:
        """Sends a message; returns ('ack', [(kind, code)…], text) or ('reject', code, text)."""
        self.socket.send(message)
        while True:
            answer = self.socket.recv(timeout=10)
            if answer[0] == 0x82:
                _, _, code, _, _, _, length = struct.unpack_from("<BBHIQIH", answer)
                return "reject", code, answer[22 : 22 + length].decode()
            if answer[0] == 0x81:
                count = struct.unpack_from("<H", answer, 2)[0]
                results = [struct.unpack_from("<BBH", answer, 40 + 32 * index) for index in range(count)]
                self.orders = [struct.unpack_from("<Q", answer, 40 + 32 * index + 8)[0] for index in range(count)]
                return "ack", [(kind, code) for kind, _, code in results], answer[40 + 32 * count :].decode("utf-8", "replace")

    def submit(self, *commands: bytes):
        return self.ask(self.message(b"".join(commands)))
