"""A plain Ethereum JSON-RPC client over one kept-alive connection: what deploying and testing needs, for any L1."""

import dataclasses
import http.client
import json
import threading
import time
import urllib.parse

import eth_abi
from eth_account import Account
from eth_utils import keccak, to_checksum_address
from eth_utils.abi import collapse_if_tuple

from .failures import revert_reason


class RpcFailure(Exception):
    """An error that the node answered; `reason` is the revert string, if any."""

    def __init__(self, method: str, error: dict):
        super().__init__(f"{method}: {error.get('message')}")
        self.code, self.message, self.data = error.get("code"), error.get("message", ""), error.get("data")
        self.reason = revert_reason(bytes.fromhex(self.data[2:])) if isinstance(self.data, str) and self.data[:2] == "0x" else ""


class Client:
    def __init__(self, url: str):
        self.url = url
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not an http(s) URL: {url}")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=60)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._id = 0
        self._lock = threading.Lock()

    def post(self, body):
        """Posts a JSON value and returns the answered one. Threads take turns."""
        with self._lock:
            self._connection.request("POST", self._path, json.dumps(body), {"Content-Type": "application/json"})
            response = self._connection.getresponse()
            content = response.read()
        if response.status != 200:
            raise OSError(f"{self.url} answered {response.status} {response.reason}: {content[:200]!r}")
        return json.loads(content)

    def request(self, method: str, *params):
        self._id += 1
        answer = self.post({"jsonrpc": "2.0", "id": self._id, "method": method, "params": params})
        if answer.get("error"):
            raise RpcFailure(method, answer["error"])
        return answer["result"]

    def quantity(self, method: str, *params) -> int:
        return int(self.request(method, *params), 16)

    # Contracts.

    def call(self, to: str, signature: str, returns: list[str], *arguments, sender: str | None = None):
        """Calls a view, as `call(token, "balanceOf(address)", ["uint256"], owner)`."""
        call = {"to": to, "data": "0x" + encode_call(signature, *arguments).hex()} | ({"from": sender} if sender else {})
        values = eth_abi.decode(returns, bytes.fromhex(self.request("eth_call", call, "latest")[2:]))
        return values[0] if len(values) == 1 else values

    def send(self, key: str, to: str | None, data: bytes, value: int = 0, gas: int | None = None) -> dict:
        """Signs and sends an EIP-1559 transaction, waits until it is mined, and returns its receipt; raises if it failed."""
        account = Account.from_key(key)
        call = {"from": account.address, "value": hex(value), "data": "0x" + data.hex()} | ({"to": to} if to else {})
        # Estimating first also finds out why a transaction would fail.
        gas = gas or self.quantity("eth_estimateGas", call) * 5 // 4
        tip = self.quantity("eth_maxPriorityFeePerGas")
        transaction = {
            "type": 2,
            "chainId": self.quantity("eth_chainId"),
            "nonce": self.quantity("eth_getTransactionCount", account.address, "pending"),
            "gas": gas,
            "maxFeePerGas": 2 * self.quantity("eth_gasPrice") + tip,
            "maxPriorityFeePerGas": tip,
            "value": value,
            "data": data,
        } | ({"to": to_checksum_address(to)} if to else {})
        signed = Account.sign_transaction(transaction, key)
        return self.wait(self.request("eth_sendRawTransaction", "0x" + signed.raw_transaction.hex()))

    def wait(self, hash: str, seconds: float = 300) -> dict:
        """Waits for the receipt of a transaction; raises if it failed."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            receipt = self.request("eth_getTransactionReceipt", hash)
            if receipt is not None:
                if int(receipt["status"], 16) != 1:
                    raise RuntimeError(f"transaction {hash} failed in block {int(receipt['blockNumber'], 16)}")
                return receipt
            time.sleep(0.05)
        raise TimeoutError(f"transaction {hash} was not mined within {seconds:.0f} s")


@dataclasses.dataclass
class Sender:
    """Sends transactions one behind the other without waiting for each."""

    client: Client
    key: str

    def __post_init__(self):
        self.address = Account.from_key(self.key).address
        self.chain_id = self.client.quantity("eth_chainId")
        self.nonce = self.client.quantity("eth_getTransactionCount", self.address, "pending")
        self.tip = self.client.quantity("eth_maxPriorityFeePerGas")
        self.fee = 3 * self.client.quantity("eth_gasPrice") + self.tip

    def send(self, to: str | None, data: bytes, gas: int, value: int = 0) -> str:
        transaction = {
            "type": 2, "chainId": self.chain_id, "nonce": self.nonce, "gas": gas, "maxFeePerGas": self.fee,
            "maxPriorityFeePerGas": self.tip, "value": value, "data": data,
        } | ({"to": to_checksum_address(to)} if to else {})
        raw = Account.sign_transaction(transaction, self.key).raw_transaction
        hash = self.client.request("eth_sendRawTransaction", "0x" + raw.hex())
        self.nonce += 1
        return hash

    def deploy(self, code: bytes) -> str:
        gas = self.client.quantity("eth_estimateGas", {"from": self.address, "data": "0x" + code.hex()})
        return self.send(None, code, gas * 5 // 4)


def encode_call(signature: str, *arguments) -> bytes:
    """Calldata of `name(type,...)`."""
    types = signature[signature.index("(") + 1 : -1]
    return keccak(signature.encode())[:4] + eth_abi.encode(types.split(",") if types else [], arguments)


def encode_constructor(output: dict, *arguments) -> bytes:
    """Code that deploys a compiled contract."""
    inputs = next((f["inputs"] for f in output["abi"] if f["type"] == "constructor"), [])
    return bytes.fromhex(output["bytecode"][2:]) + eth_abi.encode([collapse_if_tuple(i) for i in inputs], arguments)
