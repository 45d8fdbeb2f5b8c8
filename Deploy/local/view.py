"""What the demo shows: steps as they pass, and a live view while bots trade."""

import sys
import time


class View:
    """Draws on a terminal in place; elsewhere prints a line now and then."""

    def __init__(self):
        self.live = sys.stdout.isatty()
        self._drawn = 0
        self._last_line = 0.0
        self._started = time.monotonic()

    def step(self, text: str):
        self._drawn = 0
        print(f"[{time.monotonic() - self._started:5.1f} s] {text}", flush=True)

    def draw(self, lines: list[str], summary: str):
        """Replaces the last drawing; `summary` is for a log that is not a terminal."""
        if self.live:
            up = f"\033[{self._drawn}A" if self._drawn else ""
            sys.stdout.write(up + "".join(f"\033[2K{line}\n" for line in lines))
            sys.stdout.flush()
            self._drawn = len(lines)
        elif time.monotonic() - self._last_line >= 2:
            self._last_line = time.monotonic()
            print(f"          {summary}", flush=True)

    @staticmethod
    def table(header: list[str], rows: list[list[str]]):
        """Prints a table; the first column is text, the others are numbers."""
        widths = [max(len(row[column]) for row in [header] + rows) for column in range(len(header))]
        for row in [header] + rows:
            print("  " + "  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))))


def in_units(atoms: int, decimals: int) -> str:
    """Atoms as people read them."""
    sign = "-" if atoms < 0 else ""
    digits = str(abs(atoms)).rjust(decimals + 1, "0")
    if decimals == 0:
        return sign + digits
    fraction = digits[-decimals:].rstrip("0")
    return sign + digits[:-decimals] + ("." + fraction if fraction else "")
