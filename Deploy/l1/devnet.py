"""`Deploy/devnet`: a local L1 that speaks Ethereum JSON-RPC over HTTP on loopback, and on the same port, for blobs, a consensus node's API."""

import argparse
import http.client
import http.server
import json
import pathlib
import signal
import sys
import threading
import time
from collections.abc import Callable

from eth_utils import to_canonical_address

from .accounts import MNEMONIC, dev_keys
from .arguments import address, number
from .beacon import Beacon
from .chain import DevChain
from .client import Client, RpcFailure, Sender, encode_call
from .rpc import Rpc
from .steering import FAULTS

BODY_BYTES_MAX = 16 << 20
BALANCE_ETHER = 1_000_000


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, rpc: Rpc):
        self.rpc = rpc
        self.beacon = Beacon(rpc)
        super().__init__(("127.0.0.1", port), Handler)

    def handle_error(self, request, client_address):
        # Clients that go away in the middle of an answer are no news.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keep-alive
    wbufsize = 1 << 16  # headers and body leave in one segment
    disable_nagle_algorithm = True

    def do_POST(self):
        try:
            size = int(self.headers.get("Content-Length", ""))
        except ValueError:
            size = -1
        if not 0 <= size <= BODY_BYTES_MAX:
            self.close_connection = True
            self._respond(413, b'{"error":"a body needs a Content-Length of at most 16 MiB"}')
            return
        body = self.rfile.read(size)
        self._answer(body, lambda: (200, self.server.rpc.handle(body) or b""))

    def do_GET(self):
        self._answer(b"", lambda: self.server.beacon.get(self.path))

    def _answer(self, body: bytes, answer: Callable[[], tuple[int, bytes]]):
        match self.server.rpc.fault_of(body):
            case None:
                self._respond(*answer())
            case "unavailable":
                self._respond(503, b"<html>503 Service Unavailable</html>")
            case "garbage":
                self._respond(200, b"<html>welcome</html>")
            case "silence":
                # Until the client has had enough.
                self.close_connection = True
                self.rfile.read(1)
            case _:
                self.close_connection = True

    def _respond(self, status: int, body: bytes):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_):
        pass


