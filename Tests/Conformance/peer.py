"""A WebSocket peer that can do wrong: raw bytes on a socket, with or without TLS; what comes back is read by wsproto, which shares no code with us."""

import base64
import os
import socket
import ssl
import struct

from wsproto.frame_protocol import CloseReason, FrameDecoder

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


def frame(opcode, payload=b"", fin=True, rsv=0, mask=b"\x11\x22\x33\x44", length_bytes=None, claimed=None):
    """One frame. `mask` None leaves it unmasked; `length_bytes` 1, 3 or 9 forces a form of the length; `claimed` lies about it."""
    length = len(payload) if claimed is None else claimed
    form = length_bytes or (1 if length < 126 else 3 if length < 1 << 16 else 9)
    masked = 0x80 if mask is not None else 0
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    head += {1: lambda: bytes([masked | length]), 3: lambda: struct.pack(">BH", masked | 126, length), 9: lambda: struct.pack(">BQ", masked | 127, length)}[form]()
    if mask is None:
        return head + payload
    keys = (mask * (len(payload) // 4 + 1))[: len(payload)]
    body = int.from_bytes(payload, "big") ^ int.from_bytes(keys, "big")
    return head + mask + body.to_bytes(len(payload), "big")


def close(code=None, reason=b""):
    """A close frame; without a code it has no body."""
    return frame(CLOSE, b"" if code is None else struct.pack(">H", code) + reason)


def request(host, key=None, drop=(), **fields):
    """The head of an upgrade. `drop` leaves fields out; keywords set or add them (underscores stand for dashes)."""
    key = key or base64.b64encode(os.urandom(16)).decode()
    head = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "memex.v1",
    }
    for name, value in fields.items():
        head[next((known for known in head if known.lower() == name.replace("_", "-").lower()), name.replace("_", "-"))] = value
    lines = [f"{name}: {value}" for name, value in head.items() if name not in drop]
    return ("GET / HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode()


class Peer:
    """One connection."""

    def __init__(self, node, timeout=10, source=None, encrypted=True):
        self.node = node
        raw = socket.create_connection((node.host, node.port), timeout=timeout, source_address=(source, 0) if source else None)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = raw
        if encrypted and node.certificate:
            context = ssl.create_default_context(cafile=str(node.certificate))
            self.socket = context.wrap_socket(raw, server_hostname="localhost")
        self.decoder = FrameDecoder(client=True)
        self.ended = False

    def send(self, data: bytes, one_by_one=False):
        """Sends; `one_by_one` puts every byte into a segment (and a TLS record) of its own."""
        try:
            if not one_by_one:
                return self.socket.sendall(data)
            for byte in data:
                self.socket.sendall(bytes([byte]))
        except OSError:
            # The other side may have ended the connection at the first wrong byte.
            pass

    def receive(self) -> bytes:
        """What comes next; empty at the end, whether it came in order or by a reset."""
        try:
            data = self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLError, BrokenPipeError):
            data = b""
        self.ended = self.ended or not data
        return data

    def head(self) -> tuple[int, dict[str, str]]:
        """Reads the response's head: status and fields. Frames behind it go to the decoder."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.receive()
            if not more:
                break
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        self.decoder.receive_bytes(rest)
        lines = head.decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        return int(lines[0].split(" ")[1]) if " " in lines[0] else 0, fields

    def upgrade(self, behind=b""):
        """Opens the WebSocket and reads hello. `behind`: bytes sent in one piece with the request."""
        self.socket.sendall(request(f"localhost:{self.node.port}") + behind)
        status, _ = self.head()
        assert status == 101, status
        opcode, payload = self.message()
        assert (opcode, payload[0]) == (BINARY, 0x80), "hello comes first"
        return self

    def message(self):
        """The next whole frame that is no part of another: (opcode, payload), or None at the end of the connection."""
        parts = []
        while True:
            piece = self.decoder.process_buffer()
            if piece is None:
                data = self.receive()
                if not data:
                    return None
                self.decoder.receive_bytes(data)
                continue
            parts.append(bytes(piece.payload) if not isinstance(piece.payload, tuple) else self.close_body(piece.payload))
            if piece.frame_finished and piece.message_finished:
                return int(piece.opcode), b"".join(parts)

    @staticmethod
    def close_body(payload):
        """wsproto takes the body of a close frame apart; 1005 is its word for none."""
        code, reason = payload
        if code == CloseReason.NO_STATUS_RCVD:
            return b""
        return struct.pack(">H", code) + (reason or "").encode()

    def rest(self):
        """All messages until the connection ends. A close frame is answered, so that the server need not wait for that."""
        messages = []
        while (message := self.message()) is not None:
            messages.append(message)
            if message[0] == CLOSE:
                self.send(frame(CLOSE, message[1][:2]))
        return messages

    def end(self):
        self.socket.close()
