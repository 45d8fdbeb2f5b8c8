"""Ethereum JSON-RPC over a `DevChain`: requests, and the methods that every node has; what steers a devnet is in `steering`."""

import json

from . import calls, encoding
from .chain import Block, DevChain
from .failures import CallFailed, Rejected
from .rules import GAS_LIMIT, MAX_BLOB_GAS_PER_BLOCK, blob_base_fee
from .steering import Steering
from .values import *

BATCH_MAX = 1_000
TIP = 10**9


class Rpc(Steering):
    def __init__(self, chain: DevChain, time_offset: int = 0):
        super().__init__(chain, time_offset)
        self.methods = {
            name.replace("__", "_"): getattr(self, name)
            for name in dir(self)
            if name.startswith(("eth__", "net__", "web3__", "evm__", "anvil__", "memex__"))
        }

    # Requests.

    def handle(self, body: bytes) -> bytes | None:
        """Answers one request or a batch; None if nothing is to be answered (only notifications)."""
        try:
            request = json.loads(body)
        except ValueError as error:
            return self._encoded(self._failure(None, PARSE_ERROR, f"parse error: {error}"))
        if isinstance(request, list):
            if not request or len(request) > BATCH_MAX:
                return self._encoded(self._failure(None, INVALID_REQUEST, f"a batch holds 1 to {BATCH_MAX} requests"))
            answers = [a for a in map(self._answer, request) if a is not None]
            return self._encoded(answers) if answers else None
        answer = self._answer(request)
        return None if answer is None else self._encoded(answer)

    @staticmethod
    def _encoded(answer) -> bytes:
        return json.dumps(answer, separators=(",", ":")).encode()

    @staticmethod
    def _failure(identifier, code: int, message: str, details=None) -> dict:
        error = {"code": code, "message": message}
        if details is not None:
            error["data"] = details
        return {"jsonrpc": "2.0", "id": identifier, "error": error}

    def _answer(self, request) -> dict | None:
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            identifier = request.get("id") if isinstance(request, dict) else None
            return self._failure(identifier, INVALID_REQUEST, "not a JSON-RPC request")
        identifier = request.get("id")
        method = self.methods.get(request["method"])
        params = request.get("params") or []
        try:
            if method is None:
                raise RpcError(METHOD_NOT_FOUND, f"the method {request['method'][:80]} does not exist/is not available")
            if not isinstance(params, list):
                raise RpcError(INVALID_PARAMS, "params must be an array")
            with self.lock:
                try:
                    result = method(*params)
                except TypeError as error:
                    if error.__traceback__.tb_next is None:  # the call itself: wrong number of params
                        raise RpcError(INVALID_PARAMS, f"wrong params: {error}") from None
                    raise
        except RpcError as error:
            return self._failure(identifier, error.code, error.message, error.data)
        except Rejected as error:
            return self._failure(identifier, SERVER_ERROR, str(error))
        except CallFailed as error:
            code = REVERTED if error.reverted else SERVER_ERROR
            return self._failure(identifier, code, str(error), data(error.data) if error.reverted else None)
        except Exception as error:  # a defect here must not take the chain down
            return self._failure(identifier, INTERNAL_ERROR, f"{type(error).__name__}: {error}")
        return {"jsonrpc": "2.0", "id": identifier, "result": result} if "id" in request else None

    # Node.

    def net__version(self):
        return str(self.chain.chain_id)

    def net__listening(self):
        return True

    def web3__clientVersion(self):
        return "memex-devnet/py-evm"

    def eth__chainId(self):
        return quantity(self.chain.chain_id)

    def eth__syncing(self):
        return False

    def eth__accounts(self):
        return []

    # Fees.

    def eth__gasPrice(self):
        return quantity(self.chain.next_header.base_fee_per_gas + TIP)

    def eth__maxPriorityFeePerGas(self):
        return quantity(TIP)

    def eth__blobBaseFee(self):
        return quantity(blob_base_fee(self.chain.next_header))

    def eth__feeHistory(self, count, newest="latest", percentiles=None):
        last = self._block(newest).header.block_number
        count = max(1, min(parse_quantity(count, "block count"), 1024, last + 1))
        headers = [self.chain.blocks[n].header for n in range(last - count + 1, last + 1)]
        following = self.chain.blocks[last + 1].header if last + 1 < len(self.chain.blocks) else self.chain.next_header
        history = {
            "oldestBlock": quantity(headers[0].block_number),
            "baseFeePerGas": [quantity(h.base_fee_per_gas) for h in [*headers, following]],
            "gasUsedRatio": [h.gas_used / h.gas_limit for h in headers],
            "baseFeePerBlobGas": [quantity(blob_base_fee(h)) for h in [*headers, following]],
            "blobGasUsedRatio": [h.blob_gas_used / MAX_BLOB_GAS_PER_BLOCK for h in headers],
        }
        if percentiles:
            history["reward"] = [[quantity(TIP)] * len(percentiles) for _ in headers]
        return history

    # State.

    def _block(self, selector) -> Block:
        if isinstance(selector, dict):
            selector = selector.get("blockHash", selector.get("blockNumber", "latest"))
        if selector in ("latest", "pending", "safe", "finalized", None):
            return self.head
        if selector == "earliest":
            return self.chain.blocks[0]
        if isinstance(selector, str) and len(selector) == 66:
            number = self.chain.block_numbers.get(parse_data(selector, "block hash", 32), -1)
        else:
            number = parse_quantity(selector, "block")
        if not 0 <= number <= self.head.header.block_number:
            raise RpcError(SERVER_ERROR, "block not found")
        return self.chain.blocks[number]

    def eth__blockNumber(self):
        return quantity(self.head.header.block_number)

    def eth__getBalance(self, address, block="latest"):
        return quantity(self.chain.vm(self._block(block)).state.get_balance(parse_address(address, "address")))

    def eth__getTransactionCount(self, address, block="latest"):
        account = parse_address(address, "address")
        if block == "pending":
            return quantity(self.chain.nonce(account, True))
        return quantity(self.chain.vm(self._block(block)).state.get_nonce(account))

    def eth__getCode(self, address, block="latest"):
        return data(self.chain.vm(self._block(block)).state.get_code(parse_address(address, "address")))

    def eth__getStorageAt(self, address, slot, block="latest"):
        state = self.chain.vm(self._block(block)).state
        value = state.get_storage(parse_address(address, "address"), parse_quantity(slot, "slot"))
        return data(value.to_bytes(32, "big"))

    # Calls.

    @staticmethod
    def _call_arguments(call) -> calls.Call:
        if not isinstance(call, dict):
            raise RpcError(INVALID_PARAMS, "the call must be an object")
        sender = parse_address(call["from"], "from") if call.get("from") else bytes(20)
        to = parse_address(call["to"], "to") if call.get("to") else b""
        payload = call.get("input", call.get("data")) or "0x"
        gas = min(parse_quantity(call["gas"], "gas"), GAS_LIMIT) if call.get("gas") else GAS_LIMIT
        hashes = [parse_data(h, "versioned hash", 32) for h in call.get("blobVersionedHashes") or []]
        return calls.Call(sender, to, parse_data(payload, "input"), parse_quantity(call.get("value") or 0, "value"), gas, hashes)

    def eth__call(self, call, block="latest", *_):
        return data(calls.run(self.chain, self._call_arguments(call), self._block(block))[0])

    def eth__estimateGas(self, call, *_):
        return quantity(calls.estimate_gas(self.chain, self._call_arguments(call)))

    def eth__sendRawTransaction(self, raw):
        return data(self.chain.submit(parse_data(raw, "transaction")))

    # Blocks, transactions, receipts.

    def eth__getBlockByNumber(self, selector, full=False):
        try:
            return encoding.block_fields(self.chain, self._block(selector), full)
        except RpcError as error:
            if error.code == SERVER_ERROR:
                return None
            raise

    def eth__getBlockByHash(self, hash, full=False):
        return self.eth__getBlockByNumber(data(parse_data(hash, "block hash", 32)), full)

    def _mined(self, hash: bytes):
        """A transaction in a block that this node shows."""
        entry = self.chain.mined.get(hash)
        return entry if entry and entry.block <= self.head.header.block_number else None

    def eth__getTransactionByHash(self, hash):
        key = parse_data(hash, "transaction hash", 32)
        if entry := self._mined(key):
            return encoding.mined_fields(self.chain, entry)
        pending = self.chain.pool.get(key)
        return encoding.pending_fields(pending) if pending else None

    def eth__getTransactionReceipt(self, hash):
        entry = self._mined(parse_data(hash, "transaction hash", 32))
        return encoding.receipt_fields(self.chain, entry) if entry else None

    # Logs.

    def eth__getLogs(self, options):
        if not isinstance(options, dict):
            raise RpcError(INVALID_PARAMS, "the filter must be an object")
        if "blockHash" in options:
            first = last = self._block(options["blockHash"]).header.block_number
        else:
            first = self._log_bound(options.get("fromBlock", "latest"))
            last = min(self._log_bound(options.get("toBlock", "latest")), self.head.header.block_number)
        addresses = options.get("address")
        if addresses is not None:
            many = addresses if isinstance(addresses, list) else [addresses]
            addresses = {parse_address(a, "address") for a in many} or None
        topics = []
        for topic in options.get("topics") or []:
            many = topic if isinstance(topic, list) else [topic]
            topics.append(None if topic is None or not many else {parse_data(t, "topic", 32) for t in many})
        found = []
        for entry, log in self.chain.logs(first, last, addresses, topics):
            if len(found) == self.logs_max:
                raise RpcError(SERVER_ERROR, f"query returned more than {self.logs_max} results")
            found.append(encoding.log_fields(self.chain, entry, log))
        return found

    def _log_bound(self, selector) -> int:
        """A block number that need not exist yet."""
        if isinstance(selector, str) and not selector.startswith("0x"):
            return self._block(selector).header.block_number
        return parse_quantity(selector, "block")
