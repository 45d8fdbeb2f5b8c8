"""The devnet and the deployment, through HTTP as the node uses them."""

import http.client
import json
import os
import time

import pytest
from eth_account import Account
from eth_utils import keccak, to_checksum_address

import reference as ref
from running_devnet import ADDRESS, KEY, OTHER, OTHER_KEY, run, running

from l1.client import Client, RpcFailure, encode_call

POST = "post_batch(uint256,uint256,uint64,uint64,bytes)"


@pytest.fixture(scope="module")
def devnet(tmp_path_factory):
    """A running devnet with fast blocks: its folder and a client."""
    folder = tmp_path_factory.mktemp("devnet")
    with running(folder, block_seconds=0.1) as client:
        yield folder, client


@pytest.fixture(scope="module")
def deployment(devnet):
    folder, client = devnet
    out = folder / "deployment.json"
    done = run("l1.deploy", "--rpc", client.url, "--key", KEY, "--out", str(out), "--batch-deadline", "600", "--claim-bond-wei", "1000")
    assert done.returncode == 0, done.stderr
    return json.loads(out.read_text())


def sign(client, **fields) -> str:
    nonce = client.quantity("eth_getTransactionCount", ADDRESS, "pending")
    transaction = {
        "type": 2, "chainId": 1337, "nonce": nonce, "gas": 21_000, "maxFeePerGas": 10**10, "maxPriorityFeePerGas": 10**9, "value": 0,
        "data": b"", "to": OTHER,
    } | fields
    return "0x" + Account.sign_transaction(transaction, KEY).raw_transaction.hex()


def refused(client, raw: str) -> str:
    with pytest.raises(RpcFailure) as failure:
        client.request("eth_sendRawTransaction", raw)
    return failure.value.message


def test_the_folder_describes_the_devnet(devnet):
    folder, client = devnet
    description = json.loads((folder / "devnet.json").read_text())
    assert description["url"] == client.url and description["chainId"] == 1337
    assert description["accounts"][0] == {"address": ADDRESS, "privateKey": KEY}


def test_basics(devnet):
    _, client = devnet
    assert client.request("eth_chainId") == "0x539" and client.request("net_version") == "1337"
    assert client.request("web3_clientVersion")
    assert client.quantity("eth_getBalance", OTHER, "latest") > 10**23
    assert client.quantity("eth_gasPrice") > client.quantity("eth_maxPriorityFeePerGas") > 0
    history = client.request("eth_feeHistory", "0x2", "latest", [50])
    assert len(history["baseFeePerGas"]) == 3 and len(history["gasUsedRatio"]) == len(history["reward"]) == 2
    assert client.request("eth_getCode", ADDRESS, "latest") == "0x"
    assert client.request("eth_getTransactionReceipt", "0x" + "11" * 32) is None
    assert client.request("eth_getTransactionByHash", "0x" + "11" * 32) is None
    assert client.request("eth_getBlockByNumber", "0xffffff", False) is None


def test_blocks_come_by_themselves(devnet):
    _, client = devnet
    first = client.quantity("eth_blockNumber")
    deadline = time.monotonic() + 10
    while client.quantity("eth_blockNumber") < first + 3:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    blocks = [client.request("eth_getBlockByNumber", hex(first + i), False) for i in range(3)]
    assert [b["parentHash"] for b in blocks[1:]] == [b["hash"] for b in blocks[:-1]]
    times = [int(b["timestamp"], 16) for b in blocks]
    assert times == sorted(set(times))
    assert client.request("eth_getBlockByHash", blocks[1]["hash"], True) == blocks[1]


def test_a_transfer(devnet):
    _, client = devnet
    before = client.quantity("eth_getBalance", OTHER, "latest")
    raw = sign(client, value=12_345)
    hash = client.request("eth_sendRawTransaction", raw)
    assert hash == "0x" + keccak(bytes.fromhex(raw[2:])).hex()
    receipt = client.wait(hash)
    assert (receipt["gasUsed"], receipt["from"], receipt["to"]) == (hex(21_000), ADDRESS.lower(), OTHER.lower())
    assert client.quantity("eth_getBalance", OTHER, "latest") == before + 12_345
    transaction = client.request("eth_getTransactionByHash", hash)
    assert (transaction["value"], transaction["input"], transaction["type"]) == (hex(12_345), "0x", "0x2")
    assert transaction["blockHash"] == receipt["blockHash"]
    assert hash in client.request("eth_getBlockByNumber", receipt["blockNumber"], False)["transactions"]


