"""RFC 6455 from a server's side as a table of cases: what is sent behind the handshake, and what must come back.

Names follow the sections of the RFC; the comments name the groups of the Autobahn suite, whose list was the checklist. Messages of memex.v1
are binary, so a text message is answered by 1003 before its bytes are looked at; an unknown message type is answered by a reject message,
which shows that the message arrived whole.
"""

import dataclasses
import struct

from peer import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close, frame

MESSAGE_BYTES_MAX = 16480
TIME = struct.pack("<QQ", 5, 7)
"""A message that is answered by 24 bytes of type 0x85."""
END = close(1000)


@dataclasses.dataclass(frozen=True)
class Case:
    section: str
    name: str
    send: bytes
    """Sent behind the handshake; the case itself closes where the server would not."""
    expect: tuple
    """What must come back, in order: ("pong", payload), ("time",), ("reject", code), and last ("close", code or None)."""

    def __str__(self):
        return f"{self.section} {self.name}".replace(" ", "-")


def cases():
    yield from framing()
    yield from reserved()
    yield from masking()
    yield from fragmentation()
    yield from control_frames()
    yield from closing()
    yield from data_types()


def framing():
    """5.2: lengths in all three forms (Autobahn 1, 9)."""
    def unknown(length):
        return frame(BINARY, b"\x7f" * length)

    for length in (1, 2, 124, 125, 126, 127, 128, 254, 255, 256, 4095, 4096, 16383, 16384, MESSAGE_BYTES_MAX):
        yield Case("5.2", f"message of {length} bytes", unknown(length) + END, (("reject", 62), ("close", 1000)))
    yield Case("5.2", "empty message", frame(BINARY) + END, (("reject", 60), ("close", 1000)))
    for length in (MESSAGE_BYTES_MAX + 1, 65535, 65536, 131072):
        yield Case("5.2", f"message of {length} bytes, above the limit", unknown(length), (("close", 1009),))
    yield Case("5.2", "the first byte of 2^63 - 1, above the limit", frame(BINARY, b"\x7f", claimed=(1 << 63) - 1), (("close", 1009),))
    for length in (0, 1, 125):
        yield Case("5.2", f"{length} bytes in the 16-bit form", frame(BINARY, bytes(length), length_bytes=3), (("close", 1002),))
        yield Case("5.2", f"{length} bytes in the 64-bit form", frame(BINARY, bytes(length), length_bytes=9), (("close", 1002),))
    for length in (126, 65535):
        yield Case("5.2", f"{length} bytes in the 64-bit form", frame(BINARY, bytes(length), length_bytes=9), (("close", 1002),))
    yield Case("5.2", "a length with the highest bit set", frame(BINARY, b"", claimed=1 << 63), (("close", 1002),))
    yield Case("5.2", "many messages in one segment", frame(BINARY, TIME) * 20 + END, (("time",),) * 20 + (("close", 1000),))


def reserved():
    """5.2, 5.8: reserved bits and opcodes (Autobahn 3, 4). No extension is ever negotiated."""
    for rsv in range(1, 8):
        yield Case("5.2", f"reserved bits {rsv:03b} on a message", frame(BINARY, TIME, rsv=rsv), (("close", 1002),))
    for opcode in (PING, PONG, CLOSE):
        yield Case("5.2", f"a reserved bit on control frame {opcode:#x}", frame(opcode, rsv=4), (("close", 1002),))
    yield Case("5.2", "reserved bits behind a good message", frame(BINARY, TIME) + frame(BINARY, TIME, rsv=2), (("time",), ("close", 1002)))
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield Case("5.2", f"reserved opcode {opcode:#x}", frame(opcode), (("close", 1002),))
        yield Case("5.2", f"reserved opcode {opcode:#x} with payload", frame(opcode, b"reserved"), (("close", 1002),))
    yield Case("5.2", "a reserved opcode behind a good message", frame(BINARY, TIME) + frame(5, b"x"), (("time",), ("close", 1002)))


