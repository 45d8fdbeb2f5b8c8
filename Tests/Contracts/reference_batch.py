"""Independent reference of the bytes of a posted batch, written from the table beside `BatchFormat`; it shares no code with the Swift encoder."""

import struct

VERSION = 2
SIGNERS, HEAD, SIGNATURES, COLUMNS = 4, 8, 21, 22
LENGTHS = {1: 24, 2: 12, 3: 12, 4: 16, 5: 32, 6: 24, 7: 32, 8: 40, 9: 24, 10: 4, 11: 12, 12: 4, 13: 4, 14: 8, 15: 4, 16: 20}


def varint(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def zigzag(value: int, last: int, bits: int = 64) -> bytes:
    difference = (value - last) % (1 << bits)
    if difference >= 1 << (bits - 1):
        difference -= 1 << bits
    return varint(2 * difference if difference >= 0 else -2 * difference - 1)


class Batch:
    def __init__(self):
        self.columns = [b""] * COLUMNS
        self.signers, self.nonces, self.client_ids, self.prices = [], {}, {}, {}
        self.market = self.time = self.origin = None
        self.slot = self.messages = self.envelopes = self.commands = self.blocks = 0

    def add(self, column: int, data: bytes):
        self.columns[column] += data

    def block(self, number: int, time_ms: int, origin: int, messages: int, envelopes: list[bytes]):
        if self.blocks == 0:
            self.first = number
        self.add(0, varint(time_ms - (self.time or 0)))
        self.add(1, varint(messages))
        self.add(2, varint(len(envelopes)))
        self.add(3, zigzag(origin, self.origin or 0))
        self.time, self.origin = time_ms, origin
        self.blocks, self.messages = self.blocks + 1, self.messages + messages
        for envelope in envelopes:
            self.envelope(envelope)

    def envelope(self, envelope: bytes):
        signer, (nonce,), signature, payload = envelope[:20], struct.unpack("<Q", envelope[20:28]), envelope[28:92], envelope[92:]
        if signer not in self.signers:
            self.signers.append(signer)
            self.add(SIGNERS, signer)
        self.add(5, varint(self.signers.index(signer)))
        self.add(6, zigzag(nonce, self.nonces.get(signer) or self.time))
        self.nonces[signer] = nonce
        self.add(SIGNATURES, signature)
        at = count = 0
        while at < len(payload):
            length = LENGTHS[payload[at]]
            self.command(payload[at : at + length], signer)
            at, count = at + length, count + 1
        self.add(7, varint(count))
        self.envelopes, self.commands = self.envelopes + 1, self.commands + count

    def command(self, command: bytes, signer: bytes):
        kind, flags, market = struct.unpack_from("<BBH", command)
        if kind in (4, 5, 6) or kind >= 10:
            self.add(HEAD, bytes([7 + 8 * kind]))
            return self.other(kind, flags, market, command)
        head = {1: 1, 2: 2, 3: 3, 7: 4, 8: 5, 9: 6}[kind]
        if market == self.market:
            head |= 0x40
        else:
            self.add(9, varint(market))
            self.market = market
        if kind in (1, 7, 8):
            price, lots, client_id = struct.unpack_from("<IQQ", command, 4)
            self.price(market, price)
            self.add(11, varint(lots))
            head |= self.client_id(client_id, signer)
        if kind in (1, 7):
            # Side and time in force up to post-only, with cancel-taker, fit the head.
            if flags < 6:
                head |= flags << 3
            else:
                head |= 0x30
                self.add(17, bytes([flags]))
        if kind == 8:
            expiry, trigger = struct.unpack_from("<QI", command, 24)
            self.add(17, bytes([flags]))
            self.add(19, zigzag(trigger, price, 32))
            if expiry:
                head |= 0x08
                self.add(18, zigzag(expiry, self.time))
        if kind == 7:
            self.add(18, zigzag(struct.unpack_from("<Q", command, 24)[0], self.time))
        if kind == 3:
            head |= self.client_id(struct.unpack_from("<Q", command, 4)[0], signer)
        if kind in (2, 9):
            slot, generation = struct.unpack_from("<II", command, 4 if kind == 2 else 16)
            self.add(13, zigzag(slot, self.slot, 32))
            self.add(14, varint(generation))
            self.slot = slot
        if kind == 9:
            price, lots = struct.unpack_from("<IQ", command, 4)
            self.price(market, price)
            self.add(11, varint(lots))
        self.add(HEAD, bytes([head]))

    def other(self, kind: int, flags: int, market: int, command: bytes):
        if kind in (4, 16):
            token, atoms, *account = struct.unpack_from("<IQ" if kind == 4 else "<IQI", command, 4)
            self.add(15, b"".join(map(varint, [token, atoms, *account])))
        elif kind in (5, 6):
            self.add(16, command[4:24] + (varint(struct.unpack_from("<Q", command, 24)[0]) if kind == 5 else b""))
        elif kind == 10:
            self.add(20, bytes([flags]) + varint(market))
        elif kind == 11:
            self.add(18, zigzag(struct.unpack_from("<Q", command, 4)[0], self.time))
        elif kind == 12:
            self.add(20, bytes([flags]))
        elif kind == 14:
            self.add(20, varint(struct.unpack_from("<I", command, 4)[0]))

    def price(self, market: int, price: int):
        self.add(10, zigzag(price, self.prices.get(market % 4096, 0), 32))
        self.prices[market % 4096] = price

    def client_id(self, value: int, signer: bytes) -> int:
        if value == 0:
            return 0x80
        self.add(12, zigzag(value, self.client_ids.get(signer, 0)))
        self.client_ids[signer] = value
        return 0

    def bytes(self) -> bytes:
        counts = [self.first, self.blocks, self.messages, self.envelopes, self.commands, len(self.signers)]
        lengths = [len(c) for i, c in enumerate(self.columns) if i not in (SIGNERS, HEAD, SIGNATURES)]
        return bytes([VERSION]) + b"".join(map(varint, counts + lengths)) + b"".join(self.columns)
