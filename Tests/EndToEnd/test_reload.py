"""SIGHUP: a node takes up a new certificate for new connections, and disturbs no open one."""

import shutil
import signal
import ssl

import pytest
from conftest import eventually
from wire import POST_ONLY, Wire, place

BUY, MARKET = 0, 2  # WIF/USDX


@pytest.fixture
def files(exchange, tmp_path):
    """The certificate's files, put back afterwards."""
    files = exchange.certificate, exchange.certificate_key
    for file in files:
        shutil.copy(file, tmp_path)
    yield files
    for file in files:
        shutil.copy(tmp_path / file.name, file)
    exchange.node.process.send_signal(signal.SIGHUP)
    eventually(lambda: served(exchange) == pem(files[0]), "the first certificate")


def pem(file) -> bytes:
    return ssl.PEM_cert_to_DER_cert(file.read_text())


def served(exchange) -> bytes:
    host, port = exchange.url.removeprefix("wss://").rstrip("/").split(":")
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, int(port))))


def is_served(wire) -> bool:
    """Whether a connection answers, and with the certificate that it began with."""
    return wire.ask(wire.message(place(MARKET, BUY, "0.0001", 1, POST_ONLY)))[0] == "ack"


def test_a_new_certificate_is_taken_up(exchange, traders, files):
    key = exchange.accounts[traders[0].account]["privateKey"]
    old, first = Wire(exchange, key), served(exchange)
    assert first == pem(files[0])
    for file in files:
        file.unlink()
    exchange.make_certificate()
    # Reading files is not enough: without the signal nothing changes.
    assert served(exchange) == first != pem(files[0])
    exchange.node.process.send_signal(signal.SIGHUP)
    eventually(lambda: served(exchange) == pem(files[0]), "the new certificate")
    # Trusts the new file alone.
    assert is_served(Wire(exchange, key))
    assert is_served(old)

    # A key that does not fit is refused, and said; the node serves on with what it has.
    second = served(exchange)
    files[1].write_text("no key")
    exchange.node.process.send_signal(signal.SIGHUP)
    eventually(lambda: "keeping the certificate" in exchange.node.tail(20_000), "the mistake to be logged")
    assert served(exchange) == second
    assert is_served(old)