def masking():
    """5.1, 5.3: clients must mask, with any key."""
    for mask in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x01\0\0\0", b"\0\0\0\x80", b"\xde\xad\xbe\xef"):
        yield Case("5.3", f"mask {mask.hex()}", frame(BINARY, TIME, mask=mask) + END, (("time",), ("close", 1000)))
    yield Case("5.1", "an unmasked message", frame(BINARY, TIME, mask=None), (("close", 1002),))
    yield Case("5.1", "an unmasked ping", frame(PING, b"hello", mask=None), (("close", 1002),))
    yield Case("5.1", "an unmasked close", frame(CLOSE, struct.pack(">H", 1000), mask=None), (("close", 1002),))
    yield Case("5.1", "an unmasked continuation", frame(BINARY, TIME[:8], fin=False) + frame(CONTINUATION, TIME[8:], mask=None), (("close", 1002),))


def fragmentation():
    """5.4 (Autobahn 5, 9)."""
    def split(*parts, first=BINARY):
        last = len(parts) - 1
        return b"".join(frame(first if index == 0 else CONTINUATION, part, fin=index == last) for index, part in enumerate(parts))

    whole = (("time",), ("close", 1000))
    yield Case("5.4", "two fragments", split(TIME[:5], TIME[5:]) + END, whole)
    yield Case("5.4", "a fragment a byte", split(*(TIME[index : index + 1] for index in range(16))) + END, whole)
    yield Case("5.4", "empty first fragment", split(b"", TIME) + END, whole)
    yield Case("5.4", "empty last fragment", split(TIME, b"") + END, whole)
    yield Case("5.4", "empty fragments between", split(TIME[:5], b"", b"", TIME[5:]) + END, whole)
    yield Case("5.4", "only empty fragments", split(b"", b"", b"") + END, (("reject", 60), ("close", 1000)))
    yield Case("5.4", "ping between fragments", frame(BINARY, TIME[:5], fin=False) + frame(PING, b"now") + frame(CONTINUATION, TIME[5:]) + END, (("pong", b"now"),) + whole)
    yield Case(
        "5.4", "pings and pongs between all fragments",
        frame(BINARY, TIME[:1], fin=False) + b"".join(frame(PING, bytes([index])) + frame(PONG, b"?") + frame(CONTINUATION, TIME[index : index + 1], fin=index == 15) for index in range(1, 16)) + END,
        tuple(("pong", bytes([index])) for index in range(1, 16)) + whole)
    yield Case("5.4", "close between fragments", frame(BINARY, TIME[:5], fin=False) + END + frame(CONTINUATION, TIME[5:]), (("close", 1000),))
    yield Case("5.4", "two fragmented messages", split(TIME[:5], TIME[5:]) + split(TIME[:9], TIME[9:]) + END, (("time",),) + whole)
    yield Case("5.4", "a message at the limit in two fragments", split(b"\x7f" * 16383, b"\x7f" * 97) + END, (("reject", 62), ("close", 1000)))
    yield Case("5.4", "fragments that exceed the limit together", split(b"\x7f" * 16383, b"\x7f" * 98), (("close", 1009),))
    yield Case("5.4", "a continuation of nothing", frame(CONTINUATION, TIME), (("close", 1002),))
    yield Case("5.4", "an unfinished continuation of nothing", frame(CONTINUATION, TIME, fin=False), (("close", 1002),))
    yield Case("5.4", "a continuation behind a whole message", frame(BINARY, TIME) + frame(CONTINUATION, b"more"), (("time",), ("close", 1002)))
    yield Case("5.4", "a new message among fragments", frame(BINARY, TIME[:5], fin=False) + frame(BINARY, TIME), (("close", 1002),))
    yield Case("5.4", "a new fragmented message among fragments", frame(BINARY, TIME[:5], fin=False) * 2, (("close", 1002),))
    for opcode in (PING, PONG, CLOSE):
        yield Case("5.4", f"fragmented control frame {opcode:#x}", frame(opcode, b"", fin=False), (("close", 1002),))
    yield Case("5.4", "fragmented ping with its continuation", frame(PING, b"a", fin=False) + frame(CONTINUATION, b"b"), (("close", 1002),))