def test_bad_transactions_are_refused_with_a_sentence(devnet):
    _, client = devnet
    good = sign(client, value=1)
    assert "less than block base fee" in refused(client, sign(client, maxFeePerGas=1, maxPriorityFeePerGas=1))
    assert "intrinsic gas too low" in refused(client, sign(client, gas=20_999))
    assert "intrinsic gas too low" in refused(client, sign(client, gas=22_000, data=b"\x01" * 1_000))
    assert "exceeds block gas limit" in refused(client, sign(client, gas=10**9))
    assert "insufficient funds" in refused(client, sign(client, value=10**30))
    assert "invalid chain id" in refused(client, sign(client, chainId=1))
    assert "nonce too high" in refused(client, sign(client, nonce=10**6))
    assert "higher than max fee" in refused(client, sign(client, maxPriorityFeePerGas=10**11))
    client.wait(client.request("eth_sendRawTransaction", good))
    assert "already known" in refused(client, good)
    assert "nonce too low" in refused(client, sign(client, nonce=0))
    for junk in ("0x", "0x02", "0x02c0", "0x03c0", "0x7f00", "0xf8", good[:-10], "0xc0" + good[4:]):
        assert refused(client, junk)
    for junk in ("zz", 5, None, "0xzz", "0x123"):
        assert "hex" in refused(client, junk)
    assert client.quantity("eth_chainId") == 1337


def test_a_waiting_transaction_can_be_replaced_and_gaps_filled(devnet):
    _, client = devnet
    nonce = client.quantity("eth_getTransactionCount", ADDRESS, "pending")
    later = client.request("eth_sendRawTransaction", sign(client, nonce=nonce + 1, value=2))
    assert client.request("eth_getTransactionByHash", later)["blockHash"] is None
    assert "underpriced" in refused(client, sign(client, nonce=nonce + 1, value=3))
    dearer = client.request("eth_sendRawTransaction", sign(client, nonce=nonce + 1, value=3, maxFeePerGas=2 * 10**10))
    assert client.request("eth_getTransactionByHash", later) is None
    client.request("eth_sendRawTransaction", sign(client, nonce=nonce, value=1))
    assert client.quantity("eth_getTransactionCount", ADDRESS, "pending") == nonce + 2
    assert client.request("eth_getTransactionByHash", client.wait(dearer)["transactionHash"])["value"] == "0x3"


def test_a_reorganisation_takes_blocks_back(devnet):
    _, client = devnet
    client.request("evm_setAutomine", False)
    try:
        start = int(client.request("eth_blockNumber"), 16)
        nonce = int(client.request("eth_getTransactionCount", OTHER, "latest"), 16)
        raw = [
            Account.sign_transaction(
                dict(chainId=1337, nonce=nonce + n, to=ADDRESS, value=1, gas=21_000, maxFeePerGas=10**10, maxPriorityFeePerGas=1), OTHER_KEY
            ).raw_transaction
            for n in range(2)
        ]
        hashes = ["0x" + keccak(r).hex() for r in raw]
        for depth, lose in [(1, False), (10, True)]:
            for r in raw:
                client.request("eth_sendRawTransaction", "0x" + r.hex())
            client.request("evm_mine")
            mined = client.request("eth_getTransactionReceipt", hashes[1])
            client.request("anvil_mine", depth - 1)
            before = client.request("eth_getBlockByNumber", "latest", False)
            assert int(client.request("eth_getTransactionCount", OTHER, "latest"), 16) == nonce + 2
            assert client.request("anvil_reorg", {"depth": depth}, [], lose) == hashes
            after = client.request("eth_getBlockByNumber", "latest", False)
            assert after["number"] == before["number"] and after["hash"] != before["hash"]
            assert client.request("eth_getBlockByHash", mined["blockHash"], False) is None
            assert client.request("eth_getTransactionReceipt", hashes[1]) is None
            assert int(client.request("eth_getTransactionCount", OTHER, "latest"), 16) == nonce
            assert int(client.request("eth_getTransactionCount", OTHER, "pending"), 16) == (nonce if lose else nonce + 2)
            assert client.request("anvil_dropTransaction", hashes[0]) == (None if lose else hashes[0])
            client.request("evm_mine")
            # The second one waits for the first, which is gone.
            assert int(client.request("eth_getTransactionCount", OTHER, "latest"), 16) == nonce
            client.request("anvil_dropAllTransactions")
        assert int(client.request("eth_blockNumber"), 16) == start + 13
        with pytest.raises(RpcFailure, match="cannot replace"):
            client.request("anvil_reorg", {"depth": start + 100})
    finally:
        client.request("evm_setAutomine", True)


