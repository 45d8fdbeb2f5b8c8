"""The part of a consensus node's API (https://ethereum.github.io/beacon-APIs/) by which blobs are read back: when slots begin, and the blobs of one.

A block of the devnet has the slot of its time, one slot a second; most slots have no block.
"""

import bisect
import json
import urllib.parse

from .blobs import versioned_hash
from .chain import Block
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
                    case ["eth", "v1", "beacon", "blobs", block] if not self.node.beacon_is_old:
                        wanted = [h for many in urllib.parse.parse_qs(address.query).get("versioned_hashes", []) for h in many.split(",")]
                        wanted = [parse_data(h, "versioned hash", 32) for h in wanted]
                        content = [data(blob) for commitment, blob in self._blobs(block, wanted)]
                    case ["eth", "v1", "beacon", "blob_sidecars", block] if self.node.beacon_is_old:
                        # Of their fields those by which a blob is found.
                        content = [
                            {"index": str(index), "blob": data(blob), "kzg_commitment": data(commitment)}
                            for index, (commitment, blob) in enumerate(self._blobs(block, []))
                        ]
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

    def _block(self, selector: str) -> Block:
        if selector == "head":
            return self.node.head
        if not (selector.isascii() and selector.isdigit()):
            raise RpcError(400, f"neither a slot nor head: {selector[:80]!r}")
        time = self._genesis_time + int(selector) * SECONDS_PER_SLOT
        blocks = self.node.chain.blocks[: self.node.head.header.block_number + 1]
        place = bisect.bisect_left(blocks, time, key=lambda b: b.header.timestamp)
        if place == len(blocks) or blocks[place].header.timestamp != time:
            raise NotFound(f"no block in slot {selector}")
        return blocks[place]

    def _blobs(self, selector: str, wanted: list[bytes]) -> list[tuple[bytes, bytes]]:
        """Commitments and blobs of the block, in its order; all, or those of which the versioned hash is wanted."""
        found = []
        for entry in self._block(selector).transactions:
            hashes = [h for h in blob_hashes(entry.transaction) if not wanted or h in wanted]
            if not hashes:
                continue
            if entry.pending.sidecar is None:
                raise NotFound(f"the blobs of slot {selector} are pruned")
            found += [pair for pair in entry.pending.sidecar.pairs if versioned_hash(pair[0]) in hashes]
        return found
