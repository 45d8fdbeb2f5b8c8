"""`Deploy/exit-drill`: the operator is killed and all its files are deleted; from L1 alone every trader gets everything back.

Exits 0 only if each trader got what deposits, fills and withdrawals say, to the atom, the contract is empty afterwards, and every wrong and every second claim
was refused."""

import argparse
import concurrent.futures
import json
import shutil
import subprocess
import sys
import time

from .claims import Claims
from .ledger import held_units
from .story import DEADLINE_SECONDS, FEE_ACCOUNT, LATE_DEPOSIT, SYMBOLS, Story, main
from .traders import Trader, atoms, deposit_for

# Accounts of the devnet that pay for others: two at a time leave.
PAYERS = [3, 4]
FIRST_TRADER = 5
SUBACCOUNT = ("USDX", "1000.25")
WITHDRAWAL = ("WIF", "12.345678")
# Symbol, supply and how many of them its creator withdraws; what creating one costs, in atoms of ETH, which this address gets.
BORN_TOKENS = [("WAGMI", 10**15, "12.5"), ("GM", 7, None)]
TOKEN_PRICE, BURN = 10**7, "0x000000000000000000000000000000000000dEaD"


class Drill(Story):
    NAME = "exit-drill"
    DESCRIPTION = (
        "Runs an exchange on this machine, kills its operator, deletes all its files, rebuilds the state from L1 and lets every trader leave with free and "
        "locked money, sub-accounts, pending withdrawals and uncredited deposits. Exits 0 only if everybody was paid to the atom and every wrong and second "
        "claim was refused.")
    EXAMPLE = "Deploy/exit-drill --traders 100 --json drill.json"

    @staticmethod
    def add_options(parser: argparse.ArgumentParser):
        parser.add_argument("--traders", type=int, default=100, help="how many traders (default 100)")
        parser.add_argument("--seconds", type=float, default=10, help="how long they trade (default 10)")

    @staticmethod
    def check_options(parser: argparse.ArgumentParser, options: argparse.Namespace):
        if not 4 <= options.traders <= 900:
            parser.error("--traders: 4 to 900")

    def tell(self):
        started = time.monotonic()
        self.start()
        self.fund()
        self.trade()
        self.spread_funds()
        self.create_tokens()
        self.settle()
        self.lose_operator()
        self.rebuild()
        self.leave()
        self.check_empty()
        self.report |= {"traders": len(self.traders), "mismatches": self.mismatches, "seconds": round(time.monotonic() - started, 1)}

    # While the operator lives.

    def start(self):
        self.exchange.start_devnet("--accounts", str(FIRST_TRADER + self.options.traders))
        self.deploy()
        self.start_node()
        self.view.step(f"devnet, contracts and memexd run; rollup {self.exchange.rollup}")

    def fund(self):
        self.traders = [
            Trader(f"trader {index}", FIRST_TRADER + index, self.exchange.address(FIRST_TRADER + index)) for index in range(self.options.traders)]
        deposit_for(self.exchange, self.traders, {"ETH": "0.5", "USDX": "40000", "PEPE": "9000000000000", "WIF": "3000"})
        self.poll("deposits to be credited", lambda: all(
            self.balances(self.traders[-1].address).get(symbol, 0) == amount for symbol, amount in self.traders[-1].deposited.items()))
        self.view.step(f"{len(self.traders) * len(SYMBOLS)} deposits for {len(self.traders)} traders credited")

    def trade(self):
        result = self.exchange.folder / "trades.json"
        done = subprocess.run(
            self.trade_command(result, self.traders[0::2], self.traders[1::2], rate=max(1, 200 // len(self.traders))),
            capture_output=True, text=True, timeout=self.options.seconds + 300)
        if done.returncode != 0:
            raise RuntimeError(f"the bots failed: {done.stderr.strip()}")
        traded = self.note_trades(result)
        self.report |= {"orders": traded["orders"], "fills": traded["fills"]}
        self.view.step(f"the traders sent {traded['orders']:,} orders with {traded['fills']:,} fills")

    def spread_funds(self):
        """Money in every place where it can be: free, locked in orders and triggers, in sub-accounts, in withdrawals that nobody claimed."""
        def spread(trader: Trader):
            turn = trader.account % 4
            if turn == 0:
                self.exchange.memex("subaccount", "open", account=trader.account)
                self.exchange.memex("transfer", "--token", SUBACCOUNT[0], "--amount", SUBACCOUNT[1], "--to", "1", account=trader.account)
                self.exchange.memex(
                    "order", "--account", "1", "--market", "WIF/USDX", "--side", "buy", "--price", "0.5", "--size", "100", account=trader.account)
            if turn == 1:
                self.exchange.memex("withdraw", "--token", WITHDRAWAL[0], "--amount", WITHDRAWAL[1], account=trader.account)
                trader.withdrawn[WITHDRAWAL[0]] = atoms(self.exchange, *WITHDRAWAL)
            if turn >= 2:
                self.exchange.memex("order", "--market", "WIF/USDX", "--side", "sell", "--price", "99", "--size", "10.5", account=trader.account)
                self.exchange.memex(
                    "order", "--market", "PEPE/USDX", "--side", "buy", "--price", "0.0000000001", "--size", "30000000", account=trader.account)

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(spread, self.traders))
        self.view.step("orders rest, sub-accounts hold money, withdrawals wait to be claimed")

    def create_tokens(self):
        """The first traders create tokens that L1 has never heard of."""
        self.born: dict[int, tuple[str, int]] = {}
        for trader, (symbol, supply, withdrawn) in zip(self.traders, BORN_TOKENS):
            decimals = "6" if withdrawn else "0"
            whole = str(supply // 10 ** int(decimals))
            token = self.exchange.memex(
                "token", "create", "--symbol", symbol, "--supply", whole, "--decimals", decimals, account=trader.account)["tokenId"]
            if withdrawn:
                self.exchange.memex("withdraw", "--token", symbol, "--amount", withdrawn, account=trader.account)
            trader.deposited["ETH"] -= TOKEN_PRICE
            self.born[token] = (trader.address, supply)
        self.view.step(f"{len(self.born)} tokens were born on the exchange")

    def settle(self):
        super().settle()
        self.fees = self.balances(self.exchange.address(FEE_ACCOUNT))
        self.report["batches"] = self.exchange.view("batch_count()", ["uint256"])

    def lose_operator(self):
        self.exchange.node.kill()
        shutil.rmtree(self.exchange.folder / "node")
        self.view.step("operator killed (SIGKILL), its data directory deleted")
        late = self.traders[0]
        self.late = {late.address: deposit_for(self.exchange, [late], {LATE_DEPOSIT[0]: LATE_DEPOSIT[1]}, is_credited=False)}
        self.halt(PAYERS[0])
        self.view.step(f"a deposit that nobody credits; {DEADLINE_SECONDS} s later a trader halts the rollup")

    # Afterwards.

    def rebuild(self):
        started = time.monotonic()
        super().rebuild()
        self.report["rebuildSeconds"] = round(time.monotonic() - started, 2)

    def leave(self):
        """Everybody leaves, two at a time; every fifth by the independent script."""
        self.claims = Claims(self.exchange)
        leavers = [(trader.account, trader.address) for trader in self.traders] + [(FEE_ACCOUNT, self.exchange.address(FEE_ACCOUNT)), (FEE_ACCOUNT, BURN)]
        expected = {trader.address: self.owed(trader) for trader in self.traders} | {self.exchange.address(FEE_ACCOUNT): self.fees}
        expected[BURN] = {"ETH": TOKEN_PRICE * len(self.born)}
        started = time.monotonic()

        def leave(lane: int):
            for position in range(lane, len(leavers), len(PAYERS)):
                account, address = leavers[position]
                self.leave_one(address, expected[address], payer=PAYERS[lane], by_script=account % 5 == 0)

        with concurrent.futures.ThreadPoolExecutor(len(PAYERS)) as pool:
            list(pool.map(leave, range(len(PAYERS))))
        self.report |= self.claims.report() | {"exitSeconds": round(time.monotonic() - started, 1)}
        self.view.step(
            f"{len(leavers)} owners left with {self.report['paymentsMade']} payments; refused: {self.report['wrongClaimsRefused']} wrong and "
            f"{self.report['secondClaimsRefused']} second claims")

    def leave_one(self, address: str, owed: dict[str, int], payer: int, by_script: bool):
        paths = self.exchange.folder / f"paths-{address}.json"
        self.exchange.memex("exit", "--owner", address, "--data", str(self.rebuilt), "--path-only", str(paths), seconds=300)
        payments = json.loads(paths.read_text())["payments"]
        before = {symbol: self.exchange.token_balance(symbol, address) for symbol in SYMBOLS}
        self.mismatches += self.claims.refuse_wrong(payments)
        key = str(self.exchange.key_file(payer))
        if by_script:
            self.claims.pay_by_script(paths, key)
        else:
            self.claims.note(self.exchange.memex("exit", "--owner", address, "--data", str(self.rebuilt), "--payer", key, seconds=300))
        self.mismatches += self.claims.refuse_second(payments)
        for symbol in SYMBOLS:
            got = self.exchange.token_balance(symbol, address) - before[symbol]
            self.expect(got, owed.get(symbol, 0) * self.exchange.unit(symbol), f"what {address} got of {symbol}, in L1 units")

    def check_empty(self):
        for symbol, token in self.exchange.tokens.items():
            self.expect(self.exchange.view("held_atoms(uint32)", ["uint256"], token["id"]), 0, f"atoms of {symbol} that the contract still owes")
            self.expect(held_units(self.exchange, symbol), 0, f"L1 units of {symbol} that the contract still holds")
        for token, (owner, supply) in self.born.items():
            address = self.exchange.view("tokens(uint32)", ["address"], token)
            held = [self.exchange.l1.call(address, "balanceOf(address)", ["uint256"], who) for who in (owner, self.exchange.rollup)]
            self.expect(held, [supply, 0], f"what creator and contract hold on L1 of token {token}")
            self.expect(self.exchange.view("held_atoms(uint32)", ["uint256"], token), 0, f"atoms of token {token} that the contract still owes")
        if not self.mismatches:
            self.view.step("every owner was paid to the atom, and the contract holds nothing but bonds")

    # Details.

    def owed(self, trader: Trader) -> dict[str, int]:
        """Atoms by symbol: what is inside, withdrawn but not claimed, or deposited too late."""
        late = self.late.get(trader.address, {})
        return {symbol: trader.expected(symbol) + trader.withdrawn.get(symbol, 0) + late.get(symbol, 0) for symbol in SYMBOLS}


if __name__ == "__main__":
    sys.exit(main(Drill, sys.argv[1:]))
