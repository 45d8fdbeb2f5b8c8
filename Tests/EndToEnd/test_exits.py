"""What an owner would be paid by L1, and the drill in which everybody leaves."""

import json
import os
import subprocess
import sys

from conftest import ROOT, eventually
from local import drill, story


def memex(exchange, build, *arguments: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"MEMEX_DEPLOYMENT": str(exchange.deployment_file), "MEMEX_L1": exchange.l1_url}
    return subprocess.run([str(build / "memex"), *arguments], capture_output=True, text=True, env=environment, timeout=120)


def test_owners_see_what_l1_would_pay(exchange, traders, build, tmp_path):
    """`exit --list` while the exchange runs, and a script that refuses to claim before there is a halt."""
    ann, _ = traders
    eventually(lambda: exchange.view("claim_count()", ["uint256"]) > 0, "a claim")

    def listed() -> str:
        done = memex(exchange, build, "exit", "--list", "--owner", ann.address)
        assert done.returncode == 0, done.stderr
        return done.stdout

    # The state that was claimed first may be older than the deposits.
    eventually(lambda: listed().count("balance ") >= 4, "all balances to be claimed")
    assert "under the state after batch" in listed() and "to be had: " in listed()
    paths = tmp_path / "paths.json"
    done = memex(exchange, build, "exit", "--path-only", str(paths), "--owner", ann.address)
    assert done.returncode == 0 and "exit.py" in done.stderr, done.stderr
    assert {payment["symbol"] for payment in json.loads(paths.read_text())["payments"]} >= {"ETH", "USDX", "PEPE", "WIF"}
    script = subprocess.run(
        [sys.executable, str(ROOT / "Deploy" / "examples" / "exit.py"), str(paths), exchange.l1_url], capture_output=True, text=True, timeout=120)
    assert script.returncode == 1 and "halt it first" in script.stdout, script.stdout + script.stderr


def test_options_that_exclude_each_other(exchange, build):
    done = memex(exchange, build, "exit", "--list", "--path-only", "-", "--owner", "0x" + "11" * 20)
    assert done.returncode == 2 and "exclude each other" in done.stderr, done.stderr


def test_drill(build, tmp_path):
    """The drill with few traders: one of each kind."""
    figures = tmp_path / "drill.json"
    arguments = ["--traders", "5", "--seconds", "3", "--json", str(figures), "--keep", str(tmp_path / "drill"), "--build", str(build)]
    assert story.main(drill.Drill, arguments) == 0
    report = json.loads(figures.read_text())
    assert report["mismatches"] == [] and report["fills"] > 0
    assert report["paymentsMade"] >= 5 * 4 and report["secondClaimsRefused"] == report["paymentsMade"]
    assert report["wrongClaimsRefused"] > 2 * report["paymentsMade"]
    assert {"balance", "token", "create_token (script)", "exit_balance (script)", "refund_deposit (script)"} <= report["paymentsByKind"].keys()
