"""Deploy/examples/exit.py against the reference's tree: it pays what is sound, and finds out what is not."""

import json
import subprocess
import sys

import pytest

import reference as ref
from running_devnet import ADDRESS, KEY, OTHER, ROOT, run, running

from l1.client import encode_call

BORN, SUPPLY = 2_048, 10**9
OWNER = bytes.fromhex(OTHER[2:])
SYMBOL = b"BORN".ljust(16, b"\0")


def hexed(path: list[bytes]) -> list[str]:
    return ["0x" + node.hex() for node in path]


@pytest.fixture(scope="module")
def halted(tmp_path_factory):
    """A devnet with a rollup that was halted after its only claim: client, rollup, file of what OTHER may claim."""
    folder = tmp_path_factory.mktemp("devnet")
    with running(folder, block_seconds=0.1) as client:
        done = run(
            "l1.deploy", "--rpc", client.url, "--key", KEY, "--out", str(folder / "deployment.json"), "--challenge-window", "60",
            "--batch-deadline", "600", "--claim-bond-wei", "5",
        )
        assert done.returncode == 0, done.stderr
        rollup = json.loads((folder / "deployment.json").read_text())["rollup"]
        send = lambda signature, *arguments, value=0: client.send(KEY, rollup, encode_call(signature, *arguments), value)
        send("deposit_eth(address)", OTHER, value=1_000 * 10**9)
        balance, born_balance, record = ref.BALANCE_CELLS_START + 5, ref.BALANCE_CELLS_START + 6, ref.withdrawal_index(1)
        tree = ref.Tree({
            balance: ref.balance_cell(OWNER, 1, 600, 30, 7), born_balance: ref.balance_cell(OWNER, BORN, SUPPLY, 0, 7),
            record: ref.withdrawal_cell(OWNER, 1, 300, 1, 2),
            ref.TOKEN_CELLS_START + BORN: ref.token_cell(bytes(20), BORN, SUPPLY, 6, 0, b"BORN"),
        })
        inbox = client.call(rollup, "inbox_count()", ["uint256"])
        now = int(client.request("eth_getBlockByNumber", "latest", False)["timestamp"], 16) * 1000
        send("post_batch(uint256,uint256,uint64,uint64,bytes)", 0, inbox, now, now, b"batch")
        send("claim_state(uint256,bytes32)", 0, tree.root, value=5)
        send("deposit_eth(address)", OTHER, value=77 * 10**9)
        client.request("evm_increaseTime", 700)
        client.request("evm_mine")
        send("halt()")
        payments = [
            ("create_token", [0, BORN, SUPPLY, 6, "0x" + SYMBOL.hex(), hexed(tree.path(ref.TOKEN_CELLS_START + BORN))]),
            ("exit_balance", [balance, OTHER, 1, 600, 30, 7, hexed(tree.path(balance))]),
            ("exit_balance", [born_balance, OTHER, BORN, SUPPLY, 0, 7, hexed(tree.path(born_balance))]),
            ("withdraw", [0, 1, OTHER, 1, 300, 2, hexed(tree.path(record))]),
            ("refund_deposit", [inbox, OTHER, 1, 77]),
        ]
        file = {
            "format": "memex-exit-1", "chainId": 1337, "rollup": rollup,
            "payments": [{"function": f, "amount": "1", "symbol": "X", "arguments": a} for f, a in payments],
        }
        yield client, folder, file


def exit_py(client, folder, file: dict, *more: str) -> subprocess.CompletedProcess:
    paths = folder / "paths.json"
    paths.write_text(json.dumps(file))
    script = ROOT / "Deploy" / "examples" / "exit.py"
    return subprocess.run([sys.executable, str(script), str(paths), client.url, *more], capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    "payment, place, value", [
        (0, 2, SUPPLY + 1), (0, 1, BORN + 1), (0, 3, 7), (1, 3, 601), (1, 1, ADDRESS), (1, 0, ref.BALANCE_CELLS_START + 6), (1, 0, ref.withdrawal_index(1)),
        (3, 4, 301), (3, 1, 0), (3, 1, 2), (3, 5, 3), (1, 6, ["0x" + "00" * 32] * 29), (3, 6, []),
    ],
)
def test_what_is_not_sound_is_said(halted, payment, place, value):
    client, folder, file = halted
    wrong = json.loads(json.dumps(file["payments"][payment]))
    wrong["arguments"][place] = value
    done = exit_py(client, folder, file | {"payments": [wrong]})
    assert done.returncode == 1 and "no path of a cell that pays" in done.stdout, done.stdout + done.stderr


def test_files_of_other_chains_are_refused(halted):
    client, folder, file = halted
    assert "for chain 1337" in exit_py(client, folder, file | {"chainId": 1}).stderr
    assert exit_py(client, folder, file, "too", "many").returncode == 1


def test_all_is_paid_once(halted):
    client, folder, file = halted
    done = exit_py(client, folder, file)
    assert done.returncode == 0 and done.stdout.count("sound; send to") == 5, done.stdout + done.stderr
    before = client.quantity("eth_getBalance", OTHER, "latest")
    (folder / "gas.key").write_text(KEY)
    done = exit_py(client, folder, file, str(folder / "gas.key"))
    assert done.returncode == 0 and done.stdout.count(": paid, ") == 5, done.stdout + done.stderr
    assert client.quantity("eth_getBalance", OTHER, "latest") == before + (630 + 300 + 77) * 10**9
    token = client.call(file["rollup"], "tokens(uint32)", ["address"], BORN)
    assert client.call(token, "balanceOf(address)", ["uint256"], OTHER) == SUPPLY
    done = exit_py(client, folder, file)
    assert done.returncode == 0 and done.stdout.count(": paid before") == 5, done.stdout + done.stderr
