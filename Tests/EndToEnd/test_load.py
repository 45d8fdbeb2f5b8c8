"""memex-load: the load harness on small inputs. What it counts must add up; how fast anything is does not matter here."""

import json
import pathlib
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

PROGRAM = pathlib.Path(__file__).parents[2] / ".build" / "release" / "memex-load"


def load(*arguments: str, status: int = 0) -> str:
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert done.returncode == status, done.stderr + done.stdout
    return done.stdout


def start_node(data, *options: str) -> tuple[subprocess.Popen, list[str]]:
    """A node of memex-load's own in another process, and arguments that reach it."""
    process = subprocess.Popen([PROGRAM, "node", "--with-parent", "--data", data, "--accounts", "8", *options], stdout=subprocess.PIPE, text=True)
    ready = json.loads(process.stdout.readline())
    assert ready["event"] == "ready"
    trust = ["--ca", ready["certificate"]] if ready["address"].startswith("wss://") else []
    return process, ["--url", ready["address"], "--keys", ready["keys"], *trust]


@pytest.fixture(params=["wss", "ws"])
def node(request, tmp_path):
    process, arguments = start_node(tmp_path / "node", *(["--insecure-ws"] if request.param == "ws" else []))
    try:
        assert arguments[1].startswith(request.param + "://")
        yield arguments
    finally:
        process.terminate()
        assert process.wait(timeout=60) == 0


def test_commands_are_counted_one_by_one(node, tmp_path):
    result = tmp_path / "load.json"
    arguments = [*node, "--quiet", "--batch", 5, "--mix", "place:50,cancel:30,modify:20", "--rate", 1000, "--seconds", 1, "--connections", 3]
    load(*arguments, "--json", result)
    figures = json.loads(result.read_text())
    assert figures["sent"] == figures["acked"] == 1000 and figures["lost"] == figures["rejected"] == 0
    assert figures["placed"] + figures["cancelled"] + figures["modified"] + figures["cancelsTooLate"] == 1000
    assert min(figures["placed"], figures["cancelled"], figures["modified"], figures["filledLots"]) > 0
    assert figures["ackMicroseconds"]["count"] == 200 and 0 < figures["marketDataMicroseconds"]["count"] <= 200
    for times in (figures["ackMicroseconds"], figures["marketDataMicroseconds"]):
        assert 0 < times["p50"] <= times["p99"] <= times["p999"] <= times["max"] * 1.001
    assert figures["verifyPerSecondReference"] > 100 and figures["offeredPerSecond"] == pytest.approx(1000)
    # A second run on the same accounts goes on, although it is sooner than the first one's nonces.
    assert "1.00" in load(*arguments, "--compare", result)


def test_the_crowd_does_not_disturb_what_is_counted(node, tmp_path):
    result = tmp_path / "load.json"
    crowd = ["--subscribers", 20, "--slow-readers", 2, "--idle", 3]
    load(*node, "--quiet", "--rate", 300, "--seconds", 2, *crowd, "--json", result)
    figures = json.loads(result.read_text())
    assert figures["acked"] == 600 and figures["lost"] == figures["rejected"] == figures["connectionsClosed"] == 0
    assert figures["crowd"]["messages"] > 20 and figures["crowd"]["bookGaps"] == figures["crowd"]["subscribersDropped"] == 0


def test_attackers_of_all_kinds_lose(node, tmp_path):
    result = tmp_path / "load.json"
    load(*node, "--quiet", "--rate", 300, "--seconds", 3, "--attack", "standard", "--attack-pace", 0.5, "--json", result)
    figures = json.loads(result.read_text())
    assert figures["acked"] == 900 and figures["lost"] == figures["rejected"] == figures["connectionsClosed"] == 0
    kinds = figures["attack"]["kinds"]
    # Without TLS there is nothing to begin and not to end, and nothing to send garbage behind.
    assert len(kinds) == (9 if "--ca" in node else 6) and all(kind["connects"] >= kind["connections"] > 0 for kind in kinds.values())
    assert kinds["garbage-frames"]["ends"]["1002"] > 0 and figures["attack"]["badSignatures"] > 0
    assert kinds["bad-signatures"]["refusals"] > 0 and min(kinds[kind]["bytes"] for kind in ("slow-heads", "slow-frames", "pings")) > 0


