"""The example bot, a killed and restarted node, and the whole demo."""

import json
import subprocess
import sys

from conftest import NODE_OPTIONS, ROOT, eventually
from local import demo, story


def test_example_bot_trades(exchange, traders):
    """Deploy/examples/bot.py, written from the protocol page alone, quotes while another trader takes."""
    ann, bob = traders
    bot = subprocess.Popen(
        [sys.executable, str(ROOT / "Deploy" / "examples" / "bot.py"), "--url", exchange.url, "--ca", str(exchange.certificate), "--key",
         str(exchange.key_file(ann.account)), "--market", "2", "--price", "12.5", "--seconds", "6", "--interval", "1",
         "--chain", str(exchange.deployment["chainId"]), "--contract", exchange.rollup.lower()],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    eventually(lambda: exchange.memex("book", "--market", "WIF/USDX")["asks"], "the bot's quotes", 10)
    exchange.memex("order", "--market", "WIF/USDX", "--side", "buy", "--price", "13", "--size", "0.004", "--type", "ioc", account=bob.account)
    output, _ = bot.communicate(timeout=60)
    assert bot.returncode == 0, output
    assert "fill" in output and " 0 fills" not in output, output


def holdings(exchange, trader) -> tuple:
    answer = exchange.memex("balances", "--owner", trader.address)
    return answer["balances"], answer["openOrders"]


def test_kill_9_loses_nothing_acknowledged(exchange, traders):
    """Orders, balances and the sequence number survive SIGKILL; the recovered node goes on posting to L1."""
    ann, bob = traders
    for index in range(5):
        exchange.memex("order", "--market", "PEPE/USDX", "--side", "buy", "--price", f"0.000000000{5 + index}", "--size", "30000000", account=ann.account)
    exchange.memex("order", "--market", "WIF/USDX", "--side", "sell", "--price", "40", "--size", "3.5", account=bob.account)
    before = [holdings(exchange, trader) for trader in traders]
    book = exchange.memex("book", "--market", "PEPE/USDX")
    sequence = exchange.memex("status")["exchange"]["sequence"]
    exchange.node.kill()
    exchange.start_node(*NODE_OPTIONS)
    assert [holdings(exchange, trader) for trader in traders] == before
    assert exchange.memex("book", "--market", "PEPE/USDX")["bids"] == book["bids"]
    assert exchange.memex("status")["exchange"]["sequence"] == sequence
    claims = exchange.view("claim_count()", ["uint256"])
    exchange.memex("cancel", "--market", "WIF/USDX", "--all", account=bob.account)
    eventually(lambda: exchange.view("claim_count()", ["uint256"]) > claims, "the recovered node to claim on L1")


def test_posted_batches_re_execute(exchange, traders):
    """Every claimed root follows from the bytes on L1 alone."""
    answer = exchange.memex("batch", "verify", seconds=120)
    assert answer["claims"] > 0


def test_demo(build, tmp_path):
    """The demo, shortened: it checks every trader's money itself and says so by its exit code."""
    figures = tmp_path / "out.json"
    arguments = ["--seconds", "5", "--json", str(figures), "--keep", str(tmp_path / "demo"), "--build", str(build)]
    assert story.main(demo.Demo, arguments) == 0
    report = json.loads(figures.read_text())
    assert report["mismatches"] == 0
    for key in ("orders", "fills", "blocks", "batches", "deposits", "withdrawalsPaid", "exitsPaid", "ackMicrosecondsP50", "ackMicrosecondsP99", "ordersPerSecond"):
        assert report[key] > 0, key
    assert "rejects" in report and report["restingOrdersAtKill"] >= 4
