"""A node that posts batches in blobs or as calldata, whichever costs less; what is read back from both; and blobs that are gone."""

import http.server
import json
import re
import socket
import subprocess
import threading
import urllib.parse
import urllib.request

import pytest
from conftest import NODE_OPTIONS, deployed, eventually, funded
from local.exchange import ToolFailed

CHEAP, DEAR = 1, 50 * 10**9  # wei a unit of blob gas


class Archive(http.server.ThreadingHTTPServer):
    """Keeps what a consensus node said about blobs, and says it again; with `spoils`, it lies."""

    def __init__(self, beacon: str, port: int = 0):
        super().__init__(("127.0.0.1", port), ArchiveHandler)
        self.beacon, self.kept, self.spoils = beacon, {}, False
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def keep(self, path: str) -> None:
        with urllib.request.urlopen(self.beacon + path, timeout=30) as answer:
            self.kept[path] = answer.read()


class ArchiveHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        content = self.server.kept.get(self.path)
        if content and self.server.spoils and "/blobs/" in self.path:
            content = content.replace(b'"0x00', b'"0x01', 1)
        self.send_response(200 if content else 404)
        self.end_headers()
        self.wfile.write(content or b"{}")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def blobs(build, tmp_path_factory):
    """An exchange of its own, whose node may use blobs, with what it has posted in three spells: cheap, dear and cheap blobs."""
    with deployed(tmp_path_factory.mktemp("blobs"), build) as exchange:
        exchange.metrics = f"127.0.0.1:{free_port()}"
        exchange.options = [*NODE_OPTIONS, "--beacon", exchange.l1_url, "--metrics-listen", exchange.metrics]
        exchange.start_node(*exchange.options)
        [exchange.trader] = funded(exchange, ["ann"])
        for price in (CHEAP, DEAR, CHEAP):
            exchange.l1.request("memex_setBlobBaseFee", price)
            trade(exchange)
            wanted = price == CHEAP
            # What is on its way in a blob when that becomes dear offers more only after two minutes.
            eventually(lambda: ways(exchange)[-1:] == [wanted], f"a batch {'in a blob' if wanted else 'as calldata'}", 300)
        yield exchange


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def trade(exchange):
    """Something for the next batch."""
    exchange.memex("order", "--market", "WIF/USDX", "--side", "buy", "--price", "0.5", "--size", "1", account=exchange.trader.account)


def batches(exchange, *options):
    return exchange.memex("batch", "list", "--last", "1000", *options)["batches"]


def ways(exchange) -> list[bool]:
    """Whether each batch is in a blob."""
    return [batch["inBlob"] for batch in batches(exchange)]


def counted_ways(exchange) -> dict[str, int]:
    """How many batches the node says to have posted, by carrier."""
    with urllib.request.urlopen(f"http://{exchange.metrics}/metrics", timeout=30) as answer:
        found = re.findall(r'^memex_l1_batches_posted_total{carrier="(\w+)"} (\d+)$', answer.read().decode(), re.MULTILINE)
    return {carrier: int(count) for carrier, count in found}


def settled(exchange):
    """Whether every posted batch is claimed."""
    return exchange.view("claim_count()", ["uint256"]) == exchange.view("batch_count()", ["uint256"]) > 0


def test_both_ways_with_claims_between(blobs):
    assert set(ways(blobs)) == {True, False}
    eventually(lambda: settled(blobs), "all to be claimed", 120)
    eventually(lambda: counted_ways(blobs) == {"calldata": ways(blobs).count(False), "blob": ways(blobs).count(True)}, "all to be counted")
    # Without a consensus node the list has what L1 says, and nothing of what is in blobs.
    assert {b["commands"] is None for b in batches(blobs) if b["inBlob"]} == {True}
    assert all(b["commands"] is not None for b in batches(blobs, "--beacon", blobs.l1_url))
    in_blob = next(b for b in batches(blobs) if b["inBlob"])
    shown = blobs.memex("batch", "inspect", str(in_blob["number"]), "--beacon", blobs.l1_url)
    assert shown["inBlob"] and shown["blocks"] and shown["decodeError"] is None
    transaction = blobs.l1.request("eth_getTransactionByHash", in_blob["transaction"])
    assert transaction["type"] == "0x3" and transaction["blobVersionedHashes"] == [shown["dataHash"]]


def test_kill_9_and_a_reorganisation_between_kinds(blobs):
    count = len(batches(blobs))
    trade(blobs)
    blobs.node.kill()
    blobs.start_node(*blobs.options)
    trade(blobs)
    blobs.l1.request("anvil_reorg", {"depth": 3}, [], True)
    eventually(lambda: len(batches(blobs)) > count, "the killed node to post again", 180)
    eventually(lambda: settled(blobs), "all to be claimed", 180)
    verified = blobs.memex("batch", "verify", "--beacon", blobs.l1_url)
    assert verified["claims"] == verified["batches"] > count