def test_a_node_that_fails(devnet):
    _, client = devnet
    url = ["--url", client.url]
    head = int(client.request("eth_blockNumber"), 16)
    assert run("l1.devnet", "fault", *url, "lag", "10000").returncode == 0
    assert int(client.request("eth_blockNumber"), 16) == 0
    client.request("memex_setLag", 0)
    assert int(client.request("eth_blockNumber"), 16) >= head
    for how in ["close", "unavailable", "garbage"]:
        done = run("l1.devnet", "fault", *url, "answer", how, "--requests", "1")
        assert done.returncode == 0, done.stderr
        with pytest.raises((OSError, ValueError, RuntimeError, http.client.HTTPException, RpcFailure)):
            Client(client.url).request("eth_blockNumber")
        assert int(Client(client.url).request("eth_blockNumber"), 16) >= head
    assert run("l1.devnet", "fault", *url, "answer", "rudely").returncode == 2
    assert run("l1.devnet", "fault", *url, "drop").returncode == 0


def test_json_rpc_errors(devnet):
    _, client = devnet
    assert client.post({"jsonrpc": "2.0", "id": 1, "method": "eth_nothing"})["error"]["code"] == -32601
    assert client.post({"jsonrpc": "2.0", "id": 1, "method": "eth_getBalance", "params": []})["error"]["code"] == -32602
    assert client.post({"jsonrpc": "2.0", "id": 1, "method": "eth_getBalance", "params": ["0x12"]})["error"]["code"] == -32602
    assert client.post({"id": 1})["error"]["code"] == -32600
    assert client.post([])["error"]["code"] == -32600
    answers = client.post([{"jsonrpc": "2.0", "id": i, "method": m} for i, m in enumerate(["eth_chainId", "eth_nothing", "net_version"])])
    assert [a["id"] for a in answers] == [0, 1, 2] and answers[1]["error"]["code"] == -32601
    client._connection.request("POST", "/", "{not json")
    assert json.loads(client._connection.getresponse().read())["error"]["code"] == -32700


def test_deployment_file(devnet, deployment):
    _, client = devnet
    assert deployment["chainId"] == 1337 and deployment["sequencer"] == ADDRESS == deployment["lister"]
    assert deployment["parameters"] == {
        "challengeWindowSeconds": 604_800, "inboxDeadlineSeconds": 86_400, "batchDeadlineSeconds": 600, "timeDriftSeconds": 3_600,
        "claimBondWei": "1000", "messagePriceWei": str(10**14), "governor": "0x" + "00" * 20,
        "tokenBlueprint": deployment["parameters"]["tokenBlueprint"],
        "governanceDelaySeconds": 30 * 86_400 + 604_800 + 86_400 + 600, "guestRoot": "0x" + "00" * 32,
    }
    assert [t["symbol"] for t in deployment["tokens"]] == ["ETH", "USDX", "PEPE", "WIF"]
    assert [(m["id"], m["base"], m["quote"]) for m in deployment["markets"]] == [(1, 3, 2), (2, 4, 2)]
    rollup = deployment["rollup"]
    assert client.call(rollup, "inbox_count()", ["uint256"]) == 6
    logs = client.request("eth_getLogs", {"address": rollup, "fromBlock": hex(deployment["deployedAtBlock"]), "toBlock": "latest"})
    topic = "0x" + keccak(b"InboxMessage(uint256,uint256,uint256,uint256,uint256,uint256)").hex()
    messages = [log for log in logs if log["topics"][0] == topic]
    assert [int(log["topics"][1], 16) for log in messages] == list(range(6))
    second = client.request("eth_getLogs", {"fromBlock": "0x0", "topics": [topic, "0x" + (1).to_bytes(32, "big").hex()]})
    assert [log for log in second if log["address"] == rollup.lower()] == [messages[1]]
    assert client.request("eth_getLogs", {"address": rollup, "fromBlock": "0x0", "toBlock": "0x0"}) == []
    assert client.request("eth_getLogs", {"address": OTHER, "fromBlock": "0x0"}) == []
    assert client.request("eth_getLogs", {"address": rollup, "fromBlock": "0x0", "topics": [["0x" + "00" * 32, topic]]}) == messages


