"""Blobs on the devnet: both forms of transactions, what is refused, how they wait, how they are read back, what they cost, what becomes of them."""

import http.client
import json
import urllib.parse

import ckzg
import pytest
import rlp
from eth_account import Account
from eth_utils import keccak

import reference as ref
import vectors_blobs as vectors
from running_devnet import ADDRESS, KEY, OTHER, OTHER_KEY, run, running

from l1.client import RpcFailure, encode_call

BATCH = vectors.patterned(1_000)
GWEI = 10**9
FIELDS = {
    "type": 3, "chainId": 1337, "gas": 100_000, "maxFeePerGas": 10 * GWEI, "maxPriorityFeePerGas": GWEI, "maxFeePerBlobGas": 10 * GWEI, "value": 0,
    "data": b"", "to": OTHER,
}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A devnet that mines when it is told to."""
    with running(tmp_path_factory.mktemp("devnet"), block_seconds=0.05) as client:
        client.request("evm_setAutomine", False)
        yield client


@pytest.fixture
def devnet(client):
    """The same with nothing in its pool and fees as ever."""
    client.request("anvil_dropAllTransactions")
    client.request("memex_setBaseFee", GWEI)
    client.request("memex_setBlobBaseFee", GWEI)
    return client


def blob_parts(batch: bytes) -> tuple[bytes, bytes, bytes, list[bytes]]:
    """Blob, commitment, proof, cell proofs."""
    blob = ref.blob(batch)
    commitment = ckzg.blob_to_kzg_commitment(blob, vectors.trusted_setup())
    _, proofs = ckzg.compute_cells_and_kzg_proofs(blob, vectors.trusted_setup())
    return blob, commitment, ckzg.compute_blob_kzg_proof(blob, commitment, vectors.trusted_setup()), proofs


@pytest.fixture(scope="module")
def parts():
    return blob_parts(BATCH)


def body(client, commitments: list[bytes], key: str = KEY, **changes) -> bytes:
    """A signed blob transaction without its blobs."""
    sender = Account.from_key(key).address
    fields = FIELDS | {"nonce": client.quantity("eth_getTransactionCount", sender, "pending")} | changes
    hashes = [ref.versioned_hash(c) for c in commitments]
    return bytes(Account.sign_transaction(fields | {"blobVersionedHashes": hashes}, key).raw_transaction)


def new_form(body: bytes, parts) -> str:
    blob, commitment, _, proofs = parts
    return "0x03" + rlp.encode([rlp.decode(body[1:]), b"\x01", [blob], [commitment], proofs]).hex()


def old_form(body: bytes, parts) -> str:
    blob, commitment, proof, _ = parts
    return "0x03" + rlp.encode([rlp.decode(body[1:]), [blob], [commitment], [proof]]).hex()


def send(client, parts, form=new_form, **changes) -> str:
    return client.request("eth_sendRawTransaction", form(body(client, [parts[1]], **changes), parts))


def refused(client, raw: str) -> str:
    with pytest.raises(RpcFailure) as failure:
        client.request("eth_sendRawTransaction", raw)
    return failure.value.message


def get(client, path: str) -> tuple[int, dict]:
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(client.url).netloc, timeout=30)
    connection.request("GET", path)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def slot(client, receipt: dict) -> int:
    time = int(client.request("eth_getBlockByNumber", receipt["blockNumber"], False)["timestamp"], 16)
    return time - int(get(client, "/eth/v1/beacon/genesis")[1]["data"]["genesis_time"])


def blobs_in(client, receipt: dict, *hashes: str) -> tuple[int, dict]:
    query = "?" + "&".join(f"versioned_hashes={h}" for h in hashes) if hashes else ""
    return get(client, f"/eth/v1/beacon/blobs/{slot(client, receipt)}{query}")


def mined(client, hash: str) -> dict:
    client.request("evm_mine")
    receipt = client.request("eth_getTransactionReceipt", hash)
    assert receipt["status"] == "0x1"
    return receipt


def test_a_transaction_of_eth_account(devnet):
    fields = FIELDS | {"nonce": devnet.quantity("eth_getTransactionCount", ADDRESS, "pending")}
    signed = Account.sign_transaction(fields, KEY, blobs=[ref.blob(BATCH), ref.blob(b"second")])
    receipt = mined(devnet, devnet.request("eth_sendRawTransaction", "0x" + signed.raw_transaction.hex()))
    assert receipt["blobGasUsed"] == hex(2 * 2**17) and receipt["type"] == "0x3"
    _, answer = blobs_in(devnet, receipt)
    assert answer["data"] == ["0x" + ref.blob(BATCH).hex(), "0x" + ref.blob(b"second").hex()]
    # One of them.
    hashes = devnet.request("eth_getTransactionByHash", receipt["transactionHash"])["blobVersionedHashes"]
    assert blobs_in(devnet, receipt, hashes[1])[1]["data"] == ["0x" + ref.blob(b"second").hex()]
    assert blobs_in(devnet, receipt, "0x01" + "77" * 31)[1]["data"] == []


@pytest.mark.parametrize("form", [new_form, old_form])
def test_both_forms_are_taken_and_read_back(devnet, parts, form):
    raw = body(devnet, [parts[1]])
    hash = devnet.request("eth_sendRawTransaction", form(raw, parts))
    assert hash == "0x" + keccak(raw).hex()
    assert "already known" in refused(devnet, form(raw, parts))
    versioned_hash = "0x" + ref.versioned_hash(parts[1]).hex()
    waiting = devnet.request("eth_getTransactionByHash", hash)
    assert (waiting["blockHash"], waiting["blobVersionedHashes"], waiting["maxFeePerBlobGas"]) == (None, [versioned_hash], hex(10 * GWEI))
    before = devnet.quantity("eth_getBalance", ADDRESS, "latest")
    blob_fee = devnet.quantity("eth_blobBaseFee")
    receipt = mined(devnet, hash)
    assert (receipt["blobGasUsed"], receipt["blobGasPrice"]) == (hex(2**17), hex(blob_fee))
    spent = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16) + 2**17 * blob_fee
    assert before - devnet.quantity("eth_getBalance", ADDRESS, "latest") == spent
    block = devnet.request("eth_getBlockByHash", receipt["blockHash"], True)
    assert block["blobGasUsed"] == hex(2**17) and int(block["excessBlobGas"], 16) > 0
    assert block["transactions"] == [devnet.request("eth_getTransactionByHash", hash)] and block["transactions"][0]["type"] == "0x3"
    status, answer = blobs_in(devnet, receipt, versioned_hash)
    assert status == 200
    [blob] = answer["data"]
    assert ref.batch_in_blob(bytes.fromhex(blob[2:]), len(BATCH)) == BATCH


def test_what_is_wrong_is_refused(devnet, parts):
    blob, commitment, proof, proofs = parts
    other = blob_parts(b"other")
    good = body(devnet, [commitment])
    assert "missing sidecar" in refused(devnet, "0x" + good.hex())
    assert "mismatch" in refused(devnet, new_form(good, (blob, other[1], proof, proofs)))
    for form in (new_form, old_form):
        assert "invalid blob proof" in refused(devnet, form(good, (blob, commitment, other[2], other[3])))
        assert "invalid blob proof" in refused(devnet, form(good, (other[0], commitment, proof, proofs)))
        # An element that is not below the modulus.
        assert "invalid blob" in refused(devnet, form(good, (b"\xff" * 32 + blob[32:], commitment, proof, proofs)))
        assert "has not 131072 bytes" in refused(devnet, form(good, (blob[:-1], commitment, proof, proofs)))
    assert "invalid blob" in refused(devnet, old_form(good, (blob, commitment, b"\x11" * 48, proofs)))
    assert "proofs" in refused(devnet, new_form(good, (blob, commitment, proof, proofs[:-1])))
    version_2 = "0x03" + rlp.encode([rlp.decode(good[1:]), b"\x02", [blob], [commitment], proofs]).hex()
    assert "unknown version" in refused(devnet, version_2)
    assert "invalid number of 1 blobs" in refused(devnet, new_form(body(devnet, [commitment, commitment]), parts))
    assert "insufficient funds" in refused(devnet, new_form(body(devnet, [commitment], maxFeePerBlobGas=10**25), parts))
    for junk in ("0x03", "0x03c0", "0x03f0", "0x03c401020304", "0x03c5c0c0c0c0c0", "0x03c4c0c0c0c0", new_form(good, parts)[:-10]):
        assert refused(devnet, junk)
    assert devnet.request("eth_sendRawTransaction", new_form(good, parts)) == "0x" + keccak(good).hex()


def test_a_replacement_doubles_all_three_fees(devnet, parts):
    nonce = devnet.quantity("eth_getTransactionCount", ADDRESS, "latest")
    first = send(devnet, parts, nonce=nonce)
    twice = {"maxFeePerGas": 20 * GWEI, "maxPriorityFeePerGas": 2 * GWEI, "maxFeePerBlobGas": 20 * GWEI}
    for name in twice:
        short = body(devnet, [parts[1]], nonce=nonce, **twice | {name: twice[name] - 1})
        assert "replacement transaction underpriced" in refused(devnet, new_form(short, parts))
    second = send(devnet, parts, nonce=nonce, **twice)
    assert devnet.request("eth_getTransactionByHash", first) is None
    assert mined(devnet, second)["effectiveGasPrice"] == hex(3 * GWEI)


def test_a_sender_waits_with_blobs_or_without(devnet, parts):
    nonce = devnet.quantity("eth_getTransactionCount", ADDRESS, "latest")
    plain = {k: v for k, v in FIELDS.items() if k != "maxFeePerBlobGas"} | {"type": 2}
    raws = ["0x" + Account.sign_transaction(plain | {"nonce": nonce + n}, KEY).raw_transaction.hex() for n in range(2)]
    send(devnet, parts)
    for raw in raws:
        assert "address already reserved" in refused(devnet, raw)
    # Another sender may, and once the blob is mined he may, too.
    devnet.request("eth_sendRawTransaction", new_form(body(devnet, [parts[1]], key=OTHER_KEY), parts))
    devnet.request("evm_mine")
    devnet.request("eth_sendRawTransaction", raws[1])
    assert "address already reserved" in refused(devnet, new_form(body(devnet, [parts[1]]), parts))
    devnet.request("evm_mine")
    assert devnet.quantity("eth_getTransactionCount", ADDRESS, "latest") == nonce + 2


def test_blobs_wait_for_no_gap(devnet, parts):
    nonce = devnet.quantity("eth_getTransactionCount", ADDRESS, "latest")
    assert "nonce too high" in refused(devnet, new_form(body(devnet, [parts[1]], nonce=nonce + 1), parts))
    send(devnet, parts)
    send(devnet, parts)
    assert devnet.quantity("eth_getTransactionCount", ADDRESS, "pending") == nonce + 2


def test_what_offers_too_little_waits_for_cheaper_blocks(devnet, parts):
    blob = send(devnet, parts)
    plain = {k: v for k, v in FIELDS.items() if k != "maxFeePerBlobGas"} | {
        "type": 2, "nonce": devnet.quantity("eth_getTransactionCount", OTHER, "pending"), "to": ADDRESS
    }
    other = devnet.request("eth_sendRawTransaction", "0x" + Account.sign_transaction(plain, OTHER_KEY).raw_transaction.hex())
    devnet.request("memex_setBlobBaseFee", 10 * GWEI + 10_000)
    devnet.request("memex_setBaseFee", 10 * GWEI + 1)
    devnet.request("evm_mine")
    assert devnet.request("eth_getTransactionReceipt", blob) is None and devnet.request("eth_getTransactionReceipt", other) is None
    devnet.request("memex_setBaseFee", GWEI)
    assert mined(devnet, other)["effectiveGasPrice"] == hex(2 * GWEI)
    assert devnet.request("eth_getTransactionReceipt", blob) is None
    devnet.request("memex_setBlobBaseFee", GWEI)
    mined(devnet, blob)


def test_a_block_holds_nine_blobs(devnet, parts):
    hashes = [send(devnet, parts) for _ in range(10)]
    devnet.request("evm_mine")
    receipts = [devnet.request("eth_getTransactionReceipt", h) for h in hashes]
    assert all(receipts[:9]) and receipts[9] is None
    assert devnet.request("eth_getBlockByNumber", "latest", False)["blobGasUsed"] == hex(9 * 2**17)
    assert mined(devnet, hashes[9])


def test_fees_are_held_and_let_go(devnet, parts):
    for name, held, method in (("memex_setBaseFee", 7 * GWEI, "eth_gasPrice"), ("memex_setBlobBaseFee", 1_234_567_890, "eth_blobBaseFee")):
        devnet.request(name, held)
        for _ in range(2):
            price = devnet.quantity(method) - (devnet.quantity("eth_maxPriorityFeePerGas") if method == "eth_gasPrice" else 0)
            assert held <= price <= held + held // 1_000_000
            devnet.request("evm_mine")
        devnet.request(name)
        before = devnet.quantity(method)
        devnet.request("evm_mine")
        assert devnet.quantity(method) < before
    history = devnet.request("eth_feeHistory", "0x3", "latest", [50])
    assert len(history["baseFeePerBlobGas"]) == 4 and history["baseFeePerBlobGas"][-1] == devnet.request("eth_blobBaseFee")
    assert history["blobGasUsedRatio"] == [0, 0, 0]
    # By the rules a full block makes blob gas dearer.
    devnet.request("memex_setBlobBaseFee", GWEI)
    for _ in range(9):
        send(devnet, parts)
    devnet.request("evm_mine")
    devnet.request("memex_setBlobBaseFee")
    assert devnet.quantity("eth_blobBaseFee") > GWEI * 105 // 100
    assert devnet.request("eth_feeHistory", "0x1", "latest", [])["blobGasUsedRatio"] == [1]


def test_a_blob_costs_no_less_than_8192_gas_for_long(devnet, parts):
    """EIP-7918: while it does, empty blocks leave the price, and full ones raise it as ever."""
    floor = GWEI * 2**13 // 2**17
    devnet.request("memex_setBlobBaseFee", floor * 11 // 10)
    devnet.request("evm_mine")
    devnet.request("memex_setBlobBaseFee")
    prices = []
    for _ in range(3):
        prices.append(devnet.quantity("eth_blobBaseFee"))
        devnet.request("evm_mine")
    # The first empty block takes a seventh off, through the floor, and there it stays.
    assert floor * 9 // 10 < prices[0] == prices[1] == prices[2] < floor
    for _ in range(9):
        send(devnet, parts)
    devnet.request("evm_mine")
    assert prices[2] * 105 // 100 < devnet.quantity("eth_blobBaseFee") < prices[2] * 11 // 10
    # Where gas is cheap, so are blobs.
    devnet.request("memex_setBaseFee", 7)
    devnet.request("evm_mine")
    before = devnet.quantity("eth_blobBaseFee")
    devnet.request("evm_mine")
    assert devnet.quantity("eth_blobBaseFee") < before


def test_the_clock_of_slots(devnet):
    assert get(devnet, "/eth/v1/config/spec")[1]["data"]["SECONDS_PER_SLOT"] == "1"
    genesis = int(get(devnet, "/eth/v1/beacon/genesis")[1]["data"]["genesis_time"])
    assert genesis == int(devnet.request("eth_getBlockByNumber", "0x0", False)["timestamp"], 16)
    head = slot(devnet, {"blockNumber": devnet.request("eth_blockNumber")})
    assert get(devnet, f"/eth/v1/beacon/blobs/{head}") == get(devnet, "/eth/v1/beacon/blobs/head")
    for path, status in (
        (f"blobs/{head + 1}", 404), ("blobs/99999999999", 404), ("nothing", 404), ("blobs/x", 400), ("blobs/head?versioned_hashes=0x12", 400), ("..", 404)
    ):
        assert get(devnet, f"/eth/v1/beacon/{path}")[0] == status
    devnet.request("memex_setFault", "unavailable", 1)
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(devnet.url).netloc, timeout=30)
    connection.request("GET", "/eth/v1/beacon/genesis")
    assert connection.getresponse().status == 503


def test_an_old_consensus_node_has_sidecars_instead(devnet, parts):
    receipt = mined(devnet, send(devnet, parts))
    path = f"/eth/v1/beacon/blob_sidecars/{slot(devnet, receipt)}"
    assert get(devnet, path)[0] == 404
    assert run("l1.devnet", "fault", "--url", devnet.url, "beacon", "old").returncode == 0
    assert get(devnet, path) == (200, {"execution_optimistic": False, "finalized": False, "data": [
        {"index": "0", "blob": "0x" + parts[0].hex(), "kzg_commitment": "0x" + parts[1].hex()}
    ]})
    assert blobs_in(devnet, receipt)[0] == 404
    assert run("l1.devnet", "fault", "--url", devnet.url, "beacon", "new").returncode == 0
    assert get(devnet, path)[0] == 404 and len(blobs_in(devnet, receipt)[1]["data"]) == 1


def test_a_reorganisation_gives_blobs_back(devnet, parts):
    hash = send(devnet, parts)
    receipt = mined(devnet, hash)
    assert devnet.request("anvil_reorg", {"depth": 1}) == [hash]
    assert devnet.request("eth_getTransactionReceipt", hash) is None
    assert blobs_in(devnet, receipt)[1]["data"] == []
    again = mined(devnet, hash)
    assert again["blockHash"] != receipt["blockHash"] and len(blobs_in(devnet, again)[1]["data"]) == 1
    devnet.request("anvil_reorg", {"depth": 1}, [], True)
    devnet.request("evm_mine")
    assert devnet.request("eth_getTransactionByHash", hash) is None


def test_a_reorganisation_gives_one_kind_back(devnet, parts):
    """Blob and other transactions of one sender were in two blocks; in the pool they cannot wait together."""
    first = send(devnet, parts)
    devnet.request("evm_mine")
    plain = {k: v for k, v in FIELDS.items() if k != "maxFeePerBlobGas"} | {"type": 2, "nonce": devnet.quantity("eth_getTransactionCount", ADDRESS, "latest")}
    second = devnet.request("eth_sendRawTransaction", "0x" + Account.sign_transaction(plain, KEY).raw_transaction.hex())
    devnet.request("evm_mine")
    assert devnet.request("anvil_reorg", {"depth": 2}) == [first, second]
    assert devnet.request("eth_getTransactionByHash", first) and devnet.request("eth_getTransactionByHash", second) is None


def test_pruned_blobs_are_gone(devnet, parts):
    receipt = mined(devnet, send(devnet, parts))
    done = run("l1.devnet", "fault", "--url", devnet.url, "prune")
    assert done.returncode == 0 and int(done.stdout) > 0, done.stderr
    status, answer = blobs_in(devnet, receipt)
    assert status == 404 and "pruned" in answer["message"]
    assert devnet.request("eth_getTransactionByHash", receipt["transactionHash"])["blobVersionedHashes"]
    # Nor can they come back.
    devnet.request("anvil_reorg", {"depth": 1})
    assert devnet.request("eth_getTransactionByHash", receipt["transactionHash"]) is None
    # Later ones are there.
    assert len(blobs_in(devnet, mined(devnet, send(devnet, parts)))[1]["data"]) == 1
    for fee, method in (("base-fee", "eth_gasPrice"), ("blob-fee", "eth_blobBaseFee")):
        assert run("l1.devnet", "fault", "--url", devnet.url, fee, str(5 * GWEI)).returncode == 0
        assert devnet.quantity(method) >= 5 * GWEI


def test_a_batch_in_a_blob(devnet, parts, tmp_path):
    """Through the contract, as the node posts it; calls are tried with versioned hashes as well."""
    out = tmp_path / "deployment.json"
    devnet.request("evm_setAutomine", True)
    done = run("l1.deploy", "--rpc", devnet.url, "--key", KEY, "--out", str(out))
    devnet.request("evm_setAutomine", False)
    assert done.returncode == 0, done.stderr
    rollup = json.loads(out.read_text())["rollup"]
    now = int(devnet.request("eth_getBlockByNumber", "latest", False)["timestamp"], 16) * 1000
    data = encode_call("post_blob(uint256,uint256,uint64,uint64,uint256)", 0, 0, now, now, len(BATCH))
    call = {"from": ADDRESS, "to": rollup, "data": "0x" + data.hex()}
    with pytest.raises(RpcFailure, match="batches: no blob"):
        devnet.request("eth_estimateGas", call)
    versioned_hash = ref.versioned_hash(parts[1])
    gas = devnet.quantity("eth_estimateGas", call | {"blobVersionedHashes": ["0x" + versioned_hash.hex()]})
    receipt = mined(devnet, send(devnet, parts, to=rollup, data=data, gas=gas))
    [log] = receipt["logs"]
    assert "0x" + versioned_hash.hex() == "0x" + log["data"][2:][5 * 64 : 6 * 64] and int(log["data"][-64:], 16) == 1
    expected = ref.chain_batch(bytes(32), 0, 0, bytes(32), now, now, versioned_hash, len(BATCH))
    assert devnet.call(rollup, "batches(uint256)", ["bytes32", "uint256", "uint256"], 0)[0] == expected
    _, answer = blobs_in(devnet, receipt, "0x" + versioned_hash.hex())
    assert ref.batch_in_blob(bytes.fromhex(answer["data"][0][2:]), int(log["data"][2:][6 * 64 : 7 * 64], 16)) == BATCH
