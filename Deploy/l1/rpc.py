"""Ethereum JSON-RPC over a `DevChain`: the methods by name, the encoding of blocks, transactions, receipts and logs.

Faults on demand: `anvil_reorg`, `anvil_dropTransaction`, `anvil_dropAllTransactions`, `evm_setAutomine`, `evm_setIntervalMining` and
`anvil_mine` as anvil and hardhat have them; `memex_setFault` makes the node itself unreliable.
"""

import json
import threading
import time

from eth_utils import is_hex_address, to_canonical_address, to_checksum_address

from .chain import GAS_LIMIT, Block, CallFailed, DevChain, Log, Mined, Rejected

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603
SERVER_ERROR, REVERTED = -32000, 3
BATCH_MAX = 1_000
LOGS_MAX = 20_000
# How a node fails: the connection closes without an answer; a proxy says 503; no answer ever comes; an answer that is no JSON.
FAULTS = ("close", "unavailable", "silence", "garbage")
ADMIN_PREFIXES = ("anvil_", "evm_", "memex_")
TIP = 10**9


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


class Rpc:
    """Thread-safe: one lock around the chain."""

    def __init__(self, chain: DevChain, time_offset: int = 0):
        self.chain = chain
        self.lock = threading.Lock()
        self.time_offset = time_offset
        self.methods = {
            name.replace("__", "_"): getattr(self, name)
            for name in dir(self)
            if name.startswith(("eth__", "net__", "web3__", "evm__", "anvil__", "memex__"))
        }
        # Whether blocks come by themselves, where the devnet makes them.
        self.mines_alone = True
        # One of FAULTS, and how many more requests it meets; None: all.
        self.fault: str | None = None
        self.fault_requests: int | None = None
        # Blocks that this node is behind.
        self.lag = 0
        self.logs_max = LOGS_MAX

    # Requests.

    def fault_of(self, body: bytes) -> str | None:
        """How this request is to fail; None: it is answered. What steers the devnet is always answered."""
        if self.fault is None:
            return None
        try:
            request = json.loads(body)
            if isinstance(request, dict) and str(request.get("method")).startswith(ADMIN_PREFIXES):
                return None
        except ValueError:
            pass
        with self.lock:
            fault = self.fault
            if fault is not None and self.fault_requests is not None:
                self.fault_requests -= 1
                if self.fault_requests <= 0:
                    self.fault = None
            return fault

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

    # Time and mining.

    def now(self) -> int:
        return int(time.time()) + self.time_offset

    def mine(self) -> Block:
        """Mines a block now. Takes the lock."""
        with self.lock:
            return self.chain.mine(self.now())

    def mine_by_itself(self) -> None:
        """Mines a block unless mining is held."""
        with self.lock:
            if self.mines_alone:
                self.chain.mine(self.now())

    @property
    def head(self) -> Block:
        """The newest block that this node shows."""
        return self.chain.blocks[max(0, len(self.chain.blocks) - 1 - self.lag)]

    def evm__increaseTime(self, seconds):
        # From the head's time, which is ahead of the clock after blocks less than a second apart.
        ahead = max(self.now(), self.chain.head.header.timestamp) - self.now()
        self.time_offset += ahead + parse_quantity(seconds, "seconds")
        return self.time_offset

    def evm__mine(self, *_):
        return quantity(self.chain.mine(self.now()).header.block_number)

    # Faults.

    def evm__setAutomine(self, mines):
        """Holds mining (false) or goes on with it."""
        self.mines_alone = bool(mines)
        return True

    def evm__setIntervalMining(self, seconds):
        """0 holds mining; anything else goes on at the devnet's own pace."""
        return self.evm__setAutomine(parse_quantity(seconds, "seconds") > 0)

    def anvil__mine(self, count=1, *_):
        for _ in range(min(parse_quantity(count, "count"), 10_000)):
            self.chain.mine(self.now())
        return None

    def anvil__reorg(self, options, pairs=(), lose=False):
        """Replaces the newest `depth` blocks by empty ones; their transactions go back to the pool. The third parameter, not anvil's:
        they are lost."""
        depth = options.get("depth") if isinstance(options, dict) else options
        if pairs:
            raise RpcError(INVALID_PARAMS, "no transactions can be placed in the new blocks; they come from the pool")
        return [data(hash) for hash in self.chain.reorganise(parse_quantity(depth, "depth"), self.now(), bool(lose))]

    def anvil__dropTransaction(self, hash):
        return hash if self.chain.drop(parse_data(hash, "transaction hash", 32)) else None

    def anvil__dropAllTransactions(self):
        self.chain.pool.clear()
        return None

    def memex__setFault(self, kind, requests=None):
        """Lets the next `requests` requests (all, if null) fail as `kind` says; null: none."""
        if kind is not None and kind not in FAULTS:
            raise RpcError(INVALID_PARAMS, f"the faults are {', '.join(FAULTS)}")
        self.fault_requests = None if requests is None else max(1, parse_quantity(requests, "requests"))
        self.fault = kind
        return True

    def memex__setLag(self, blocks):
        """Lets this node be so many blocks behind."""
        self.lag = parse_quantity(blocks, "blocks")
        return True

    def memex__setLogsMax(self, count):
        """The most logs an answer may hold."""
        self.logs_max = max(1, parse_quantity(count, "count"))
        return True

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

    def _base_fee(self) -> int:
        """Of the next block."""
        return self.chain.chain.header.base_fee_per_gas

    def eth__gasPrice(self):
        return quantity(self._base_fee() + TIP)

    def eth__maxPriorityFeePerGas(self):
        return quantity(TIP)

    def eth__feeHistory(self, count, newest="latest", percentiles=None):
        last = self._block(newest).header.block_number
        count = max(1, min(parse_quantity(count, "block count"), 1024, last + 1))
        headers = [self.chain.blocks[n].header for n in range(last - count + 1, last + 1)]
        following = self.chain.blocks[last + 1].header if last + 1 < len(self.chain.blocks) else self.chain.chain.header
        history = {
            "oldestBlock": quantity(headers[0].block_number),
            "baseFeePerGas": [quantity(h.base_fee_per_gas) for h in [*headers, following]],
            "gasUsedRatio": [h.gas_used / h.gas_limit for h in headers],
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

    def _call_arguments(self, call) -> tuple[bytes, bytes, bytes, int, int]:
        if not isinstance(call, dict):
            raise RpcError(INVALID_PARAMS, "the call must be an object")
        sender = parse_address(call["from"], "from") if call.get("from") else bytes(20)
        to = parse_address(call["to"], "to") if call.get("to") else b""
        payload = call.get("input", call.get("data")) or "0x"
        gas = min(parse_quantity(call["gas"], "gas"), GAS_LIMIT) if call.get("gas") else GAS_LIMIT
        return sender, to, parse_data(payload, "input"), parse_quantity(call.get("value") or 0, "value"), gas

    def eth__call(self, call, block="latest", *_):
        return data(self.chain.call(*self._call_arguments(call), self._block(block))[0])

    def eth__estimateGas(self, call, *_):
        return quantity(self.chain.estimate_gas(*self._call_arguments(call)))

    def eth__sendRawTransaction(self, raw):
        return data(self.chain.submit(parse_data(raw, "transaction")))

    # Blocks, transactions, receipts.

    def eth__getBlockByNumber(self, selector, full=False):
        try:
            return self._encoded_block(self._block(selector), full)
        except RpcError as error:
            if error.code == SERVER_ERROR:
                return None
            raise

    def eth__getBlockByHash(self, hash, full=False):
        return self.eth__getBlockByNumber(data(parse_data(hash, "block hash", 32)), full)

    def eth__getTransactionByHash(self, hash):
        key = parse_data(hash, "transaction hash", 32)
        if key in self.chain.mined and self.chain.mined[key].block <= self.head.header.block_number:
            return self._encoded_transaction(self.chain.mined[key])
        if key in self.chain.pool:
            pending = self.chain.pool[key]
            return self._transaction_fields(pending.transaction, key, pending.sender) | {
                "blockHash": None, "blockNumber": None, "transactionIndex": None
            }
        return None

    def eth__getTransactionReceipt(self, hash):
        entry = self.chain.mined.get(parse_data(hash, "transaction hash", 32))
        if entry is None or entry.block > self.head.header.block_number:
            return None
        block = self.chain.blocks[entry.block]
        return {
            "transactionHash": data(entry.hash),
            "transactionIndex": quantity(entry.index),
            "blockHash": data(block.hash),
            "blockNumber": quantity(entry.block),
            "from": data(entry.sender),
            "to": data(entry.transaction.to) if entry.transaction.to else None,
            "gasUsed": quantity(entry.gas_used),
            "cumulativeGasUsed": quantity(entry.cumulative_gas_used),
            "effectiveGasPrice": quantity(entry.gas_price),
            "contractAddress": to_checksum_address(entry.contract) if entry.contract else None,
            "logs": [self._encoded_log(entry, log) for log in entry.logs],
            "logsBloom": data(entry.receipt.bloom.to_bytes(256, "big")),
            "type": quantity(getattr(entry.transaction, "type_id", None) or 0),
            "status": quantity(1 if entry.receipt.state_root == b"\x01" else 0),
        }

    def _encoded_block(self, block: Block, full: bool) -> dict:
        header = block.header
        return {
            "number": quantity(header.block_number),
            "hash": data(block.hash),
            "parentHash": data(header.parent_hash),
            "sha3Uncles": data(header.uncles_hash),
            "miner": data(header.coinbase),
            "stateRoot": data(header.state_root),
            "transactionsRoot": data(header.transaction_root),
            "receiptsRoot": data(header.receipt_root),
            "logsBloom": data(header.bloom.to_bytes(256, "big")),
            "difficulty": quantity(header.difficulty),
            "gasLimit": quantity(header.gas_limit),
            "gasUsed": quantity(header.gas_used),
            "timestamp": quantity(header.timestamp),
            "extraData": data(header.extra_data),
            "mixHash": data(header.mix_hash),
            "nonce": data(header.nonce),
            "baseFeePerGas": quantity(header.base_fee_per_gas),
            "withdrawalsRoot": data(header.withdrawals_root),
            "withdrawals": [],
            "uncles": [],
            "size": quantity(block.size),
            "transactions": [self._encoded_transaction(t) if full else data(t.hash) for t in block.transactions],
        }

    def _encoded_transaction(self, entry: Mined) -> dict:
        return self._transaction_fields(entry.transaction, entry.hash, entry.sender) | {
            "blockHash": data(self.chain.blocks[entry.block].hash),
            "blockNumber": quantity(entry.block),
            "transactionIndex": quantity(entry.index),
            "gasPrice": quantity(entry.gas_price),
        }

    def _transaction_fields(self, transaction, hash: bytes, sender: bytes) -> dict:
        kind = getattr(transaction, "type_id", None) or 0
        fee, tip = DevChain._fees(transaction)
        fields = {
            "hash": data(hash),
            "type": quantity(kind),
            "nonce": quantity(transaction.nonce),
            "from": data(sender),
            "to": data(transaction.to) if transaction.to else None,
            "gas": quantity(transaction.gas),
            "gasPrice": quantity(fee),
            "value": quantity(transaction.value),
            "input": data(transaction.data),
            "r": quantity(transaction.r),
            "s": quantity(transaction.s),
            "v": quantity(transaction.y_parity if kind else transaction.v),
        }
        if kind >= 2:
            fields |= {"maxFeePerGas": quantity(fee), "maxPriorityFeePerGas": quantity(tip)}
        if kind:
            fields |= {"chainId": quantity(transaction.chain_id), "yParity": quantity(transaction.y_parity)}
            fields["accessList"] = [
                {"address": data(a), "storageKeys": [data(k.to_bytes(32, "big")) for k in keys]} for a, keys in transaction.access_list
            ]
        return fields

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
            found.append(self._encoded_log(entry, log))
        return found

    def _log_bound(self, selector) -> int:
        """A block number that need not exist yet."""
        if isinstance(selector, str) and not selector.startswith("0x"):
            return self._block(selector).header.block_number
        return parse_quantity(selector, "block")

    def _encoded_log(self, entry: Mined, log: Log) -> dict:
        return {
            "address": data(log.address),
            "topics": [data(t) for t in log.topics],
            "data": data(log.data),
            "blockNumber": quantity(entry.block),
            "blockHash": data(self.chain.blocks[entry.block].hash),
            "transactionHash": data(entry.hash),
            "transactionIndex": quantity(entry.index),
            "logIndex": quantity(log.index),
            "removed": False,
        }
