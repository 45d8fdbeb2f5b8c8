"""Transactions that wait for a block, and the rules by which nodes let them wait (those of geth)."""

import dataclasses
from collections.abc import Callable, Iterator

from eth.abc import SignedTransactionAPI
from eth.vm.forks.cancun.constants import BLOB_TX_TYPE

from .blobs import Sidecar
from .failures import Rejected
from .rules import fees, kind_of

# How far a nonce may be ahead, where others are missing before it.
SENDER_MAX = 256
# A replacement must offer more by so many percent: any fee but the tip, and of a blob transaction all three.
BUMP_PERCENT, BLOB_BUMP_PERCENT = 10, 100


@dataclasses.dataclass
class Pending:
    transaction: SignedTransactionAPI
    hash: bytes
    sender: bytes
    sidecar: Sidecar | None = None

    @property
    def nonce(self) -> int:
        return self.transaction.nonce

    @property
    def has_blobs(self) -> bool:
        return kind_of(self.transaction) == BLOB_TX_TYPE

    def _offers(self) -> tuple[int, ...]:
        fee, tip = fees(self.transaction)
        return (fee, tip, self.transaction.max_fee_per_blob_gas) if self.has_blobs else (fee,)

    def may_replace(self, other: "Pending") -> bool:
        percent = 100 + (BLOB_BUMP_PERCENT if self.has_blobs else BUMP_PERCENT)
        return all(mine * 100 >= theirs * percent for mine, theirs in zip(self._offers(), other._offers()))


class Pool:
    """In the order of arrival."""

    def __init__(self):
        self._waiting: dict[bytes, Pending] = {}

    def __contains__(self, hash: bytes) -> bool:
        return hash in self._waiting

    def get(self, hash: bytes) -> Pending | None:
        return self._waiting.get(hash)

    def remove(self, hash: bytes) -> bool:
        """Whether it was there."""
        return self._waiting.pop(hash, None) is not None

    def clear(self) -> None:
        self._waiting.clear()

    def next_nonce(self, sender: bytes, mined: int) -> int:
        """The first nonce, from the `mined` next one of the chain, that no waiting transaction has."""
        nonces = {p.nonce for p in self._of(sender)}
        while mined in nonces:
            mined += 1
        return mined

    def _of(self, sender: bytes) -> list[Pending]:
        return [p for p in self._waiting.values() if p.sender == sender]

    def add(self, new: Pending, mined: int) -> None:
        """Lets a transaction wait; `mined`: the sender's next nonce in the chain. Raises `Rejected`."""
        others = self._of(new.sender)
        if any(other.has_blobs != new.has_blobs for other in others):
            raise Rejected("address already reserved")
        if new.nonce > mined + SENDER_MAX:
            raise Rejected(f"nonce too high: next nonce {mined}, tx nonce {new.nonce}")
        if new.has_blobs and new.nonce > self.next_nonce(new.sender, mined):
            # Blobs are too large to wait for what may never come.
            raise Rejected(f"nonce too high: tx nonce {new.nonce}, gapped nonce {self.next_nonce(new.sender, mined)}")
        for other in others:
            if other.nonce == new.nonce:
                if not new.may_replace(other):
                    raise Rejected("replacement transaction underpriced")
                del self._waiting[other.hash]
        self._waiting[new.hash] = new

    def put_back(self, entries: list[Pending]) -> None:
        """Takes transactions of blocks that are no more: before what waits, as they came first. What took the place of one meanwhile keeps it; and
        of a sender who waits with blobs, or without, nothing of the other kind can come back."""
        taken = {(p.sender, p.nonce) for p in self._waiting.values()}
        kinds = {p.sender: p.has_blobs for p in self._waiting.values()}
        again = {}
        for entry in entries:
            blobs_are_there = entry.sidecar is not None or not entry.has_blobs
            if (entry.sender, entry.nonce) not in taken and blobs_are_there and kinds.setdefault(entry.sender, entry.has_blobs) == entry.has_blobs:
                again[entry.hash] = entry
        self._waiting = again | self._waiting

    def ready(self, mined: Callable[[bytes], int]) -> Iterator[Pending]:
        """Those that can run next, in the order of arrival but by nonce within a sender; `mined` gives a sender's next nonce in the chain."""
        next_nonce: dict[bytes, int] = {}
        waiting: dict[bytes, dict[int, Pending]] = {}
        for pending in list(self._waiting.values()):
            sender = pending.sender
            waiting.setdefault(sender, {})[pending.nonce] = pending
            if sender not in next_nonce:
                next_nonce[sender] = mined(sender)
            if pending.nonce < next_nonce[sender]:
                # Another transaction has used this nonce.
                self.remove(pending.hash)
            while next_nonce[sender] in waiting[sender]:
                ready = waiting[sender].pop(next_nonce[sender])
                next_nonce[sender] += 1
                yield ready
