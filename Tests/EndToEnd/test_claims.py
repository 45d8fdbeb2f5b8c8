"""Withdrawals of several owners, paid by somebody else in one transaction."""

import pytest

from conftest import eventually
from local.exchange import ToolFailed

# Token, amount and devnet account of each withdrawal.
WITHDRAWALS = [("USDX", "3", 0), ("WIF", "0.5", 0), ("USDX", "2", 1), ("ETH", "0.001", 1)]


def test_claim_pays_all_owners_at_once(exchange, traders):
    def claim(*options: str):
        return exchange.memex("claim", "--all", "--payer", str(exchange.key_file(2)), *options, seconds=120)

    def held() -> list[int]:
        return [exchange.token_balance(symbol, trader.address) for trader in traders for symbol in ("USDX", "WIF", "ETH")]

    for symbol, amount, trader in WITHDRAWALS:
        exchange.memex("withdraw", "--token", symbol, "--amount", amount, account=traders[trader].account)
    estimates = []

    def is_final() -> bool:
        estimates.append(claim("--dry-run"))
        return sum(len(t["payments"]) for t in estimates[-1]["transactions"]) == len(WITHDRAWALS)

    before = held()
    eventually(is_final, "the withdrawals to be final", 300)
    assert held() == before, "a dry run moves nothing"
    estimate = estimates[-1]
    assert len(estimate["transactions"]) == 1 and estimate["refused"] == [] and estimate["gas"] > 100_000

    payments = claim()
    assert sorted((p["token"], p["amount"]) for p in payments) == sorted((symbol, amount) for symbol, amount, _ in WITHDRAWALS)
    assert {p["owner"].lower() for p in payments} == {trader.address.lower() for trader in traders}
    assert len({p["transaction"] for p in payments}) == 1
    # Each of the cells' parts of the gas is rounded down; the limit of the estimate is above what is used.
    assert sum(p["gas"] for p in payments) < estimate["gas"]
    units = {symbol: exchange.unit(symbol) * 10 ** exchange.tokens[symbol]["decimals"] for symbol in ("USDX", "WIF", "ETH")}
    paid = [after - earlier for after, earlier in zip(held(), before)]
    assert paid == [3 * units["USDX"], units["WIF"] // 2, 0, 2 * units["USDX"], 0, units["ETH"] // 1000]
    assert claim() == [], "each is paid once"


def test_a_token_born_on_the_exchange_is_created_before_it_is_paid(exchange, traders):
    ann = traders[0]
    token = exchange.memex("token", "create", "--symbol", "BORN", "--supply", "1000", "--decimals", "2", account=ann.account)["tokenId"]
    exchange.memex("withdraw", "--token", str(token), "--amount", "7.5", account=ann.account)
    estimates = []

    def is_final() -> bool:
        estimates.append(exchange.memex("claim", "--dry-run", account=ann.account))
        return estimates[-1]["created"] != []

    eventually(is_final, "the withdrawal to be final", 300)
    (created,), (payment,) = estimates[-1]["created"], estimates[-1]["afterCreation"]
    assert (created["token"], created["id"]) == ("BORN", token) and 400_000 < created["gas"] <= estimates[-1]["gas"]
    assert (payment["token"], payment["amount"], payment["owner"].lower()) == ("BORN", "7.5", ann.address.lower())
    assert estimates[-1]["refused"] == [] and estimates[-1]["transactions"] == []
    payments = exchange.memex("claim", account=ann.account)
    assert [(p["kind"], p["token"], p["amount"]) for p in payments] == [("token", "BORN", "1000"), ("withdrawal", "BORN", "7.5")]


def test_a_market_needs_tokens_that_exist(exchange, traders):
    """L1 takes any id of a token born on the exchange; the tool asks whether there is one."""
    before = exchange.view("market_count()", ["uint32"])
    terms = ["--quote", "ETH", "--lot-exponent", "0", "--maker", "0", "--taker", "5", "--fee-account", traders[0].address]
    with pytest.raises(ToolFailed, match="there is no token 4000"):
        exchange.memex("list", "market", "--base", "4000", *terms, account=0)
    assert exchange.view("market_count()", ["uint32"]) == before
    exchange.memex("list", "market", "--base", "BORN", *terms, account=0)
    assert exchange.view("market_count()", ["uint32"]) == before + 1

    def is_listed() -> bool:
        try:
            return exchange.memex("book", "--market", "BORN/ETH") is not None
        except ToolFailed:
            return False

    eventually(is_listed, "the exchange to list the market")
