"""Claims of the exit drill: sound ones are paid, wrong ones and second ones must be refused, each for the reason that fits."""

import itertools
import json
import pathlib
import re
import subprocess
import sys
import threading

from l1.client import RpcFailure, encode_call

from .exchange import ROOT, Exchange

SIGNATURES = {
    "exit_balance": "exit_balance(uint256,address,uint32,uint64,uint64,uint32,bytes32[29])",
    "withdraw": "withdraw(uint256,uint64,address,uint32,uint64,uint64,bytes32[29])",
    "refund_deposit": "refund_deposit(uint256,address,uint32,uint64)",
    "create_token": "create_token(uint256,uint32,uint64,uint8,bytes16,bytes32[29])",
}
# Per function: places of owner, of an amount, and of the path in its arguments.
PLACES = {"exit_balance": (1, 3, 6), "withdraw": (2, 4, 6), "refund_deposit": (1, 3, None), "create_token": (None, 2, 5)}
WRONG = {
    "exit_balance": "payouts: wrong path", "withdraw": "payouts: wrong path", "refund_deposit": "rollup: no such deposit",
    "create_token": "rollup: wrong path",
}
SECOND = {
    "exit_balance": "payouts: already paid", "withdraw": "payouts: already paid", "refund_deposit": "rollup: already refunded",
    "create_token": "listings: token already created",
}
THIEF = "0x00000000000000000000000000000000deadbeef"


class Claims:
    def __init__(self, exchange: Exchange):
        self.exchange, self.lock = exchange, threading.Lock()
        self.gas: dict[str, list[int]] = {}
        self.wrong = self.second = 0
        self._positions = itertools.cycle(range(29))

    def refuse_wrong(self, payments: list[dict]) -> list[str]:
        """Tries to be paid more, as somebody else, and by damaged paths; returns what was not refused as it should."""
        tried = []
        for payment in payments:
            owner, amount, path = PLACES[payment["function"]]
            good = payment["arguments"]
            if owner is not None:
                tried.append((payment["function"], self._with(good, owner, THIEF)))
            tried.append((payment["function"], self._with(good, amount, int(good[amount]) + 1)))
            if path is not None:
                with self.lock:
                    position = next(self._positions)
                damaged = list(good[path])
                damaged[position] = hex(int(damaged[position], 16) ^ 1 << position)[2:].rjust(64, "0")
                tried.append((payment["function"], self._with(good, path, damaged)))
        with self.lock:
            self.wrong += len(tried)
        return [problem for function, arguments in tried if (problem := self._refusal(function, arguments, WRONG[function]))]

    def refuse_second(self, payments: list[dict]) -> list[str]:
        """Tries to be paid once more."""
        with self.lock:
            self.second += len(payments)
        return [problem for p in payments if (problem := self._refusal(p["function"], p["arguments"], SECOND[p["function"]]))]

    def pay_by_script(self, paths: pathlib.Path, key: str):
        """Lets Deploy/examples/exit.py check and claim."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "Deploy" / "examples" / "exit.py"), str(paths), self.exchange.l1_url, key],
            capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            raise RuntimeError(f"exit.py {paths} exited with {done.returncode}:\n{done.stdout}{done.stderr}")
        with self.lock:
            for function, gas in re.findall(r"^(\w+) .*: paid, (\d+) gas", done.stdout, re.MULTILINE):
                self.gas.setdefault(f"{function} (script)", []).append(int(gas))

    def note(self, payments: list[dict]):
        """Takes down what `memex exit` paid."""
        with self.lock:
            for payment in payments:
                self.gas.setdefault(payment["kind"], []).append(payment["gas"])

    def report(self) -> dict:
        return {
            "paymentsMade": sum(map(len, self.gas.values())), "paymentsByKind": {kind: len(gas) for kind, gas in sorted(self.gas.items())},
            "gasByKind": {kind: round(sum(gas) / len(gas)) for kind, gas in sorted(self.gas.items())},
            "wrongClaimsRefused": self.wrong, "secondClaimsRefused": self.second,
        }

    @staticmethod
    def _with(arguments: list, place: int, value) -> list:
        return arguments[:place] + [value] + arguments[place + 1 :]

    def _refusal(self, function: str, arguments: list, reason: str) -> str | None:
        """None if the contract refuses for this reason."""
        plain = [[bytes.fromhex(h.removeprefix("0x")) for h in a] if isinstance(a, list) else a for a in arguments]
        if function == "create_token":
            plain[4] = bytes.fromhex(plain[4].removeprefix("0x"))
        data = "0x" + encode_call(SIGNATURES[function], *plain).hex()
        try:
            self.exchange.l1.request("eth_call", {"to": self.exchange.rollup, "data": data}, "latest")
        except RpcFailure as failure:
            if reason in failure.reason:
                return None
            return f"{function}{json.dumps(arguments[:5])} was refused for `{failure.reason}`, not `{reason}`"
        return f"{function}{json.dumps(arguments[:5])} was not refused: {reason}"
