"""The traders of the demo: what they deposit, what their fills should have done, what they got back."""

import concurrent.futures
import dataclasses

from l1.client import Sender, encode_call

from .exchange import Exchange

# Decimal amounts that each trader brings.
STAKES = {"ETH": "3", "USDX": "4000000", "PEPE": "900000000000000", "WIF": "300000"}


@dataclasses.dataclass
class Trader:
    """One owner; amounts are atoms by symbol."""

    name: str
    account: int
    address: str
    deposited: dict[str, int] = dataclasses.field(default_factory=dict)
    traded: dict[str, int] = dataclasses.field(default_factory=dict)
    withdrawn: dict[str, int] = dataclasses.field(default_factory=dict)
    exited: dict[str, int] = dataclasses.field(default_factory=dict)
    refunded: dict[str, int] = dataclasses.field(default_factory=dict)
    fills: int = 0

    def expected(self, symbol: str) -> int:
        """What the exchange must hold for this trader, from deposits, fills and withdrawals alone."""
        return self.deposited.get(symbol, 0) + self.traded.get(symbol, 0) - self.withdrawn.get(symbol, 0)


def atoms(exchange: Exchange, symbol: str, amount: str) -> int:
    """A decimal amount in atoms."""
    whole, _, fraction = amount.partition(".")
    decimals = exchange.tokens[symbol]["decimals"]
    return int(whole + fraction.ljust(decimals, "0"))


def make_traders(exchange: Exchange, names: list[str]) -> list[Trader]:
    return [Trader(name, 5 + index, exchange.address(5 + index)) for index, name in enumerate(names)]


def fund(exchange: Exchange, traders: list[Trader]) -> int:
    """Mints test tokens on L1 and deposits every stake; returns the number of deposits."""
    sender = Sender(exchange.l1, exchange.accounts[0]["privateKey"])
    hashes = []
    for trader in traders:
        for symbol, amount in STAKES.items():
            if symbol != "ETH":
                # Twice the stake: something is left on L1 to compare with.
                units = 2 * atoms(exchange, symbol, amount) * exchange.unit(symbol)
                hashes.append(sender.send(exchange.tokens[symbol]["address"], encode_call("mint(address,uint256)", trader.address, units), 120_000))
    for hash in hashes:
        exchange.l1.wait(hash)

    def deposit(trader: Trader):
        for symbol, amount in STAKES.items():
            exchange.memex("deposit", "--token", symbol, "--amount", amount, account=trader.account)
            trader.deposited[symbol] = atoms(exchange, symbol, amount)

    with concurrent.futures.ThreadPoolExecutor(len(traders)) as pool:
        list(pool.map(deposit, traders))
    return len(traders) * len(STAKES)


def deposit_for(exchange: Exchange, traders: list[Trader], amounts: dict[str, str], is_credited: bool = True) -> dict[str, int]:
    """Deposits the same amounts for many owners, paid by account 0, without waiting for each; returns the atoms by symbol. Only what `is_credited` counts
    as the traders' deposits."""
    sender = Sender(exchange.l1, exchange.accounts[0]["privateKey"])
    in_flight_max = 100  # an L1 node keeps only so many of one account
    wanted = {symbol: atoms(exchange, symbol, amount) for symbol, amount in amounts.items()}
    hashes = []
    for symbol in wanted.keys() - {"ETH"}:
        units = len(traders) * wanted[symbol] * exchange.unit(symbol)
        token = exchange.tokens[symbol]["address"]
        hashes.append(sender.send(token, encode_call("mint(address,uint256)", sender.address, units), 120_000))
        hashes.append(sender.send(token, encode_call("approve(address,uint256)", exchange.rollup, units), 120_000))
    for trader in traders:
        if len(hashes) > in_flight_max:
            exchange.l1.wait(hashes[-in_flight_max])
        for symbol, count in wanted.items():
            units = count * exchange.unit(symbol)
            if symbol == "ETH":
                hashes.append(sender.send(exchange.rollup, encode_call("deposit_eth(address)", trader.address), 300_000, units))
            else:
                data = encode_call("deposit(uint32,uint256,address)", exchange.tokens[symbol]["id"], units, trader.address)
                hashes.append(sender.send(exchange.rollup, data, 300_000))
            if is_credited:
                trader.deposited[symbol] = trader.deposited.get(symbol, 0) + count
    for hash in hashes:
        exchange.l1.wait(hash)
    return wanted
