"""A whole exchange on this machine: devnet, contracts, memexd and the tools to talk to it. Used by the demo and the end-to-end test."""

import json
import os
import pathlib
import queue
import signal
import subprocess
import threading
import time

from l1.client import Client

ROOT = pathlib.Path(__file__).resolve().parents[2]


class ToolFailed(Exception):
    """A command of ours ended with an error; carries what it said."""

    def __init__(self, arguments: list[str], code: int, output: str):
        super().__init__(f"`{' '.join(arguments)}` exited with {code}:\n{output.strip()}")
        self.code, self.output = code, output


class Service:
    """A child process whose standard output is read line by line; its standard error goes to a log file."""

    def __init__(self, name: str, arguments: list[str], log: pathlib.Path, environment: dict | None = None):
        self.name, self.log = name, log
        self._error = log.open("ab")
        self.process = subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=self._error, stdin=subprocess.DEVNULL, text=True, env=environment, start_new_session=True
        )
        self.lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def wait_for(self, prefix: str, seconds: float) -> str:
        """The first line that starts with `prefix`."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"{self.name} did not say `{prefix}…` within {seconds:.0f} s; see {self.log}") from None
            if line is None:
                raise RuntimeError(f"{self.name} ended with {self.process.wait()} before it was ready; see {self.log}:\n{self.tail()}")
            if line.startswith(prefix):
                return line

    def tail(self, characters: int = 2000) -> str:
        return self.log.read_text(errors="replace")[-characters:]

    def kill(self):
        """kill -9: no chance to tidy up."""
        self.process.kill()
        self.process.wait()

    def stop(self, seconds: float = 20):
        """SIGTERM, then SIGKILL if it does not end."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self._error.close()


class Exchange:
    """Devnet, contracts and node in one folder. `build` is the folder of the built executables."""

    def __init__(self, folder: pathlib.Path, build: pathlib.Path):
        self.folder, self.build = folder, build
        self.devnet: Service | None = None
        self.node: Service | None = None
        self.url = ""

    # Starting and stopping.

    def start_devnet(self, *options: str):
        self.devnet = Service(
            "devnet", [str(ROOT / "Deploy" / "devnet"), "--port", "0", "--dir", str(self.folder), *options], self.folder / "devnet.log"
        )
        self.devnet.wait_for("devnet ready", 60)
        described = json.loads((self.folder / "devnet.json").read_text())
        self.l1_url = described["url"]
        self.accounts = described["accounts"]
        self.l1 = Client(self.l1_url)

    def deploy(self, *options: str):
        """Deploys with account 0; account 1 is the sequencer, account 2 owns the fees."""
        environment = os.environ | {"MEMEX_DEPLOYER_KEY": self.accounts[0]["privateKey"]}
        arguments = [
            str(ROOT / "Deploy" / "deploy"), "--rpc", self.l1_url, "--sequencer", self.accounts[1]["address"],
            "--fee-account", self.accounts[2]["address"], "--out", str(self.deployment_file), *options,
        ]
        _run(arguments, environment, 120)
        self.deployment = json.loads(self.deployment_file.read_text())
        self.rollup = self.deployment["rollup"]
        self.tokens = {token["symbol"]: token for token in self.deployment["tokens"]}

    @property
    def deployment_file(self) -> pathlib.Path:
        return self.folder / "deployment.json"

    def key_file(self, account: int) -> pathlib.Path:
        """The key of a devnet account as a file that only its owner can read."""
        path = self.folder / f"account-{account}.key"
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                file.write(self.accounts[account]["privateKey"] + "\n")
        return path

    def address(self, account: int) -> str:
        return self.accounts[account]["address"]

    def make_certificate(self):
        self.certificate, self.certificate_key = self.folder / "server.pem", self.folder / "server.key"
        if not self.certificate.exists():
            _run([
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-keyout", str(self.certificate_key), "-out", str(self.certificate),
            ], None, 30)

    def start_node(self, *options: str):
        """Starts memexd, fresh or from what it left behind, and waits until it serves."""
        self.make_certificate()
        self.node = Service("memexd", [
            str(self.build / "memexd"), "run", "--data", str(self.folder / "node"), "--deployment", str(self.deployment_file),
            "--l1", self.l1_url, "--sequencer-key", str(self.key_file(1)), "--listen", "127.0.0.1:0",
            "--certificate", str(self.certificate), "--key", str(self.certificate_key), *options,
        ], self.folder / "memexd.log")
        ready = json.loads(self.node.wait_for('{"', 60))
        self.url = ready["address"].replace("127.0.0.1", "localhost")

    def stop(self):
        for service in (self.node, self.devnet):
            if service is not None:
                service.stop()

    def advance_time(self, seconds: int):
        """Moves the time of the devnet."""
        self.l1.request("evm_increaseTime", seconds)
        self.l1.request("evm_mine")

    # Tools.

    def memex(self, *arguments: str, account: int | None = None, seconds: float = 120):
        """Runs the command line and returns its JSON answer."""
        environment = os.environ | {"MEMEX_DEPLOYMENT": str(self.deployment_file), "MEMEX_L1": self.l1_url, "MEMEX_URL": self.url,
                                    "MEMEX_CA": str(self.certificate)}
        if account is not None:
            environment["MEMEX_KEY"] = str(self.key_file(account))
        output = _run([str(self.build / "memex"), *arguments, "--json"], environment, seconds)
        return json.loads(output) if output.strip() else None

    # L1, asked directly.

    def token_balance(self, symbol: str, owner: str) -> int:
        """What an address holds of a token on L1, in L1 units."""
        token = self.tokens[symbol]["address"]
        if int(token, 16) == 0:
            return self.l1.quantity("eth_getBalance", owner, "latest")
        return self.l1.call(token, "balanceOf(address)", ["uint256"], owner)

    def mint(self, symbol: str, owner: str, units: int):
        """Mints test tokens to an address."""
        from l1.client import encode_call

        self.l1.send(self.accounts[0]["privateKey"], self.tokens[symbol]["address"], encode_call("mint(address,uint256)", owner, units))

    def unit(self, symbol: str) -> int:
        """L1 units in one atom."""
        return 10 ** self.tokens[symbol]["unitExponent"]

    def view(self, signature: str, returns: list[str], *arguments):
        """Calls a view of the rollup contract."""
        return self.l1.call(self.rollup, signature, returns, *arguments)


def _run(arguments: list[str], environment: dict | None, seconds: float) -> str:
    done = subprocess.run(arguments, capture_output=True, text=True, env=environment, timeout=seconds, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise ToolFailed(arguments, done.returncode, done.stderr + done.stdout)
    return done.stdout
