"""An owner whom the operator does not serve: everything goes through L1, and nothing through the gateway."""


import pytest

from conftest import eventually
from local.exchange import ToolFailed

# Nobody listens there: a tool that asked the gateway would fail.
NO_GATEWAY = ("--url", "wss://127.0.0.1:9")
CAROL, MARKET, SELL = 7, "WIF/USDX", "0.5"


def memex(exchange, *arguments, **options):
    return exchange.memex(*arguments, *NO_GATEWAY, **options)


@pytest.fixture(scope="module")
def carol(exchange):
    """An owner who only ever deposited, by L1."""
    address = exchange.address(CAROL)
    for symbol in ("WIF", "USDX"):
        exchange.mint(symbol, address, 1_000 * 10 ** (exchange.tokens[symbol]["decimals"] + exchange.tokens[symbol]["unitExponent"]))
        memex(exchange, "deposit", "--token", symbol, "--amount", "100", account=CAROL)
    return address


def force(exchange, *arguments) -> dict:
    return memex(exchange, "force", *arguments, "--wait", account=CAROL, seconds=180)


def test_an_unserved_owner_trades_cancels_and_leaves(exchange, carol):
    price = exchange.deployment["parameters"]["messagePriceWei"]
    placed = force(exchange, "order", "--market", MARKET, "--side", "sell", "--price", "77", "--size", SELL)
    assert placed["priceWei"] == price and placed["commands"][0]["type"] == "place" and placed["batch"] >= 0
    book = exchange.memex("balances", "--owner", carol)
    assert [order["price"] for order in book["openOrders"]] == ["77"]

    # All of it, the locked part too, in one message; then L1 pays.
    before = exchange.token_balance("WIF", carol)
    left = force(exchange, "withdraw", "--token", "WIF", "--amount", "all", "--cancel-orders")
    assert [command["type"] for command in left["commands"]] == ["cancelAll", "withdraw"]
    assert left["inboxIndex"] > placed["inboxIndex"]
    paid = memex(exchange, "claim", "--wait", account=CAROL, seconds=180)
    assert [(payment["token"], payment["amount"]) for payment in paid] == [("WIF", "100")]
    scale = 10 ** (exchange.tokens["WIF"]["decimals"] + exchange.tokens["WIF"]["unitExponent"])
    assert exchange.token_balance("WIF", carol) == before + 100 * scale
    assert exchange.memex("balances", "--owner", carol)["openOrders"] == []
    # Whoever inspects the batch reads what was forced.
    messages = exchange.memex("batch", "inspect", str(left["batch"]))["inboxMessages"]
    assert any(message["kind"] == "forced" and "all free WIF" in message["text"] for message in messages)


def test_what_cannot_be_done_takes_nothing_else_along(exchange, carol):
    """A forced command that the exchange refuses is consumed all the same; a stranger's is, too."""
    forced = force(exchange, "cancel", "--market", MARKET, "--order", "4294967297")
    stranger = exchange.memex("force", "cancel", "--all", "--wait", *NO_GATEWAY, account=8, seconds=180)
    assert stranger["inboxIndex"] > forced["inboxIndex"]
    assert exchange.view("inbox_consumed()", ["uint256"]) > stranger["inboxIndex"]
    answer = exchange.memex("batch", "verify", seconds=120)
    assert answer["claims"] > 0


def test_the_price_is_the_contracts(exchange, carol):
    """Paid to the contract, for the sequencer to collect."""
    price = int(exchange.deployment["parameters"]["messagePriceWei"])
    before = exchange.view("message_fees()", ["uint256"])
    memex(exchange, "force", "cancel", "--all", account=CAROL)
    assert exchange.view("message_fees()", ["uint256"]) == before + price


def test_status_tells_when_messages_are_due(exchange, carol):
    sent = memex(exchange, "force", "cancel", "--all", account=CAROL)
    assert sent["batch"] is None
    l1 = exchange.memex("status")["l1"]
    # Taken by a batch by now, or due: never later than this message's own deadline.
    assert l1["deadlines"]["inbox"] is None or l1["deadlines"]["inbox"] <= sent["deadline"]
    eventually(lambda: exchange.view("inbox_consumed()", ["uint256"]) > sent["inboxIndex"], "the message to be taken")


def test_nobody_halts_early(exchange, carol):
    with pytest.raises(ToolFailed) as failure:
        memex(exchange, "halt", account=CAROL)
    assert failure.value.code == 1 and "nothing is overdue: nobody may halt it before" in failure.value.output


def test_mistakes_are_told_before_anything_is_paid(exchange, carol):
    for arguments in (["withdraw", "--token", "NOPE", "--amount", "1"], ["withdraw", "--token", "WIF", "--amount", "0.00000000001"], ["cancel"], ["order", "--market", MARKET]):
        with pytest.raises(ToolFailed) as failure:
            memex(exchange, "force", *arguments, account=CAROL)
        assert failure.value.code == 2