def test_reverts_carry_their_reason(devnet, deployment):
    _, client = devnet
    call = {"from": OTHER, "to": deployment["rollup"], "data": "0x" + encode_call("halt()").hex()}
    for method in ("eth_call", "eth_estimateGas"):
        with pytest.raises(RpcFailure) as failure:
            client.request(method, call)
        assert (failure.value.code, failure.value.reason) == (3, "rollup: nothing is overdue")
    # Sent anyway, it is mined as failed.
    raw = sign(client, to=deployment["rollup"], data=encode_call("halt()"), gas=100_000)
    with pytest.raises(RuntimeError):
        client.wait(client.request("eth_sendRawTransaction", raw))


def test_several_full_batches_in_one_block(devnet, deployment):
    _, client = devnet
    now = int(client.request("eth_getBlockByNumber", "latest", False)["timestamp"], 16) * 1000
    nonce = client.quantity("eth_getTransactionCount", ADDRESS, "pending")
    contents = [os.urandom(ref.BATCH_BYTES_MAX) for _ in range(6)]
    calls = [encode_call(POST, n, 0, now, now, data) for n, data in enumerate(contents)]
    raws = [sign(client, nonce=nonce + n, gas=5_200_000, to=to_checksum_address(deployment["rollup"]), data=c) for n, c in enumerate(calls)]
    client.request("evm_setAutomine", False)
    try:
        hashes = [client.request("eth_sendRawTransaction", raw) for raw in raws]
    finally:
        client.request("evm_setAutomine", True)
    receipts = [client.wait(hash) for hash in hashes]
    assert len({r["blockNumber"] for r in receipts}) == 1
    for receipt, call in zip(receipts, calls):
        assert client.request("eth_getTransactionByHash", receipt["transactionHash"])["input"] == "0x" + call.hex()


def test_estimates_suffice(devnet, deployment):
    _, client = devnet
    data = encode_call("deposit_eth(address)", OTHER)
    gas = client.quantity("eth_estimateGas", {"from": ADDRESS, "to": deployment["rollup"], "value": hex(10**9), "data": "0x" + data.hex()})
    receipt = client.send(KEY, deployment["rollup"], data, 10**9, gas=gas)
    assert int(receipt["gasUsed"], 16) <= gas <= int(receipt["gasUsed"], 16) * 6 // 5


def test_test_tokens_can_be_minted_by_anyone_and_deposited(devnet, deployment):
    _, client = devnet
    token = deployment["tokens"][2]
    unit = 10 ** token["unitExponent"]
    client.send(OTHER_KEY, token["address"], encode_call("mint(address,uint256)", OTHER, 5 * unit))
    client.send(OTHER_KEY, token["address"], encode_call("approve(address,uint256)", deployment["rollup"], 5 * unit))
    client.send(OTHER_KEY, deployment["rollup"], encode_call("deposit(uint32,uint256,address)", token["id"], 5 * unit, OTHER))
    assert client.call(deployment["rollup"], "held_atoms(uint32)", ["uint256"], token["id"]) == 5
    assert client.call(token["address"], "balanceOf(address)", ["uint256"], deployment["rollup"]) == 5 * unit


