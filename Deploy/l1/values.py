"""JSON values of Ethereum's JSON-RPC: quantities, data, addresses, and what is said when they are not."""

from eth_utils import is_hex_address, to_canonical_address

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603
SERVER_ERROR, REVERTED = -32000, 3


class RpcError(Exception):
    def __init__(self, code: int, message: str, data=None):
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


def quantity(value: int) -> str:
    return hex(value)


def data(value: bytes) -> str:
    return "0x" + value.hex()


def parse_quantity(value, name: str) -> int:
    try:
        if isinstance(value, str) and value[:2] in ("0x", "0X"):
            return int(value, 16)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
    except ValueError:
        pass
    raise RpcError(INVALID_PARAMS, f"{name}: not a hex quantity: {str(value)[:80]!r}")


def parse_data(value, name: str, size: int | None = None) -> bytes:
    try:
        if not isinstance(value, str) or value[:2] != "0x":
            raise ValueError
        result = bytes.fromhex(value[2:])
        if size is not None and len(result) != size:
            raise ValueError
        return result
    except ValueError:
        expected = "0x-prefixed hex" if size is None else f"{size} bytes of 0x-prefixed hex"
        raise RpcError(INVALID_PARAMS, f"{name}: not {expected}: {str(value)[:80]!r}") from None


def parse_address(value, name: str) -> bytes:
    if not isinstance(value, str) or not is_hex_address(value):
        raise RpcError(INVALID_PARAMS, f"{name}: not an address: {str(value)[:80]!r}")
    return to_canonical_address(value)
