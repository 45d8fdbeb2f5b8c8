"""Types of command line arguments, so that what cannot be right is refused before anything is done."""

import argparse
import pathlib
import re

from eth_account import Account
from eth_utils import is_hex_address, to_checksum_address


def number(low: int, high: int):
    """A whole number from low to high."""

    def parse(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not between {low} and {high}")
        return value

    parse.__name__ = "whole number"
    return parse


def key(text: str) -> str:
    """A private key, or the file that holds it (as `memex keys new` writes it)."""
    digits = text
    if not re.fullmatch("(0x)?[0-9a-fA-F]{64}", text):
        try:
            digits = pathlib.Path(text).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not a text file"
            raise argparse.ArgumentTypeError(f"neither a private key of 64 hexadecimal digits nor a file with one: {reason}") from None
        if not re.fullmatch("(0x)?[0-9a-fA-F]{64}", digits):
            raise argparse.ArgumentTypeError(f"the file {text} holds no private key of 64 hexadecimal digits")
    try:
        Account.from_key(digits)
    except ValueError:
        raise argparse.ArgumentTypeError("no private key of secp256k1") from None
    return digits


def bytes32(text: str) -> bytes:
    """32 bytes as hexadecimal digits."""
    if not re.fullmatch("(0x)?[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError(f"{text} is not 64 hexadecimal digits")
    return bytes.fromhex(text.removeprefix("0x"))


def address(text: str) -> str:
    """An address, or the file of a private key, whose address is meant."""
    if is_hex_address(text):
        return to_checksum_address(text)
    if text.startswith("0x") and not pathlib.Path(text).exists():
        raise argparse.ArgumentTypeError(f"{text} is no address of 40 hexadecimal digits")
    return Account.from_key(key(text)).address
