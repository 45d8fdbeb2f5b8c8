"""What steers a devnet through JSON-RPC: time, mining, fees, and the faults of real chains and nodes.

`anvil_*` and `evm_*` are as anvil and hardhat have them, where they have them; `memex_*` nobody else has.
"""

import json
import threading
import time

from .chain import Block, DevChain
from .values import INVALID_PARAMS, RpcError, data, parse_data, parse_quantity, quantity

LOGS_MAX = 20_000
# How a node fails: the connection closes without an answer; a proxy says 503; no answer ever comes; an answer that is no JSON.
FAULTS = ("close", "unavailable", "silence", "garbage")
ADMIN_PREFIXES = ("anvil_", "evm_", "memex_")


class Steering:
    """Thread-safe: one lock around the chain, held by whoever calls a method of JSON-RPC."""

    def __init__(self, chain: DevChain, time_offset: int = 0):
        self.chain = chain
        self.lock = threading.Lock()
        self.time_offset = time_offset
        # Whether blocks come by themselves, where the devnet makes them.
        self.mines_alone = True
        # One of FAULTS, and how many more requests it meets; None: all.
        self.fault: str | None = None
        self.fault_requests: int | None = None
        # Blocks that this node is behind.
        self.lag = 0
        self.logs_max = LOGS_MAX
        # Whether the consensus node knows blobs by the endpoint from before Fusaka, and not by the newer.
        self.beacon_is_old = False
        # What is held, in wei; None: what follows from the blocks before.
        self.base_fee: int | None = None
        self.blob_base_fee: int | None = None

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

    # Time and mining.

    def now(self) -> int:
        return int(time.time()) + self.time_offset

    def mine_by_itself(self) -> None:
        """Mines a block unless mining is held. Takes the lock."""
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

    def anvil__mine(self, count=1, *_):
        for _ in range(min(parse_quantity(count, "count"), 10_000)):
            self.chain.mine(self.now())
        return None

    def evm__setAutomine(self, mines):
        """Holds mining (false) or goes on with it."""
        self.mines_alone = bool(mines)
        return True

    def evm__setIntervalMining(self, seconds):
        """0 holds mining; anything else goes on at the devnet's own pace."""
        return self.evm__setAutomine(parse_quantity(seconds, "seconds") > 0)

    # Fees.

    def memex__setBaseFee(self, wei=None):
        """Holds the base fee there from the next block on; null: it follows from the blocks again."""
        self.base_fee = None if wei is None else parse_quantity(wei, "base fee")
        self.chain.hold_fees(self.base_fee, self.blob_base_fee)
        return True

    def memex__setBlobBaseFee(self, wei=None):
        """Holds the blob base fee there, or as little above as can be; null: it follows from the blocks again."""
        self.blob_base_fee = None if wei is None else parse_quantity(wei, "blob base fee")
        self.chain.hold_fees(self.base_fee, self.blob_base_fee)
        return True

    # Faults.

    def anvil__reorg(self, options, pairs=(), lose=False):
        """Replaces the newest `depth` blocks by empty ones; their transactions go back to the pool, with their blobs. The third parameter, not
        anvil's: they are lost."""
        depth = options.get("depth") if isinstance(options, dict) else options
        if pairs:
            raise RpcError(INVALID_PARAMS, "no transactions can be placed in the new blocks; they come from the pool")
        return [data(hash) for hash in self.chain.reorganise(parse_quantity(depth, "depth"), self.now(), bool(lose))]

    def anvil__dropTransaction(self, hash):
        return hash if self.chain.drop(parse_data(hash, "transaction hash", 32)) else None

    def anvil__dropAllTransactions(self):
        self.chain.pool.clear()
        return None

    def memex__pruneBlobs(self):
        """Forgets the blobs of all blocks; how many blob transactions had them."""
        return self.chain.prune()

    def memex__setOldBeacon(self, is_old):
        """Lets the consensus node serve blobs as before Fusaka (blob_sidecars), and only so; or again as since."""
        self.beacon_is_old = bool(is_old)
        return True

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
