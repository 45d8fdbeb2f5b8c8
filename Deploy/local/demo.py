"""`Deploy/demo`: the whole life of an exchange on one machine, from deployment to exits after its operator was killed.

Exits 0 only if every trader's money adds up to the atom."""

import argparse
import decimal
import json
import pathlib
import subprocess
import sys
import threading
import time

from . import replay as recorded
from .ledger import L1Ledger, held_units
from .story import DEADLINE_SECONDS, FEE_ACCOUNT, LATE_DEPOSIT, MARKETS, SYMBOLS, Story, main
from .traders import atoms, fund, make_traders
from .view import View, in_units

WITHDRAWAL = ("USDX", "1234.567891")


class Demo(Story):
    NAME = "demo"
    DESCRIPTION = (
        "Runs the whole exchange on this machine: L1 devnet, contracts, node, bots over TLS WebSockets, deposits, a withdrawal, then kills the operator, "
        "halts the rollup, rebuilds the state from L1 and exits two traders. Exits 0 only if everything adds up to the atom.")
    EXAMPLE = "Deploy/demo --seconds 20 --json out.json"

    @staticmethod
    def add_options(parser: argparse.ArgumentParser):
        parser.add_argument("--seconds", type=float, default=20, help="how long the bots trade (default 20)")
        parser.add_argument("--rate", type=float, default=100, help="signed batches a second of each bot (default 100)")
        parser.add_argument("--replay", type=pathlib.Path, help="recorded order flow to send to the second market (see ../shared/data)")

    @staticmethod
    def check_options(parser: argparse.ArgumentParser, options: argparse.Namespace):
        if options.replay and not options.replay.exists():
            parser.error(f"--replay: no such file: {options.replay}")

    def tell(self):
        self.start()
        self.fund()
        self.measure()
        self.trade()
        self.settle()
        self.check_balances("after trading")
        self.withdraw()
        self.rest_orders()
        self.settle()
        self.kill_operator()
        self.rebuild()
        self.exit_traders()
        self.sum_up()

    # The story.

    def start(self):
        self.exchange.start_devnet()
        self.view.step(f"L1 devnet at {self.exchange.l1_url}, chain {self.exchange.l1.quantity('eth_chainId')}")
        self.deploy()
        self.view.step(f"contracts deployed: rollup {self.exchange.rollup}")
        self.start_node()
        self.view.step(f"memexd serves {self.exchange.url}")
        self.l1 = L1Ledger(self.exchange)

    def fund(self):
        self.traders = make_traders(self.exchange, ["maker-ann", "maker-bob", "taker-cat", "taker-dan"])
        self.ann, self.bob, self.cat, self.dan = self.traders
        self.report["deposits"] = fund(self.exchange, self.traders)
        self.poll("deposits to be credited", lambda: all(
            self.balances(trader.address).get(symbol, 0) == amount for trader in self.traders for symbol, amount in trader.deposited.items()
        ))
        self.view.step(f"{self.report['deposits']} deposits made on L1 and credited on the exchange")

    def measure(self):
        """What this machine can do, before the bots: the engine alone, and a node without L1 that is offered more than it can take."""
        engine = self.measured("bench", "--only", "transition-ops", "--rounds", "3", "--commands", "200000")
        self.report["engineCommandsPerSecond"] = round(engine["workloads"][0]["commandsPerSecond"])
        self.view.step(f"engine alone, one core: {self.report['engineCommandsPerSecond']:,} commands/s")
        load = self.measured("gateway", "--local", "--rate", "40000", "--seconds", "2", "--quiet")
        self.report["signedOrdersPerSecond"] = round(load["ackedPerSecond"])
        load = self.measured("gateway", "--local", "--rate", "100000", "--batch", "20", "--seconds", "2", "--quiet")
        self.report["batchedOrdersPerSecond"] = round(load["ackedPerSecond"])
        self.view.step(
            f"gateway over TLS on loopback, load and node on the same cores: {self.report['signedOrdersPerSecond']:,} singly signed orders/s; "
            f"{self.report['batchedOrdersPerSecond']:,} of 100,000 offered in batches of 20")

    def measured(self, *arguments: str) -> dict:
        """Runs a measurement of memex-load and returns its figures."""
        file = self.exchange.folder / f"{arguments[0]}.json"
        # The load harness ends with 1 when a saturated node left something unanswered: that is what is measured here.
        done = subprocess.run([self.tool("memex-load"), *arguments, "--json", str(file)], capture_output=True, text=True, timeout=120)
        if not file.exists():
            raise RuntimeError(f"memex-load {arguments[0]} exited with {done.returncode}: {done.stderr.strip()}")
        figures = json.loads(file.read_text())
        file.unlink()
        return figures

    def trade(self):
        result = self.exchange.folder / "trades.json"
        arguments = self.trade_command(result, [self.ann, self.bob], [self.cat, self.dan], self.options.rate) + ["--progress-json"]
        if self.options.replay:
            lines = self.exchange.folder / "replay.csv"
            lines.write_text("\n".join(recorded.lines(self.options.replay)) + "\n")
            arguments += ["--replay", str(lines)]
        self.view.step(f"bots trade on {' and '.join(m[1] for m in MARKETS)} for {self.options.seconds} s")
        bots = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        complaints: list[str] = []
        listener = threading.Thread(target=lambda: complaints.append(bots.stderr.read()), daemon=True)
        listener.start()
        last_look = 0.0
        for line in bots.stdout:
            if time.monotonic() - last_look > 0.9:
                last_look = time.monotonic()
                self.show(json.loads(line))
        if bots.wait() != 0:
            listener.join(5)
            raise RuntimeError(f"the bots failed: {''.join(complaints).strip()}")
        traded = self.note_trades(result)
        for key in ("orders", "fills", "rejects", "signedBatches", "ordersPerSecond", "ackMicrosecondsP50", "ackMicrosecondsP99"):
            self.report[key] = round(traded[key], 1) if isinstance(traded[key], float) else traded[key]
        self.view.step(
            f"{self.report['orders']:,} orders ({self.report['ordersPerSecond']:,.0f}/s), {self.report['fills']:,} fills, "
            f"{self.report['rejects']:,} rejects; ack p50 {self.report['ackMicrosecondsP50']:.0f} us, p99 {self.report['ackMicrosecondsP99']:.0f} us"
        )

    def settle(self):
        super().settle()
        self.l1.update()
        self.view.step(f"all of it is on L1: {self.l1.batches} batches ({self.l1.blobs} in blobs), {self.l1.data_bytes:,} bytes, {self.l1.gas:,} gas, state claimed")

    def withdraw(self):
        symbol, amount = WITHDRAWAL
        before = self.exchange.token_balance(symbol, self.cat.address)
        self.exchange.memex("withdraw", "--token", symbol, "--amount", amount, account=self.cat.account)
        self.cat.withdrawn[symbol] = atoms(self.exchange, symbol, amount)
        payments = []
        self.poll("the withdrawal to be final and claimed", lambda: payments.extend(self.exchange.memex("claim", account=self.cat.account)) or payments, 120)
        paid = self.exchange.token_balance(symbol, self.cat.address) - before
        self.expect(paid, self.cat.withdrawn[symbol] * self.exchange.unit(symbol), f"{self.cat.name}'s withdrawal in L1 units of {symbol}")
        self.report["withdrawalsPaid"] = len(payments)
        self.report["gasPerWithdrawal"] = payments[0]["gas"]
        self.view.step(f"{self.cat.name} withdrew {amount} {symbol} to L1 ({payments[0]['gas']:,} gas)")

    def rest_orders(self):
        """Orders that nobody will take: their funds are locked when the operator dies."""
        for market, name, price, _ in MARKETS:
            # On a replayed market the recording says where prices are; a low bid trades with nobody.
            sides = [("buy", "0.5")] if self.options.replay and market == MARKETS[-1][0] else [("buy", "0.5"), ("sell", "2")]
            for side, factor in sides:
                self.exchange.memex(
                    "order", "--market", name, "--side", side, "--price", _times(price, factor), "--size", "20000000" if market == 1 else "10",
                    account=self.ann.account)
        resting = self.exchange.memex("balances", account=self.ann.account)["openOrders"]
        self.report["restingOrdersAtKill"] = len(resting)
        self.view.step(f"{self.ann.name} has {len(resting)} orders resting")

    def kill_operator(self):
        status = self.exchange.memex("status")["exchange"]
        self.report["blocks"] = status["sealedBlock"]
        self.report["batches"] = self.l1.batches
        orders = max(1, self.report["orders"])
        self.report["l1BytesPerOrder"] = round(self.l1.data_bytes / orders, 1)
        self.exchange.node.kill()
        self.view.step("memexd killed (SIGKILL) while orders rest; nobody will restart it")
        symbol, amount = LATE_DEPOSIT
        self.exchange.memex("deposit", "--token", symbol, "--amount", amount, account=self.dan.account)
        self.late_atoms = atoms(self.exchange, symbol, amount)
        self.view.step(f"{self.dan.name} deposits {amount} {symbol} that no operator will ever credit")
        self.halt(self.dan.account)
        self.view.step(f"the deadline of {DEADLINE_SECONDS} s has passed; {self.dan.name} halted the rollup")

    def exit_traders(self):
        """Two traders leave; afterwards the contract still holds exactly what the others own."""
        held = {symbol: held_units(self.exchange, symbol) for symbol in SYMBOLS}
        paid = dict.fromkeys(SYMBOLS, 0)
        gas = []
        for trader in (self.ann, self.dan):
            # Somebody else pays the gas, so that the trader's ETH shows the exit alone.
            before = {symbol: self.exchange.token_balance(symbol, trader.address) for symbol in SYMBOLS}
            payments = self.exchange.memex(
                "exit", "--data", str(self.rebuilt), "--payer", str(self.exchange.key_file(3)), account=trader.account, seconds=300)
            for payment in payments:
                book = trader.refunded if payment["kind"] == "refund" else trader.exited
                book[payment["token"]] = book.get(payment["token"], 0) + int(payment["atoms"])
                if payment["kind"] == "balance":
                    gas.append(payment["gas"])
            for symbol in SYMBOLS:
                got = self.exchange.token_balance(symbol, trader.address) - before[symbol]
                paid[symbol] += got
                late = self.late_atoms if trader is self.dan and symbol == LATE_DEPOSIT[0] else 0
                self.expect(got, (trader.expected(symbol) + late) * self.exchange.unit(symbol), f"what {trader.name} got back on L1, in units of {symbol}")
            self.view.step(f"{trader.name} left through L1 with {len(payments)} payments")
        self.report["exitsPaid"] = len(gas)
        self.report["gasPerExit"] = round(sum(gas) / len(gas)) if gas else 0
        for symbol in SYMBOLS:
            left = held_units(self.exchange, symbol)
            self.expect(held[symbol] - paid[symbol], left, f"{symbol} that left the contract")
            owed = sum(t.expected(symbol) for t in (self.bob, self.cat)) + self.fees.get(symbol, 0)
            self.expect(left, owed * self.exchange.unit(symbol), f"{symbol} that the contract still holds for the others")

    # Checks.

    def check_balances(self, when: str):
        before = len(self.mismatches)
        self.fees = self.balances(self.exchange.address(FEE_ACCOUNT))
        for trader in self.traders:
            balances = self.balances(trader.address)
            for symbol in SYMBOLS:
                self.expect(balances.get(symbol, 0), trader.expected(symbol), f"{trader.name}'s {symbol} {when}, in atoms")
        for symbol in SYMBOLS:
            owed = sum(trader.expected(symbol) for trader in self.traders) + self.fees.get(symbol, 0)
            self.expect(held_units(self.exchange, symbol), owed * self.exchange.unit(symbol), f"{symbol} in the contract {when}")
        if len(self.mismatches) == before:
            self.view.step(f"{when}: every balance is what deposits and fills say, to the atom")

    # Showing.

    def show(self, figures: dict):
        self.l1.update()
        status = self.exchange.memex("status")["exchange"]
        lines = [
            f"  {figures['elapsedSeconds']:5.1f} s   {figures['orders']:>9,} orders {figures['ordersPerSecond']:>8,.0f}/s   {figures['fills']:>8,} fills   "
            f"{figures['rejects']:>6,} rejects",
            f"  ack p50 {figures['ackMicrosecondsP50']:>6.0f} us   p99 {figures['ackMicrosecondsP99']:>6.0f} us   block {status['sealedBlock']}   "
            f"L1: {self.l1.batches} batches ({self.l1.blobs} in blobs), {self.l1.data_bytes:,} bytes, {self.l1.gas:,} gas",
        ]
        for _, name, _, _ in MARKETS:
            book = self.exchange.memex("book", "--market", name, "--depth", "1")
            bid = book["bids"][0]["price"] if book["bids"] else "-"
            ask = book["asks"][0]["price"] if book["asks"] else "-"
            lines.append(f"  {name:<10} {bid:>16} | {ask:<16}")
        self.view.draw(lines, " ".join(lines[0].split()) + "; " + " ".join(lines[1].split()))

    def sum_up(self):
        print()
        rows = []
        for trader in self.traders:
            for symbol in SYMBOLS:
                decimals = self.exchange.tokens[symbol]["decimals"]
                cells = [trader.deposited.get(symbol, 0), trader.traded.get(symbol, 0), trader.withdrawn.get(symbol, 0),
                         trader.exited.get(symbol, 0), trader.refunded.get(symbol, 0)]
                rest = trader.expected(symbol) - trader.exited.get(symbol, 0)
                rows.append([f"{trader.name} {symbol}"] + [in_units(cell, decimals) if cell else "." for cell in cells + [rest]])
        View.table(["trader", "deposited", "traded", "withdrawn", "exited", "refunded", "still claimable"], rows)
        print()
        print(f"  L1: {self.report['l1BytesPerOrder']} bytes/order, {self.report['gasPerWithdrawal']:,} gas/withdrawal, {self.report['gasPerExit']:,} gas/exit")
        print("  everything adds up to the atom" if not self.mismatches else f"  {len(self.mismatches)} MISMATCHES:")
        for mismatch in self.mismatches:
            print(f"    {mismatch}")


def _times(price: str, factor: str) -> str:
    return format(decimal.Decimal(price) * decimal.Decimal(factor), "f")


if __name__ == "__main__":
    sys.exit(main(Demo, sys.argv[1:]))