def test_recorded_flow_is_sent(node, tmp_path):
    recording = tmp_path / "flow.csv"
    lines = [f"1.0,1,{number},10,{5800000 + number % 7 * 100},{1 if number % 2 else -1}" for number in range(1, 41)]
    lines += [f"2.0,3,{number},10,{5800000 + number % 7 * 100},{1 if number % 2 else -1}" for number in range(1, 21)]
    recording.write_text("\n".join(lines) + "\n")
    result = tmp_path / "load.json"
    load(*node, "--quiet", "--replay", recording, "--rate", 100, "--seconds", 1, "--json", result)
    figures = json.loads(result.read_text())
    assert figures["acked"] == figures["sent"] == 100 and figures["placed"] > 30 and figures["cancelled"] > 0 and figures["lost"] == figures["rejected"] == 0


@pytest.mark.parametrize("options", [[], ["--insecure-ws"]])
def test_a_killed_node_is_a_result(tmp_path, options):
    result = tmp_path / "load.json"
    process, arguments = start_node(tmp_path / "node", *options)
    command = [PROGRAM, *arguments, "--rate", "5000", "--seconds", "2", "--connections", "4", "--subscribers", "20", "--json", result]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert any("sending" in line for line in running.stderr)
        process.kill()
        assert running.wait(timeout=60) == 1
    process.wait(timeout=60)
    figures = json.loads(result.read_text())
    assert figures["connectionsClosed"] == 4 and figures["lost"] > 0 and figures["sent"] == figures["acked"] + figures["lost"]


def test_a_sweep_is_plotted(tmp_path):
    result, plot = tmp_path / "sweep.json", tmp_path / "sweep.svg"
    load("sweep", "--local", "--accounts", 4, "--quiet", "--rates", "100,200", "--seconds", 0.5, "--bound", 5000, "--json", result, "--plot", plot)
    figures = json.loads(result.read_text())
    assert [point["offeredPerSecond"] for point in figures["points"]] == pytest.approx([100, 200])
    drawing = ElementTree.parse(plot).getroot()
    assert len([element for element in drawing if element.tag.endswith("circle")]) == 6


def test_the_standard_set_loses_nothing(tmp_path):
    result = tmp_path / "run.json"
    table = load("run", "--quiet", "--seconds", 0.4, "--kills", 3, "--subscribers", 20, "--json", result)
    figures = json.loads(result.read_text())
    kills = figures["kills"]
    assert kills["kills"] == 3 and kills["acknowledged"] > 0 and kills["streamMessages"] > 0
    assert (kills["missing"], kills["twice"], kills["streamFaults"]) == (0, 0, 0)
    # Answers are kept as a convenience; two may want the same place.
    assert kills["answersForgotten"] <= kills["acknowledged"] / 50
    assert {"unloaded", "half the knee", "20 subscribers", "under attack", "durability fsync"} <= figures["scenarios"].keys()
    assert all(scenario["lost"] == scenario["rejected"] == 0 for scenario in figures["scenarios"].values())
    assert all(goal["name"] in table for goal in figures["goals"]) and len(figures["goals"]) >= 9


def test_mistakes_are_explained(tmp_path):
    (tmp_path / "empty.csv").write_text("1.0,1,1,10,100,1\n")
    for arguments, words in [
        ([], "Give either --url or --local"), (["--local", "--mix", "place"], "--mix wants"), (["--local", "--batch", "600"], "1...512"),
        (["--url", "wss://127.0.0.1:1", "--keys", "/nowhere"], "/nowhere"),
        (["--local", "--attack", "pings"], "--attack wants"),
        (["--local", "--accounts", "4", "--replay", tmp_path / "empty.csv"], "no order"),
    ]:
        done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60)
        assert done.returncode not in (0, -11) and words in done.stderr, done.stderr
