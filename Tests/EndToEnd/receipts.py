"""Verifies receipts by the protocol page alone: eth-account and keccak from PyPI, nothing of the exchange's own code."""

import struct

from eth_account import Account
from eth_hash.auto import keccak
from eth_keys.exceptions import BadSignature, ValidationError

RECEIPT_TYPE = keccak(b"Receipt(uint64 block,uint32 position,bytes32 commands)")
RECEIPTS_TYPE = keccak(b"Receipts(bytes32 root)")


class BadReceipt(Exception):
    pass


def root(leaf: bytes, index: int, count: int, path: list[bytes]) -> bytes:
    """The root above a leaf; every hash of the path must be used."""
    if index >= count:
        raise BadReceipt("the index lies outside of the group")
    rest = list(path)
    while count > 1:
        if index ^ 1 < count:
            if not rest:
                raise BadReceipt("the path is too short")
            sibling = rest.pop(0)
            leaf = keccak(sibling + leaf if index & 1 else leaf + sibling)
        index, count = index // 2, (count + 1) // 2
    if rest:
        raise BadReceipt("the path is too long")
    return leaf


def signer(digest: bytes, signature: bytes, v: int) -> str:
    """Who signed, in lower case; nothing if no key can have made the signature."""
    try:
        return Account._recover_hash(digest, signature=signature + bytes([v])).lower()
    except (BadSignature, ValidationError, ValueError):
        return ""


def verify(message: bytes, domain_separator: bytes, sequencer: str, commands: bytes | None = None) -> dict:
    """What a receipt message (0x94) says, if `sequencer` signed it, and it is for the commands message `commands`, if that is given."""
    kind, length, _, index, nonce, block, position, count = struct.unpack_from("<BBHIQQII", message)
    if kind != 0x94 or len(message) != 128 + 32 * length:
        raise BadReceipt("this is no receipt")
    envelope, signature = message[32:64], message[64:128]
    if commands is not None and keccak(commands[4:]) != envelope:
        raise BadReceipt("the receipt is for other commands")
    path = [message[128 + 32 * at : 160 + 32 * at] for at in range(length)]
    leaf = keccak(RECEIPT_TYPE + block.to_bytes(32, "big") + position.to_bytes(32, "big") + envelope)
    digest = keccak(b"\x19\x01" + domain_separator + keccak(RECEIPTS_TYPE + root(leaf, index, count, path)))
    if sequencer.lower() not in (signer(digest, signature, v) for v in (27, 28)):
        raise BadReceipt("the sequencer did not sign it")
    return {"nonce": nonce, "block": block, "position": position, "envelope": envelope, "index": index, "count": count}
