"""An exchange of its own for each transport, without L1: `memex-load node`."""

import dataclasses
import json
import pathlib
import signal
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(pathlib.Path(__file__).parent))


@dataclasses.dataclass
class Node:
    process: subprocess.Popen
    port: int
    certificate: pathlib.Path | None
    host: str = "127.0.0.1"

    @property
    def url(self):
        return f"{'wss' if self.certificate else 'ws'}://localhost:{self.port}/"

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) == 0, "the node ends in order"


def start(folder, *options, encrypted=True) -> Node:
    """Starts a node in `folder` and waits until it serves."""
    program = ROOT / ".build" / "release" / "memex-load"
    assert program.exists(), "build first: swift build -c release"
    command = [str(program), "node", "--data", str(folder), "--with-parent", *options] + ([] if encrypted else ["--insecure-ws"])
    with open(folder / "node.log", "wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    line = process.stdout.readline()
    assert line, (folder / "node.log").read_text()
    ready = json.loads(line)
    return Node(process, ready["port"], pathlib.Path(ready["certificate"]) if encrypted else None)


@pytest.fixture(scope="session", params=["ws", "wss"])
def node(request, tmp_path_factory):
    node = start(tmp_path_factory.mktemp(request.param), encrypted=request.param == "wss")
    yield node
    node.stop()
