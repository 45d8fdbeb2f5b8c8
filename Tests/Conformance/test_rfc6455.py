"""Every case of the table over ws and wss, in one piece and byte by byte. `pytest -v` prints the table."""

import struct

import pytest

from cases import cases
from handshakes import ACCEPT, KEY, handshakes
from peer import BINARY, CLOSE, PONG, Peer, request

CASES = list(cases())
HANDSHAKES = list(handshakes())
# Byte by byte, long messages take seconds and show nothing that short ones do not.
SHORT = [case for case in CASES if len(case.send) < 600]
PACES = [(handshake, slow) for handshake in HANDSHAKES for slow in (False, True) if not slow or len(handshake.send) < 4000]


def read(message):
    """A message of the server in the words of the table."""
    opcode, payload = message
    if opcode == CLOSE:
        return ("close", struct.unpack_from(">H", payload)[0] if payload else None)
    if opcode == PONG:
        return ("pong", payload)
    assert opcode == BINARY, f"opcode {opcode}"
    match payload[0]:
        case 0x82:
            return ("reject", struct.unpack_from("<H", payload, 2)[0])
        case 0x85:
            return ("time",)
    return ("message", payload[0])


def check(peer, case, one_by_one=False):
    peer.send(case.send, one_by_one)
    answers = [read(message) for message in peer.rest()]
    peer.end()
    assert tuple(answers) == case.expect


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(node, case):
    check(Peer(node).upgrade(), case)


@pytest.mark.parametrize("case", SHORT, ids=str)
def test_byte_by_byte(node, case):
    check(Peer(node).upgrade(), case, one_by_one=True)


@pytest.mark.parametrize("case", SHORT, ids=str)
def test_in_one_segment_with_the_handshake(node, case):
    peer = Peer(node)
    peer.upgrade(behind=case.send)
    answers = [read(message) for message in peer.rest()]
    peer.end()
    assert tuple(answers) == case.expect


@pytest.mark.parametrize("handshake,one_by_one", PACES, ids=lambda value: "byte-by-byte" if value is True else "whole" if value is False else str(value))
def test_handshake(node, handshake, one_by_one):
    peer = Peer(node)
    peer.send(handshake.send, one_by_one)
    status, fields = peer.head()
    assert status == handshake.status
    for name, value in handshake.fields:
        assert fields.get(name) == value
    assert "sec-websocket-extensions" not in fields
    peer.end()


def test_accept_is_that_of_the_rfc():
    """The table's own constants, made anew as 4.2.2 says."""
    import base64
    import hashlib

    assert base64.b64encode(hashlib.sha1((KEY + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode() == ACCEPT


def test_the_server_ends_the_tcp_connection_first(node):
    """7.1.1: after the closing handshake the server ends TCP, and the client sees the end without sending more."""
    peer = Peer(node).upgrade()
    from cases import END

    peer.send(END)
    assert [read(message) for message in peer.rest()] == [("close", 1000)]
    assert peer.ended
    peer.end()


def test_a_vanished_client_harms_nobody(node):
    """7.2: connections that end without a closing handshake, at every stage."""
    for stage in range(4):
        peer = Peer(node)
        if stage > 0:
            peer.send(request("localhost")[: 20 if stage == 1 else None])
        if stage > 2:
            peer.head()
        peer.end()
    Peer(node).upgrade().end()