def control_frames():
    """5.5 (Autobahn 2)."""
    for length in (0, 1, 124, 125):
        payload = bytes(index % 251 for index in range(length))
        yield Case("5.5.2", f"ping of {length} bytes", frame(PING, payload) + END, (("pong", payload), ("close", 1000)))
    yield Case("5.5", "ping of 126 bytes", frame(PING, bytes(126)), (("close", 1002),))
    yield Case("5.5", "pong of 126 bytes", frame(PONG, bytes(126)), (("close", 1002),))
    yield Case("5.5", "close of 126 bytes", frame(CLOSE, struct.pack(">H", 1000) + bytes(124)), (("close", 1002),))
    yield Case("5.5.2", "ping that is no UTF-8", frame(PING, b"\0\xff\xfe\xc3") + END, (("pong", b"\0\xff\xfe\xc3"), ("close", 1000)))
    yield Case("5.5.2", "ten pings", b"".join(frame(PING, bytes([index])) for index in range(10)) + END, tuple(("pong", bytes([index])) for index in range(10)) + (("close", 1000),))
    yield Case("5.5.3", "pong that nobody asked for", frame(PONG) + frame(PONG, b"unasked") + frame(BINARY, TIME) + END, (("time",), ("close", 1000)))
    yield Case("5.5.3", "pong then ping", frame(PONG, b"unasked") + frame(PING, b"asked") + END, (("pong", b"asked"), ("close", 1000)))


def closing():
    """5.5.1, 7 (Autobahn 7)."""
    yield Case("5.5.1", "close without a body", close(), (("close", None),))
    yield Case("5.5.1", "close with half a code", frame(CLOSE, b"\x03"), (("close", 1002),))
    yield Case("5.5.1", "close with a reason", close(1000, "Auf Wiedersehen, größe".encode()), (("close", 1000),))
    yield Case("5.5.1", "close with the longest reason", close(1000, b"x" * 123), (("close", 1000),))
    yield Case("7.1.6", "close with a reason that is no UTF-8", close(1000, b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80"), (("close", 1007),))
    yield Case("7.1.6", "close with a reason cut within a character", close(1000, b"\xe2\x82"), (("close", 1007),))
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999):
        yield Case("7.4", f"close code {code}", close(code), (("close", code),))
    for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
        yield Case("7.4", f"close code {code}, which nobody may send", close(code), (("close", 1002),))
    yield Case("5.5.1", "a message behind close", END + frame(BINARY, TIME), (("close", 1000),))
    yield Case("5.5.1", "a ping behind close", END + frame(PING, b"late"), (("close", 1000),))
    yield Case("5.5.1", "two closes", END + close(1001), (("close", 1000),))
    yield Case("5.5.1", "garbage behind close", END + b"\xff" * 300, (("close", 1000),))


def data_types():
    """5.6, 8.1: text is refused before its UTF-8 could matter (Autobahn 6)."""
    yield Case("5.6", "a text message", frame(TEXT, b"hello"), (("close", 1003),))
    yield Case("5.6", "an empty text message", frame(TEXT), (("close", 1003),))
    yield Case("8.1", "text that is no UTF-8", frame(TEXT, b"\xce\xba\xed\xa0\x80"), (("close", 1003),))
    yield Case("8.1", "text refused at its first fragment", frame(TEXT, b"\xf4\x90", fin=False), (("close", 1003),))
    yield Case("5.6", "a text message behind a good one", frame(BINARY, TIME) + frame(TEXT, b"hello"), (("time",), ("close", 1003)))
    yield Case("5.6", "bytes that are no UTF-8 in a binary message", frame(BINARY, b"\x7f\xff\xfe") + END, (("reject", 62), ("close", 1000)))
