"""Withdrawals of several owners, paid by somebody else in one transaction."""

from conftest import eventually

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
