"""The logs of a chain, found by block and address without looking through all blocks."""

import bisect
import dataclasses
from collections.abc import Iterator


@dataclasses.dataclass
class Log:
    address: bytes
    topics: list[bytes]
    data: bytes
    index: int


class LogIndex:
    """Numbers of the blocks that have logs, in all and by address."""

    def __init__(self):
        self._blocks: list[int] = []
        self._by_address: dict[bytes, list[int]] = {}

    def add(self, number: int, logs: list[Log]) -> None:
        """Notes the logs of the newest block."""
        if logs:
            self._blocks.append(number)
        for address in {log.address for log in logs}:
            self._by_address.setdefault(address, []).append(number)

    def cut(self, first: int) -> None:
        """Forgets blocks from `first` on."""
        for numbers in [self._blocks, *self._by_address.values()]:
            del numbers[bisect.bisect_left(numbers, first) :]

    def blocks(self, first: int, last: int, addresses: set[bytes] | None) -> Iterator[int]:
        """Blocks from `first` to `last` that have logs of any of the addresses; None: of whomever."""
        many = [self._blocks] if addresses is None else [self._by_address.get(address, []) for address in addresses]
        yield from sorted({n for numbers in many for n in numbers[bisect.bisect_left(numbers, first) : bisect.bisect_right(numbers, last)]})


def matches(log: Log, addresses: set[bytes] | None, topics: list[set[bytes] | None]) -> bool:
    """Whether a log is of one of the addresses and has the topics; None matches anything."""
    return (
        (addresses is None or log.address in addresses)
        and len(topics) <= len(log.topics)
        and all(want is None or have in want for want, have in zip(topics, log.topics))
    )