def test_deploy_says_what_is_wrong(devnet, tmp_path):
    _, client = devnet
    key = ["--key", KEY, "--out", str(tmp_path / "x.json")]
    assert "time drift out of range" in run("l1.deploy", "--rpc", client.url, *key, "--time-drift", "1").stderr
    assert "Connection refused" in run("l1.deploy", "--rpc", "http://127.0.0.1:9", *key).stderr
    for arguments, sentence in (
        (["--challenge-window", "-1"], "-1 is not between"), (["--sequencer", "0x12"], "no address"), (["--key", "0x12"], "No such file"),
        (["--key", __file__], "holds no private key"), (["--out", "/proc/none/x.json"], "cannot write /proc/none/x.json"),
    ):
        done = run("l1.deploy", "--rpc", client.url, *key, *arguments)
        assert done.returncode != 0 and sentence in done.stderr and "Traceback" not in done.stderr, done.stderr
    listing = tmp_path / "listing.json"
    for text, sentence in (
        ("{", "listing.json"), ("{}", "'tokens' is missing"), ('{"tokens": [{"symbol": "A"}], "markets": []}', 'needs an "address"'),
        ('{"tokens": [], "markets": [{"base": "A", "quote": "ETH"}]}', "unknown token A"),
        ("[]", "a listing is"), ('{"tokens": [{"symbol": "A", "testToken": true, "decimals": 300, "unitExponent": 0}], "markets": []}', "decimals of"),
        ('{"tokens": [], "markets": [{"base": "ETH", "quote": "ETH"}]}', "on both sides"),
    ):
        listing.write_text(text)
        done = run("l1.deploy", "--rpc", client.url, *key, "--listing", str(listing))
        assert done.returncode != 0 and sentence in done.stderr, done.stderr
    assert not (tmp_path / "x.json").exists()


def test_fund_gives_ether_and_test_tokens_to_key_files_and_addresses(devnet, deployment, tmp_path):
    _, client = devnet
    (tmp_path / "deployment.json").write_text(json.dumps(deployment))
    (tmp_path / "new.key").write_text("0x" + "17" * 32 + "\n")
    owner = Account.from_key("17" * 32).address
    arguments = ["--url", client.url, "--deployment", str(tmp_path / "deployment.json"), "--ether", "3", "--tokens", "7"]
    done = run("l1.devnet", "fund", str(tmp_path / "new.key"), *arguments)
    assert done.returncode == 0 and done.stdout.startswith(f"{owner} has got 3 ETH, 7 "), done.stderr
    assert client.quantity("eth_getBalance", owner, "latest") == 3 * 10**18
    token = deployment["tokens"][1]
    assert client.call(token["address"], "balanceOf(address)", ["uint256"], owner) == 7 * 10 ** (token["decimals"] + token["unitExponent"])


def test_devnet_says_what_is_wrong(devnet, tmp_path):
    _, client = devnet
    busy = client.url.rsplit(":", 1)[1]
    for arguments, sentence in (
        (["--port", "99999"], "not between"), (["--port", busy], "already in use"), (["--accounts", "-1"], "not between"),
        (["--block-seconds", "-1"], "not between"), (["--port", "0", "--dir", "/proc/none"], "cannot write"),
        (["fund", "nothere"], "No such file"), (["fund", "0x12"], "no address"), (["time", "-1"], "not between"),
    ):
        done = run("l1.devnet", *arguments)
        assert done.returncode != 0 and sentence in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_time_moves_ahead_and_the_rollup_can_be_halted(devnet, deployment):
    _, client = devnet
    before = int(client.request("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    done = run("l1.devnet", "time", "700", "--url", client.url)
    assert done.returncode == 0 and done.stdout.startswith("block ")
    assert int(client.request("eth_getBlockByNumber", "latest", False)["timestamp"], 16) >= before + 700
    client.send(OTHER_KEY, deployment["rollup"], encode_call("halt()"))
    assert client.call(deployment["rollup"], "halted()", ["bool"])
    assert run("l1.devnet", "time", "1", "--url", "http://127.0.0.1:9").returncode != 0
