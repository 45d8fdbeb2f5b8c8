"""Independent reference of the bytes of a posted batch, written from the tables beside `BatchFormat`; it shares no code with the Swift encoder."""

import collections
import struct

VERSION = 3
LENGTHS = {1: 24, 2: 12, 3: 12, 4: 16, 5: 32, 6: 24, 7: 32, 8: 40, 9: 24, 10: 4, 11: 12, 12: 4, 13: 4, 14: 8, 15: 4, 16: 20, 17: 28}
# How far a context moves after so many decisions: the distance to the certain, halved so often.
RATES = [1] + 2 * [2] + 4 * [3] + 8 * [4] + [5]


def varint(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def zigzag(value: int, last: int, bits: int = 64) -> int:
    difference = (value - last) % (1 << bits)
    if difference >= 1 << (bits - 1):
        difference -= 1 << bits
    return 2 * difference if difference >= 0 else -2 * difference - 1


class Values:
    """Decisions as a binary fraction, its lower end in one large integer: no carries to care for."""

    def __init__(self):
        self.low, self.size, self.bytes_grown = 0, 2**32 - 1, 0
        self.contexts = collections.defaultdict(lambda: (2048, 0))

    def grow(self):
        while self.size < 1 << 24:
            self.low, self.size, self.bytes_grown = self.low << 8, self.size << 8, self.bytes_grown + 1

    def flag(self, context, bit: bool):
        probability, seen = self.contexts[context]
        lower, rate = (self.size >> 12) * probability, RATES[seen]
        if bit:
            self.low, self.size = self.low + lower, self.size - lower
            probability -= probability >> rate
        else:
            self.size = lower
            probability += (4096 - probability) >> rate
        self.contexts[context] = probability, min(seen + 1, 15)
        self.grow()

    def tree(self, context, value: int, bits: int):
        for bit in range(bits):
            self.flag((context, bit, value >> (bits - bit)), value >> (bits - bit - 1) & 1)

    def plain(self, value: int, bits: int):
        for bit in reversed(range(bits)):
            self.size >>= 1
            self.low += self.size * (value >> bit & 1)
            self.grow()

    def number(self, column, value: int):
        length = value.bit_length()
        self.tree((column, "length"), length, 7)
        behind = max(length - 1, 0)
        rest = max(behind - 5, 0)
        self.tree((column, min(length, 32)), (value >> rest) % (1 << (behind - rest)), behind - rest)
        self.plain(value, rest)

    def bytes(self) -> bytes:
        return self.low.to_bytes(self.bytes_grown + 4, "big")


class Signer:
    def __init__(self, position: int):
        self.position, self.type, self.market, self.flags, self.client_id, self.cancelled_id = position, 0, 0, 0, 0, 0


class Batch:
    def __init__(self):
        self.values, self.signers, self.signatures, self.prices = Values(), {}, b"", {}
        self.time = self.origin = self.nonce = self.slot = 0
        self.messages = self.envelopes = self.commands = self.blocks = 0

    def block(self, number: int, time_ms: int, origin: int, messages: int, envelopes: list[bytes]):
        if self.blocks == 0:
            self.first = number
        self.values.number("block time", time_ms - self.time)
        self.values.number("block messages", messages)
        self.values.number("block envelopes", len(envelopes))
        self.values.number("block origin", zigzag(origin, self.origin))
        self.time, self.origin = time_ms, origin
        self.blocks, self.messages = self.blocks + 1, self.messages + messages
        for envelope in envelopes:
            self.envelope(envelope)

    def envelope(self, envelope: bytes):
        address, (nonce,), payload = envelope[:20], struct.unpack("<Q", envelope[20:28]), envelope[92:]
        self.signatures += envelope[28:92]
        self.values.flag("new signer", address not in self.signers)
        if address in self.signers:
            self.values.number("signer", self.signers[address].position)
        else:
            self.signers[address] = Signer(len(self.signers))
        self.values.number("nonce", zigzag(nonce, self.nonce or self.time))
        self.nonce = nonce or self.nonce
        commands, at = [], 0
        while at < len(payload):
            commands.append(payload[at : at + LENGTHS[payload[at]]])
            at += LENGTHS[payload[at]]
        self.values.number("commands", len(commands))
        for command in commands:
            self.command(command, self.signers[address])
        self.envelopes, self.commands = self.envelopes + 1, self.commands + len(commands)

    def command(self, command: bytes, signer: Signer):
        kind, flags, market = struct.unpack_from("<BBH", command)
        self.values.tree(("type", signer.type), kind, 5)
        follows, signer.type = signer.type == kind, kind
        if kind in (1, 2, 3, 7, 8, 9):
            self.market(market, signer)
        if kind in (1, 7, 8):
            price, lots, client_id = struct.unpack_from("<IQQ", command, 4)
            self.values.flag(("side", signer.flags & 1), flags & 1)
            self.values.tree(("flags", signer.flags >> 1), flags >> 1, 6)
            signer.flags = flags
            self.price(market, flags & 1, price)
            self.lots(lots)
            self.values.flag("has client id", client_id != 0)
            if client_id:
                self.values.number("client id", zigzag(client_id, signer.client_id + 1))
                signer.client_id = client_id
        if kind in (2, 9):
            slot, generation = struct.unpack_from("<II", command, 4 if kind == 2 else 16)
            self.values.number("slot", zigzag(slot, self.slot, 32))
            self.values.number("generation", generation)
            self.slot = slot
        if kind == 3:
            (cancelled_id,) = struct.unpack_from("<Q", command, 4)
            if follows:
                self.values.number("next cancelled client id", zigzag(cancelled_id, signer.cancelled_id + 1))
            else:
                self.values.number("cancelled client id", zigzag(signer.client_id, cancelled_id))
            signer.cancelled_id, signer.client_id = cancelled_id, signer.client_id or cancelled_id
        if kind == 7:
            self.values.number("time", zigzag(struct.unpack_from("<Q", command, 24)[0], self.time))
        if kind == 8:
            expiry, trigger = struct.unpack_from("<QI", command, 24)
            self.values.flag("expires", expiry != 0)
            if expiry:
                self.values.number("time", zigzag(expiry, self.time))
            self.values.number("trigger price", zigzag(trigger, price, 32))
        if kind == 9:
            price, lots = struct.unpack_from("<IQ", command, 4)
            self.price(market, signer.flags & 1, price)
            self.lots(lots)
        self.other(kind, flags, market, command)

    def other(self, kind: int, flags: int, market: int, command: bytes):
        if kind in (4, 16):
            token, atoms, *account = struct.unpack_from("<IQ" if kind == 4 else "<IQI", command, 4)
            self.values.number("token", token)
            self.values.number("atoms", atoms)
            for value in account:
                self.values.number("account", value)
        elif kind in (5, 6):
            for byte in command[4:24]:
                self.values.plain(byte, 8)
            if kind == 5:
                self.values.number("agent expiry", struct.unpack_from("<Q", command, 24)[0])
        elif kind == 10:
            self.values.tree("sides", flags, 2)
            self.values.number("market", market)
        elif kind == 11:
            self.values.number("time", zigzag(struct.unpack_from("<Q", command, 4)[0], self.time))
        elif kind == 12:
            self.values.flag("on disconnect", flags)
        elif kind == 17:
            self.values.number("atoms", struct.unpack_from("<Q", command, 4)[0])
            for byte in bytes([flags]) + command[12:28]:
                self.values.plain(byte, 8)
        elif kind == 14:
            self.values.number("account", struct.unpack_from("<I", command, 4)[0])

    def market(self, market: int, signer: Signer):
        self.values.flag("same market", market == signer.market)
        if market != signer.market:
            self.values.number("market", market)
            signer.market = market

    def price(self, market: int, side: int, price: int):
        entry = market % 4096
        last = self.prices.get((entry, side), 0) or self.prices.get((entry, 1 - side), 0)
        self.values.number("price", zigzag(price, last, 32))
        self.prices[entry, side] = price

    def lots(self, lots: int):
        zeros = 0
        while lots and lots % 10 == 0:
            lots, zeros = lots // 10, zeros + 1
        self.values.tree("zeros", zeros, 5)
        self.values.number(("lots", min(zeros, 3)), lots)

    def bytes(self) -> bytes:
        counts = [self.first, self.blocks, self.messages, self.envelopes, self.commands, len(self.signers)]
        return bytes([VERSION]) + b"".join(map(varint, counts)) + b"".join(self.signers) + self.signatures + self.values.bytes()
