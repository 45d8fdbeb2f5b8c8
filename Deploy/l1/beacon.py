"""The part of a consensus node's API (https://ethereum.github.io/beacon-APIs/) by which blobs are read back: when slots begin, and the blobs of one.

A block of the devnet has the slot of its time, one slot a second; most slots have no block.
"""

import bisect
import json
import urllib.parse

from .rules import blob_hashes
from .steering import Steering
from .values import RpcError, data, parse_data

SECONDS_PER_SLOT = 1


class NotFound(Exception):
    """404; the message says what is not there."""


class Beacon:
    def __init__(self, node: Steering):
        self.node = node

    def get(self, target: str) -> tuple[int, bytes]:
        """Answers GET of a path with its query: HTTP status and JSON."""
        address = urllib.parse.urlsplit(target)
        try:
            with self.node.lock:
                match address.path.strip("/").split("/"):
                    case ["eth", "v1", "config", "spec"]:
                        content = {"SECONDS_PER_SLOT": str(SECONDS_PER_SLOT), "DEPOSIT_CHAIN_ID": str(self.node.chain.chain_id)}
                    case ["eth", "v1", "beacon", "genesis"]:
                        content = {
                            "genesis_time": str(self._genesis_time), "genesis_validators_root": data(bytes(32)), "genesis_fork_version": data(bytes(4))
                        }
                    case ["eth", "v1", "beacon", "blobs", block]:
                        wanted = [h for many in urllib.parse.parse_qs(address.query).get("versioned_hashes", []) for h in many.split(",")]
                        content = [data(blob) for blob in self._blobs(block, [parse_data(h, "versioned hash", 32) for h in wanted])]
                    case _:
                        raise NotFound("no such endpoint; JSON-RPC requests are POSTed")
        except NotFound as error:
            return self._failure(404, str(error))
        except RpcError as error:
            return self._failure(400, error.message)
        return 200, json.dumps({"execution_optimistic": False, "finalized": False, "data": content}).encode()

    @staticmethod
    def _failure(code: int, message: str) -> tuple[int, bytes]:
        return code, json.dumps({"code": code, "message": message}).encode()

    @property
    def _genesis_time(self) -> int:
        return self.node.chain.blocks[0].header.timestamp

    def _blobs(self, selector: str, wanted: list[bytes]) -> list[bytes]:
        """Of the block, in its order; all, or those wanted."""
        if selector == "head":
            block = self.node.head
        elif selector.isascii() and selector.isdigit():
            time = self._genesis_time + int(selector) * SECONDS_PER_SLOT
            blocks = self.node.chain.blocks[: self.node.head.header.block_number + 1]
            place = bisect.bisect_left(blocks, time, key=lambda b: b.header.timestamp)
            if place == len(blocks) or blocks[place].header.timestamp != time:
                raise NotFound(f"no block in slot {selector}")
            block = blocks[place]
        else:
            raise RpcError(400, f"neither a slot nor head: {selector[:80]!r}")
        found = []
        for entry in block.transactions:
            for hash in blob_hashes(entry.transaction):
                if wanted and hash not in wanted:
                    continue
                if entry.pending.sidecar is None:
                    raise NotFound(f"the blobs of slot {selector} are pruned")
                found.append(entry.pending.sidecar.blob(hash))
        return found
