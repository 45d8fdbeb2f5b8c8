"""Clients that mean harm, from addresses of their own (all of 127/8 is this machine), while an honest one goes on being answered.

How long the honest one waits meanwhile is measured by `LoadTests/run`; here it counts that nothing is lost and that the others are shown out.
"""

import os
import select
import ssl
import struct
import threading

import pytest

from peer import BINARY, CLOSE, CONTINUATION, PING, Peer, close, frame, request

TIME = frame(BINARY, struct.pack("<QQ", 5, 7))


class Honest(threading.Thread):
    """Asks for the time, one question after the other, until told to stop."""

    def __init__(self, node):
        super().__init__(daemon=True)
        self.peer = Peer(node, timeout=20).upgrade()
        self.answers = 0
        self.failure = None
        self.done = threading.Event()

    def run(self):
        try:
            while not self.done.is_set():
                self.peer.send(TIME)
                opcode, payload = self.peer.message()
                assert (opcode, payload[0]) == (BINARY, 0x85)
                self.answers += 1
        except Exception as failure:  # noqa: BLE001
            self.failure = failure

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.join(30)
        self.peer.end()
        assert self.failure is None
        assert self.answers > 0


def end_of(peer):
    """The last message, or None; waits until the node has ended the connection."""
    messages = peer.rest()
    return messages[-1] if messages else None


def close_code(message):
    assert message is not None and message[0] == CLOSE
    return struct.unpack_from(">H", message[1])[0]


def test_slowloris(node):
    """Heads that never end are answered by 408, or cut off, after the handshake timeout."""
    with Honest(node):
        slow = [Peer(node, timeout=30, source="127.0.0.21") for _ in range(50)]
        head = request("localhost")
        for index, peer in enumerate(slow):
            peer.send(head[: 1 + index])
        for peer in slow:
            status, _ = peer.head()
            assert status in (0, 408)
            peer.end()


def test_garbage_instead_of_a_handshake(node):
    with Honest(node):
        for length in (1, 5, 100, 20_000):
            peer = Peer(node, timeout=30, source="127.0.0.22", encrypted=False)
            peer.send(os.urandom(length))
            # The handshake timeout ends those that were too short to be wrong.
            while peer.receive():
                pass
            peer.end()


def test_garbage_behind_the_tls_handshake(node):
    """Bytes under the TLS layer that are no record."""
    # Without TLS the same bytes are frames, mostly wrong ones.
    with Honest(node):
        for _ in range(20):
            peer = Peer(node, source="127.0.0.23").upgrade()
            raw = peer.socket.fileno()
            os.write(raw, os.urandom(300))
            assert not [message for message in peer.rest() if message[0] == BINARY]
            peer.end()


def test_half_open_connections(node):
    """Sockets that connect and say nothing, at every stage, cost the others nothing."""
    with Honest(node) as honest:
        silent = [Peer(node, source="127.0.0.24") for _ in range(100)]
        silent += [Peer(node, source="127.0.0.25").upgrade() for _ in range(100)]
        before = honest.answers
        while honest.answers < before + 100 and honest.failure is None:
            honest.done.wait(0.01)
        for peer in silent:
            peer.end()


def test_hellos_without_a_handshake(node):
    """A hello of TLS, and gone at its answer: work for the node, none for whoever comes."""
    context, hello = ssl.create_default_context(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), hello, server_hostname="localhost").do_handshake()
    begun = hello.read()
    with Honest(node):
        for _ in range(300):
            peer = Peer(node, timeout=30, source="127.0.0.30", encrypted=False)
            peer.send(begun)
            # Without TLS it is the beginning of a head that never ends.
            if node.certificate:
                assert peer.receive()
            peer.end()


def test_messages_a_byte_at_a_time(node):
    """However slowly they come, they are answered in the end; nobody waits for them."""
    with Honest(node):
        slow = [Peer(node, timeout=30, source="127.0.0.31").upgrade() for _ in range(30)]
        for byte in TIME:
            for peer in slow:
                peer.send(bytes([byte]))
        for peer in slow:
            opcode, payload = peer.message()
            assert (opcode, payload[0]) == (BINARY, 0x85)
            peer.end()


def wrong_signatures(count):
    return b"".join(frame(BINARY, struct.pack("<BBH20sQ", 1, 1, 0, os.urandom(20), index + 1) + os.urandom(64) + struct.pack("<BBHQ", 2, 0, 1, 5)) for index in range(count))


def test_bad_signatures_from_many_addresses(node):
    """Each address has a budget of its own, and every one is shown out."""
    wrong = wrong_signatures(300)
    with Honest(node):
        peers = [Peer(node, timeout=30, source=f"127.0.1.{number}").upgrade() for number in range(1, 21)]
        for peer in peers:
            peer.send(wrong)
        for peer in peers:
            assert close_code(end_of(peer)) == 1008
            peer.end()


def test_bad_signatures(node):
    """A budget of wrong signatures, then the door: 1008, and no new connection from there for a while."""
    wrong = wrong_signatures(200)
    with Honest(node) as honest:
        peer = Peer(node, timeout=30, source="127.0.0.26").upgrade()
        for _ in range(2):
            peer.send(wrong)
        assert close_code(end_of(peer)) == 1008
        peer.end()
        again = Peer(node, source="127.0.0.26")
        again.send(request("localhost"))
        assert again.head()[0] == 429
        again.end()
        assert honest.failure is None
        Peer(node, source="127.0.0.27").upgrade().end()


def test_one_who_never_reads(node):
    """Questions without end, and no answer ever read: dropped at the output limit, not buffered."""
    with Honest(node):
        peer = Peer(node, timeout=5, source="127.0.0.28").upgrade()
        peer.socket.setblocking(False)
        block = TIME * 2000
        sent = 0
        for _ in range(20_000):
            if not select.select([], [peer.socket], [], 5)[1]:
                break
            try:
                sent += peer.socket.send(block)
            except (BlockingIOError, ValueError):
                continue
            except OSError:
                break
        assert sent > 0
        peer.end()


def test_floods_of_small_frames(node):
    """Pings and empty fragments by the ten thousand are work like any other."""
    with Honest(node):
        peer = Peer(node, timeout=30, source="127.0.0.29").upgrade()
        reader = threading.Thread(target=peer.rest, daemon=True)
        reader.start()
        for _ in range(50):
            peer.send(frame(PING, b"x") * 200)
        peer.send(frame(BINARY, b"", fin=False) + frame(CONTINUATION, b"", fin=False) * 10_000 + close(1000))
        reader.join(30)
        assert not reader.is_alive()
        peer.end()