def mine_forever(rpc: Rpc, seconds: float, stopping: threading.Event) -> None:
    """Mines a block every `seconds` of wall clock, empty or not."""
    due = time.monotonic() + seconds
    while not stopping.wait(max(0.0, due - time.monotonic())):
        try:
            rpc.mine_by_itself()
        except Exception as error:  # keep the chain going; the pool keeps what was not mined
            print(f"devnet: mining failed: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        # Under load blocks come later, never in bursts.
        due = max(due + seconds, time.monotonic())


def run(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="Deploy/devnet",
        description="Starts a local L1 (py-evm, Prague rules with EIP-7918) that speaks Ethereum JSON-RPC on 127.0.0.1, and there also serves blobs as consensus nodes do (GET /eth/v1/beacon/blobs/SLOT). Prints its funded accounts, "
        "then a line 'devnet ready URL chain ID', then runs until it is terminated. "
        "`Deploy/devnet fund WHO...` gives ether and test tokens of a running one, `Deploy/devnet time SECONDS` moves its time, "
        "`Deploy/devnet fault WHAT` disturbs it (each has its --help). The chain lives in memory: when the devnet ends, it is gone, and with it what was deployed on it.",
    )
    parser.add_argument("--port", type=number(0, 65535), default=8545, help="TCP port, 0 for any free one (default 8545)")
    parser.add_argument(
        "--block-seconds", type=float, default=1,
        help="seconds between blocks, empty or not; below 1 the L1 time runs ahead of the clock; 0: only on evm_mine (default 1)",
    )
    parser.add_argument("--chain-id", type=number(1, 2**53), default=1337, help="chain id (default 1337)")
    parser.add_argument("--accounts", type=number(1, 1000), default=20, help="how many accounts of the development mnemonic are funded (default 20)")
    parser.add_argument("--dir", type=pathlib.Path, help="write devnet.json (url, chainId, accounts with private keys) into this folder")
    options = parser.parse_args(arguments)
    if not 0 <= options.block_seconds <= 3600:
        parser.error(f"argument --block-seconds: {options.block_seconds} is not between 0 and 3600")

    accounts = dev_keys(options.accounts)
    balances = {to_canonical_address(address): BALANCE_ETHER * 10**18 for address, _ in accounts}
    rpc = Rpc(DevChain(options.chain_id, balances, int(time.time())))
    try:
        server = Server(options.port, rpc)
    except OSError as error:
        sys.exit(f"devnet: error: cannot listen on 127.0.0.1:{options.port}: {error.strerror}; is another devnet running? --port takes another one")
    url = f"http://127.0.0.1:{server.server_address[1]}"
    rpc.mine_by_itself()

    if options.dir:
        listed = [{"address": address, "privateKey": key} for address, key in accounts]
        description = {"url": url, "chainId": options.chain_id, "mnemonic": MNEMONIC, "accounts": listed}
        try:
            options.dir.mkdir(parents=True, exist_ok=True)
            (options.dir / "devnet.json").write_text(json.dumps(description, indent=2) + "\n")
        except OSError as error:
            sys.exit(f"devnet: error: cannot write {options.dir / 'devnet.json'}: {error.strerror}")

    stopping = threading.Event()

    def stop(*_):
        stopping.set()
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if options.block_seconds > 0:
        threading.Thread(target=mine_forever, args=(rpc, options.block_seconds, stopping), daemon=True).start()

    print(f"Accounts of the mnemonic '{MNEMONIC}', {BALANCE_ETHER} ETH each (everyone knows these keys: for development only):")
    for address, key in accounts:
        print(f"  {address}  {key}")
    print(f"devnet ready {url} chain {options.chain_id}", flush=True)
    server.serve_forever(poll_interval=0.1)


def move_time(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="Deploy/devnet time", description="Moves the L1 time of a running devnet ahead, and mines a block.")
    parser.add_argument("seconds", type=number(0, 100 * 365 * 86_400), help="how far: 604800 are seven days")
    parser.add_argument("--url", default="http://127.0.0.1:8545", help="of the devnet (default http://127.0.0.1:8545)")
    options = parser.parse_args(arguments)
    try:
        client = Client(options.url)
        client.request("evm_increaseTime", options.seconds)
        client.request("evm_mine")
        head = client.request("eth_getBlockByNumber", "latest", False)
    except (OSError, ValueError, http.client.HTTPException, RpcFailure) as error:
        sys.exit(f"devnet: error: no devnet at {options.url}: {error}")
    print(f"block {int(head['number'], 16)} time {int(head['timestamp'], 16)}")


def fault(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="Deploy/devnet fault",
        description="Disturbs a running devnet in the ways in which real chains and nodes disturb those who rely on them.",
    )
    parser.add_argument("--url", default="http://127.0.0.1:8545", help="of the devnet (default http://127.0.0.1:8545)")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="WHAT")
    reorg = kinds.add_parser("reorg", help="replace the newest blocks by empty ones")
    reorg.add_argument("depth", type=number(1, 10_000), help="how many blocks")
    reorg.add_argument("--lose", action="store_true", help="forget their transactions; without it they go back to the pool")
    drop = kinds.add_parser("drop", help="forget transactions of the pool")
    drop.add_argument("hash", nargs="?", help="of one transaction (default: all)")
    kinds.add_parser("hold", help="mine no blocks")
    kinds.add_parser("go", help="mine blocks again")
    answer = kinds.add_parser("answer", help="fail to answer requests")
    answer.add_argument("how", choices=["well", *FAULTS], help="the connection closes, HTTP 503, no answer ever, no JSON; well: as ever")
    answer.add_argument("--requests", type=number(1, 10**9), help="how many requests (default: all, until 'answer well')")
    kinds.add_parser("prune", help="forget all blobs, as L1 does after 18 days")
    beacon = kinds.add_parser("beacon", help="serve blobs by the endpoint from before Fusaka, blob_sidecars, instead of blobs")
    beacon.add_argument("age", choices=["old", "new"], help="new: as ever")
    for name, what in (("base-fee", "gas"), ("blob-fee", "blob gas")):
        fee = kinds.add_parser(name, help=f"hold what {what} costs")
        fee.add_argument("wei", nargs="?", type=number(0, 10**15), help=f"of one {what} (default: what follows from the blocks, as ever)")
    lag = kinds.add_parser("lag", help="be behind the chain")
    lag.add_argument("blocks", type=number(0, 10_000), help="how many blocks; 0: not behind")
    options = parser.parse_args(arguments)
    match options.kind:
        case "reorg":
            method, params = "anvil_reorg", [{"depth": options.depth}, [], options.lose]
        case "drop":
            method, params = ("anvil_dropTransaction", [options.hash]) if options.hash else ("anvil_dropAllTransactions", [])
        case "hold" | "go":
            method, params = "evm_setAutomine", [options.kind == "go"]
        case "answer":
            method, params = "memex_setFault", [None if options.how == "well" else options.how, options.requests]
        case "prune":
            method, params = "memex_pruneBlobs", []
        case "beacon":
            method, params = "memex_setOldBeacon", [options.age == "old"]
        case "base-fee" | "blob-fee":
            method, params = "memex_setBaseFee" if options.kind == "base-fee" else "memex_setBlobBaseFee", [options.wei]
        case "lag":
            method, params = "memex_setLag", [options.blocks]
    try:
        print(json.dumps(Client(options.url).request(method, *params)))
    except (OSError, ValueError, http.client.HTTPException, RpcFailure) as error:
        sys.exit(f"devnet: error: {options.url}: {error}")


