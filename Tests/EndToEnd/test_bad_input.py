"""Every mistake of a bot gets its own code and a sentence, changes nothing, and leaves the connection open."""

import re
import subprocess
import sys
import time

import pytest
from conftest import ROOT
from wire import IOC, POST_ONLY, Wire, cancel, place, withdraw

BUY, SELL = 0, 1
MARKET = 2  # WIF/USDX


@pytest.fixture(scope="module")
def ann(exchange, traders):
    return Wire(exchange, exchange.accounts[traders[0].account]["privateKey"])


@pytest.fixture(scope="module")
def bob(exchange, traders):
    return Wire(exchange, exchange.accounts[traders[1].account]["privateKey"])


def balances(exchange, owner):
    answer = exchange.memex("balances", "--owner", owner)
    return answer["balances"], answer["openOrders"]


@pytest.mark.parametrize("name, commands, code", [
    ("unknown market", [place(77, BUY, "1", 1)], 20),
    ("size zero", [place(MARKET, BUY, "1", 0)], 21),
    ("size too large", [place(MARKET, SELL, "1", 2**63)], 22),
    ("price out of range", [place(MARKET, BUY, 36 * 90_000, 1)], 23),
    ("price too fine", [place(MARKET, BUY, "0.00000000000012345", 1)], 24),
    ("notional too large", [place(MARKET, BUY, "99999000000", 10**9)], 25),
    ("insufficient balance", [place(MARKET, BUY, "100000", 10**9)], 26),
    ("unknown order", [cancel(MARKET, 1 << 40 | 9999)], 29),
    ("unknown token", [withdraw(99, 1)], 41),
    ("nothing to withdraw", [withdraw(1, 0)], 42),
    ("more than the balance", [withdraw(1, 2**62)], 26),
])
def test_refused_command(exchange, traders, ann, name, commands, code):
    before = balances(exchange, traders[0].address)
    kind, results, text = ann.submit(*commands)
    assert (kind, results) == ("ack", [(4, code)]), f"{name}: {text}"
    assert len(text) > 20, "a refusal says why"
    assert balances(exchange, traders[0].address) == before


def test_self_trade_and_post_only(exchange, traders, ann, bob):
    assert ann.submit(place(MARKET, SELL, "20", 5, client_id=1))[1] == [(1, 0)]
    before = balances(exchange, traders[0].address)
    # An order that meets one's own is dropped there unless it says otherwise: accepted, and neither filled nor resting.
    assert ann.submit(place(MARKET, BUY, "20", 5))[1] == [(1, 0)]
    assert ann.orders == [0]
    assert ann.submit(place(MARKET, SELL, "21", 5, client_id=1))[1] == [(4, 31)]
    assert bob.submit(place(MARKET, BUY, "20", 5, POST_ONLY))[1] == [(4, 28)]
    order = _order_of(exchange, traders[0])
    assert bob.submit(cancel(MARKET, order))[1] == [(4, 30)]
    assert balances(exchange, traders[0].address) == before
    assert bob.submit(place(MARKET, BUY, "20", 5, IOC))[1] == [(1, 0)]


def _order_of(exchange, trader) -> int:
    return int(exchange.memex("balances", "--owner", trader.address)["openOrders"][0]["orderId"])


def test_nonces(ann):
    now = int(time.time() * 1000)
    message = ann.message(withdraw(99, 1), nonce=now)
    answer = ann.ask(message)
    assert answer[0] == "ack"
    assert ann.ask(message) == answer, "the same bytes get the same answer"
    assert ann.ask(ann.message(withdraw(99, 2), nonce=now))[:2] == ("reject", 7), "others under the same nonce do not"
    assert ann.ask(ann.message(withdraw(99, 1), nonce=now - 3 * 86_400_000))[:2] == ("reject", 5)
    assert ann.ask(ann.message(withdraw(99, 1), nonce=now + 2 * 86_400_000))[:2] == ("reject", 6)


def test_bad_messages_keep_the_connection(ann):
    payload = withdraw(99, 1)
    wrong = bytearray(ann.message(payload))
    wrong[40] ^= 1
    assert ann.ask(bytes(wrong))[:2] == ("reject", 2), "a signature that is not the signer's"
    assert ann.ask(ann.message(payload, signer=b"\x11" * 20))[:2] == ("reject", 2)
    for message in (b"", b"\x01", b"\x01\x01\x00\x00" + bytes(50)):
        assert ann.ask(message)[:2] == ("reject", 60)
    assert ann.ask(b"\x77" + bytes(20))[:2] == ("reject", 62)
    assert ann.ask(ann.message(payload[:-1]))[:2] == ("reject", 1)
    assert ann.ask(ann.message(payload * 513))[:2] == ("reject", 9)
    assert ann.submit(payload)[0] == "ack", "the connection still works"


@pytest.mark.parametrize("script, options, hint", [
    ("bot", ["--key", "/nowhere/key"], "no file /nowhere/key"),
    ("bot", ["--key", "46" * 32, "--ca", "/nowhere/ca.pem"], "No such file"),
    ("bot", ["--key", "46" * 32, "--insecure", "--url", "wss://127.0.0.1:9"], "127.0.0.1"),
    ("follow_book", ["--ca", "/nowhere/ca.pem"], "No such file"),
])
def test_examples_tell_a_mistake_in_a_line(script, options, hint):
    command = [sys.executable, str(ROOT / "Deploy" / "examples" / f"{script}.py"), "--url", "wss://localhost:1", "--market", "1", *options]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0 and hint in ended.stderr.splitlines()[-1] and "Traceback" not in ended.stderr, ended.stderr


def test_a_refusal_has_the_figures_that_explain_it(ann):
    """A bot's writer sees what came, and where it is wrong."""
    now = int(time.time() * 1000)
    seconds = ann.ask(ann.message(withdraw(99, 1), nonce=now // 1000))
    assert seconds[:2] == ("reject", 5) and re.search(rf"It is {now // 1000}, and the time is \d{{13}}\.$", seconds[2]), seconds
    assert "Command 1, at byte 16 of the payload: no command has the type 99." in ann.ask(ann.message(withdraw(99, 1) + b"\x63"))[2]
    assert "It has 15 bytes; one of type 5 has 16" in ann.ask(b"\x05" + bytes(14))[2]


def test_strangers_have_no_account(exchange):
    stranger = Wire(exchange, exchange.accounts[15]["privateKey"])
    assert stranger.submit(withdraw(1, 1))[:2] == ("reject", 3)