def test_without_a_consensus_node_price_means_calldata(blobs):
    blobs.node.stop()
    blobs.start_node(*NODE_OPTIONS)
    assert "no consensus node is named by --beacon" in blobs.node.tail()
    count = len(batches(blobs))
    trade(blobs)
    eventually(lambda: len(batches(blobs)) > count and not any(ways(blobs)[count:]), "a batch as calldata", 120)
    refused = subprocess.run([*blobs.node.process.args, "--carrier", "blob"], capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2 and "batches cannot be posted in blobs: no consensus node" in refused.stderr


def test_a_consensus_node_that_is_no_use_is_refused_at_start(blobs):
    """Blobs that nobody of us could read back are an operator's mistake."""
    archive = Archive(blobs.l1_url)
    for path in ("/eth/v1/config/spec", "/eth/v1/beacon/genesis"):
        archive.keep(path)
    archive.kept["/eth/v1/config/spec"] = archive.kept["/eth/v1/config/spec"].replace(b'"1337"', b'"17000"')
    blobs.node.stop()
    memexd = [*blobs.node.process.args, "--beacon"]
    memex = [
        str(blobs.build / "memex"), "batch", "post", "--dry-run", "--data", str(blobs.folder / "node"), "--deployment", str(blobs.deployment_file),
        "--l1", blobs.l1_url, "--key", str(blobs.key_file(1)), "--beacon",
    ]
    for beacon, reason, memex_status, options in (
        (archive.url, "belongs to chain 17000, not 1337", 5, []), (blobs.l1_url + "/x", "HTTP status 404", 3, []),
        ("http://127.0.0.1:1", "cannot connect to the consensus node", 3, ["--carrier", "blob"]),
    ):
        for command, status in ((memexd, 4), (memex, memex_status)):
            refused = subprocess.run([*command, beacon, *options], capture_output=True, text=True, timeout=60)
            assert refused.returncode == status and reason in refused.stderr and "not read back" in refused.stderr, refused
    archive.shutdown()
    blobs.start_node(*NODE_OPTIONS)


def test_a_consensus_node_that_is_down_at_start_costs_only_gas(blobs):
    """There is calldata until it answers."""
    port = free_port()
    blobs.node.stop()
    blobs.start_node(*NODE_OPTIONS, "--beacon", f"http://127.0.0.1:{port}")
    assert "calldata until the consensus node answers: --beacon: cannot connect to the consensus node" in blobs.node.tail(8000)
    count = len(batches(blobs))
    trade(blobs)
    eventually(lambda: len(batches(blobs)) > count and not any(ways(blobs)[count:]), "a batch as calldata", 120)
    archive = Archive(blobs.l1_url, port)
    for path in ("/eth/v1/config/spec", "/eth/v1/beacon/genesis"):
        archive.keep(path)
    eventually(lambda: "the consensus node answers: batches go in blobs" in blobs.node.tail(8000), "the consensus node to be asked again")
    count = len(batches(blobs))
    trade(blobs)
    eventually(lambda: True in ways(blobs)[count:], "a batch in a blob", 300)
    archive.shutdown()
    blobs.node.stop()
    blobs.start_node(*NODE_OPTIONS)


def test_pruned_blobs_are_refused_until_an_archive_has_them(blobs, tmp_path):
    eventually(lambda: settled(blobs), "all to be claimed", 120)
    # Whoever kept a state needs no blob before it.
    kept, late = tmp_path / "kept", tmp_path / "late"
    first = [b["number"] for b in batches(blobs) if b["inBlob"]]
    blobs.memex("rebuild", "--data", str(kept), "--beacon", blobs.l1_url)
    archive = Archive(blobs.l1_url)
    for path in ("/eth/v1/config/spec", "/eth/v1/beacon/genesis"):
        archive.keep(path)
    genesis = int(json.loads(archive.kept["/eth/v1/beacon/genesis"])["data"]["genesis_time"])
    for batch in batches(blobs):
        if batch["inBlob"]:
            hash = blobs.memex("batch", "inspect", str(batch["number"]), "--beacon", blobs.l1_url)["dataHash"]
            time = int(blobs.l1.request("eth_getBlockByNumber", hex(batch["l1Block"]), False)["timestamp"], 16)
            archive.keep(f"/eth/v1/beacon/blobs/{time - genesis}?{urllib.parse.urlencode({'versioned_hashes': hash})}")
    assert blobs.l1.request("memex_pruneBlobs") >= len(first)

    with pytest.raises(ToolFailed) as refusal:
        blobs.memex("rebuild", "--data", str(late), "--beacon", blobs.l1_url)
    assert refusal.value.code == 3 and f"the blob of batch {first[0]}" in refusal.value.output and "in slot" in refusal.value.output
    assert "--beacon" in refusal.value.output and "18 days" in refusal.value.output
    with pytest.raises(ToolFailed, match="--beacon URL or MEMEX_BEACON"):
        blobs.memex("rebuild", "--data", str(late))
    # An archive that lies is found out, one that does not is enough; the node beside it need not have anything.
    archive.spoils = True
    with pytest.raises(ToolFailed, match="sent other bytes than L1 commits to"):
        blobs.memex("rebuild", "--data", str(late), "--beacon", blobs.l1_url, "--beacon", archive.url)
    archive.spoils = False
    rebuilt = blobs.memex("rebuild", "--data", str(late), "--beacon", blobs.l1_url, "--beacon", archive.url)
    assert rebuilt["stateRoot"] == rebuilt["claimedRoot"]
    again = blobs.memex("rebuild", "--data", str(kept))
    assert again["stateRoot"] == rebuilt["stateRoot"] and again["batches"] == rebuilt["batches"]
    archive.shutdown()