def fund(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="Deploy/devnet fund",
        description="Gives ether of a running devnet's first account, and with --deployment test tokens, to addresses or owners of key files.",
    )
    parser.add_argument("who", nargs="+", type=address, help="an address, or a key file as `memex keys new` writes it")
    parser.add_argument("--deployment", type=pathlib.Path, help="deployment file: mints every test token of it, too")
    parser.add_argument("--ether", type=number(0, 10_000), default=100, help="how much ether (default 100)")
    parser.add_argument("--tokens", type=number(0, 10**15), default=10**9, help="how much of each test token (default 1000000000)")
    parser.add_argument("--url", default="http://127.0.0.1:8545", help="of the devnet (default http://127.0.0.1:8545)")
    options = parser.parse_args(arguments)
    try:
        tokens = json.loads(options.deployment.read_text())["tokens"] if options.deployment else []
        tokens = [token for token in tokens if int(token["address"], 16)]  # ETH is no contract
    except (OSError, ValueError, LookupError, TypeError) as error:
        sys.exit(f"devnet: error: {options.deployment} is no deployment file: {error}")
    try:
        sender = Sender(Client(options.url), dev_keys(1)[0][1])
        sent = []
        for who in options.who:
            sent.append(sender.send(who, b"", 100_000, value=options.ether * 10**18))
            for token in tokens:
                units = options.tokens * 10 ** (token["decimals"] + token["unitExponent"])
                sent.append(sender.send(token["address"], encode_call("mint(address,uint256)", who, units), 120_000))
        for hash in sent:
            sender.client.wait(hash)
    except (OSError, ValueError, RuntimeError, http.client.HTTPException, RpcFailure) as error:
        sys.exit(f"devnet: error: {options.url}: {error}")
    given = [f"{options.ether} ETH"] + [f"{options.tokens} {token['symbol']}" for token in tokens]
    for who in options.who:
        print(f"{who} has got {', '.join(given)}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["fund"]:
        fund(sys.argv[2:])
    elif sys.argv[1:2] == ["fault"]:
        fault(sys.argv[2:])
    elif sys.argv[1:2] == ["time"]:
        move_time(sys.argv[2:])
    else:
        run(sys.argv[1:])
