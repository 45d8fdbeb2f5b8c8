"""Receipts, checked by code of its own: the example of the protocol page, and those that a running exchange gives."""

import json
import pathlib
import re
import struct

import pytest
from eth_account import Account

from local.exchange import ToolFailed
from receipts import BadReceipt, verify
from wire import Wire, cancel, place

PAGE = pathlib.Path(__file__).resolve().parents[2] / "Sources" / "Node" / "Gateway" / "Gateway.docc" / "Protocol.md"


def example() -> tuple[bytes, bytes, str, bytes]:
    """The receipt on the page, its domain separator, its signer's address, and the commands message that it is for."""
    page = PAGE.read_text()

    def worked(name: str) -> bytes:
        return bytes.fromhex(re.search(rf"^    {name} +([0-9a-f]+)$", page, re.M)[1])

    receipt = bytes.fromhex(re.search(r"^    (94[0-9a-f]{100,})$", page, re.M)[1])
    return receipt, worked("domain separator"), Account.from_key(worked("private key")).address, worked("message")


def test_example_of_the_page():
    receipt, separator, signer, commands = example()
    said = verify(receipt, separator, signer, commands)
    assert (said["block"], said["position"], said["index"], said["count"]) == (8, 6, 1, 3)
    assert said["nonce"] == struct.unpack_from("<Q", commands, 24)[0]


def test_no_byte_of_it_can_be_changed():
    receipt, separator, signer, commands = example()
    for at in range(len(receipt)):
        if at in (2, 3) or 8 <= at < 16:  # zero bytes, and the nonce, which is there to find the batch by
            continue
        changed = bytearray(receipt)
        changed[at] ^= 1
        with pytest.raises(BadReceipt):
            verify(bytes(changed), separator, signer, commands)
    with pytest.raises(BadReceipt):
        verify(receipt, separator, signer, commands[:-1] + b"\x01")
    with pytest.raises(BadReceipt):
        verify(receipt, separator, Account.create().address)


def test_receipts_of_an_exchange(exchange, traders):
    """Each batch gets one, at the place that its ack says, under the address that the deployment names."""
    wire = Wire(exchange, exchange.accounts[traders[0].account]["privateKey"])
    wire.socket.send(struct.pack("<BBH", 2, 7, 0))
    assert wire.socket.recv(timeout=10)[0] == 0x83
    messages = [wire.message(place(2, 0, "1.5", 3) + cancel(2, 1)) for _ in range(30)]
    for message in messages:
        wire.socket.send(message)
    acks, receipts = {}, []
    while len(receipts) < len(messages):
        answer = wire.socket.recv(timeout=10)
        assert answer[0] in (0x81, 0x94), answer.hex()
        if answer[0] == 0x81:
            _, _, _, position, nonce, _, block = struct.unpack_from("<BBHIQQQ", answer)
            acks[nonce] = block, position
        else:
            receipts.append(answer)
    by_nonce = {struct.unpack_from("<Q", message, 24)[0]: message for message in messages}
    for receipt in receipts:
        nonce = struct.unpack_from("<Q", receipt, 8)[0]
        said = verify(receipt, wire.separator, exchange.deployment["sequencer"], by_nonce.pop(nonce))
        assert (said["block"], said["position"]) == acks[nonce]
    assert not by_nonce


def test_command_line_keeps_and_checks_receipts(exchange, traders, tmp_path):
    path = tmp_path / "order.receipt"
    order = exchange.memex(
        "order", "--market", "WIF/USDX", "--side", "buy", "--price", "1.5", "--size", "0.003", "--receipt", str(path),
        account=traders[0].account)
    said = exchange.memex("receipt", "verify", str(path))
    assert said["block"] == order["block"] and said["signer"].lower() == traders[0].address.lower()
    kept = json.loads(path.read_text())
    commands, receipt = (bytes.fromhex(kept[key][2:]) for key in ("commands", "receipt"))
    separator = Wire(exchange, exchange.accounts[traders[0].account]["privateKey"]).separator
    assert verify(receipt, separator, exchange.deployment["sequencer"], commands)["position"] == said["position"]
    kept["commands"] = kept["commands"][:-1] + ("0" if kept["commands"][-1] != "0" else "1")
    path.write_text(json.dumps(kept))
    with pytest.raises(ToolFailed) as failure:
        exchange.memex("receipt", "verify", str(path))
    assert failure.value.code == 5 and "other commands" in failure.value.output
