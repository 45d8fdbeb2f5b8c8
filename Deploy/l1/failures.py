"""How transactions and calls fail."""


class Rejected(Exception):
    """A transaction or a call that the chain does not accept; the message says why."""


class CallFailed(Exception):
    """A call that reverted (`data` holds what it returned) or failed."""

    def __init__(self, message: str, data: bytes, reverted: bool):
        super().__init__(message)
        self.data, self.reverted = data, reverted


def revert_reason(data: bytes) -> str:
    """The string of a standard `Error(string)`, or a number for a `Panic(uint256)`, else ""."""
    if data[:4] == bytes.fromhex("08c379a0") and len(data) >= 68:
        length = int.from_bytes(data[36:68], "big")
        return data[68 : 68 + length].decode("utf-8", "replace")
    if data[:4] == bytes.fromhex("4e487b71") and len(data) >= 36:
        return f"panic 0x{int.from_bytes(data[4:36], 'big'):02x}"
    return ""
