"""Each exit code is reached by a real cause."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.calling import Cli, memory

SERVER = """
from http.server import HTTPServer, SimpleHTTPRequestHandler
HTTPServer(("127.0.0.1", {port}), SimpleHTTPRequestHandler).serve_forever()
"""


def test_0_the_system_held(squall: Cli) -> None:
    said = squall("run", squall.write(memory("{type: podFailure, duration: 200ms}")))
    assert said.code == 0, said.err
    assert said.out.startswith("HELD")


def test_1_a_weakness_was_found(squall: Cli, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER.format(port=port)], cwd=tmp_path, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for_port(port)
        said = squall("run", squall.write(PAUSED_SERVER.format(pid=server.pid, port=port)), "-o", "json")
    finally:
        server.kill()
        server.wait()
    assert said.code == 1, said.err
    assert said.data["weaknesses"][0]["text"] == "nobody stands in for the server"


PAUSED_SERVER = """\
apiVersion: chaos.example.com/v1
kind: ChaosExperiment
metadata: {{name: paused-server}}
spec:
  target: {{platform: host, refs: [pid/{pid}]}}
  steadyState:
    - name: answers
      probe: {{http: {{url: "http://127.0.0.1:{port}/", timeout: 500ms}}}}
      expect: {{successRate: ">= 99%"}}
      during: true
      reveals: nobody stands in for the server
  action: {{type: processPause, duration: 2s}}
  success: {{recoverWithin: 30s}}
"""


def test_2_the_document_is_wrong(squall: Cli) -> None:
    said = squall("run", squall.write(memory("{type: podFailure, duraton: 1s}")))
    assert said.code == 2
    assert "experiment.yaml:10: spec.action.duraton: unknown key" in said.err
    assert "hint: did you mean 'duration'?" in said.err


def test_2_the_call_is_wrong(squall: Cli) -> None:
    said = squall("rnu")
    assert said.code == 2
    assert "did you mean 'run'?" in said.err


def test_3_a_selection_of_nothing_is_refused_with_a_hint(squall: Cli) -> None:
    document = memory("{type: podFailure, duration: 1s}").replace("app: demo", "app: dmeo")
    for command in ("plan", "run"):
        said = squall(command, squall.write(document))
        assert said.code == 3
        assert "selects nothing: no target matches app=dmeo" in said.err
        assert "hint: there are: app=demo (default)" in said.err


def test_3_the_second_of_two_runs_that_claim_the_same_slot_is_refused(squall: Cli) -> None:
    path = squall.write(memory("{type: networkLatency, latency: 1s, duration: 60s}", mode="all"))
    first = squall.start("run", path)
    wait_for_effect(squall)
    second = squall("run", path)
    assert second.code == 3
    assert "overlap: memory/pod/demo-" in second.err
    first.send_signal(signal.SIGINT)
    assert first.wait(30) == 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_4_a_person_stops_it_and_it_is_restored(squall: Cli, number: signal.Signals) -> None:
    run = squall.start("run", squall.write(memory("{type: podFailure, duration: 60s}")))
    wait_for_effect(squall)
    run.send_signal(number)
    out, _ = run.communicate(timeout=30)
    assert run.returncode == 4
    assert out.startswith("ABORTED")
    assert effects(squall) == {}


def test_4_squall_stop_ends_it_and_waits_until_it_is_restored(squall: Cli) -> None:
    run = squall.start("run", squall.write(memory("{type: podFailure, duration: 60s}")))
    wait_for_effect(squall)
    assert len(squall("status", "-o", "json").data) == 1
    assert squall("stop").code == 0
    assert effects(squall) == {}
    assert run.wait(30) == 4


def test_5_a_fault_that_is_not_felt_is_inconclusive(squall: Cli) -> None:
    squall("doctor")  # makes the world
    squall("plan", squall.write(memory("{type: podFailure, duration: 200ms}")))
    path = squall.home / "memory.json"
    world = json.loads(path.read_text())
    for pod in world["pods"].values():
        pod["immune"] = True
    path.write_text(json.dumps(world))
    said = squall("run", squall.write(memory("{type: podFailure, duration: 200ms}")))
    assert said.code == 5, said.out
    assert "the fault was not felt" in said.out


def test_5_a_run_that_watches_nothing_is_inconclusive(squall: Cli) -> None:
    document = memory("{type: podFailure, duration: 200ms}")
    head, _, tail = document.partition("  steadyState:")
    said = squall("run", squall.write(head + tail[tail.index("  action:") :]))
    assert said.code == 5
    assert "nothing was watched" in said.out


def test_6_what_cannot_be_shown_to_be_restored_is_said_so(squall: Cli) -> None:
    run = squall.start("run", squall.write(memory("{type: podFailure, duration: 1s}")))
    wait_for_effect(squall)
    (squall.home / "memory.json").unlink()
    out, err = run.communicate(timeout=120)
    assert run.returncode == 6, err
    assert out.startswith("NOT RESTORED")
    assert "memory/pod/demo-" in out


def test_70_a_bug_is_one_line_and_the_details_lie_in_a_file(squall: Cli, tmp_path: Path) -> None:
    (tmp_path / "plugin").mkdir()
    (tmp_path / "plugin/broken_fault.py").write_text(BROKEN_FAULT)
    info = tmp_path / "plugin/broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[squall.faults]\nbrokenFault = broken_fault:BrokenFault\n")
    said = squall(
        "plan", squall.write(memory("{type: brokenFault, duration: 1s}")),
        extra={"PYTHONPATH": str(tmp_path / "plugin")},
    )  # fmt: skip
    assert said.code == 70, said.err
    assert "squall: a bug in Squall: ZeroDivisionError" in said.err
    assert "Traceback" not in said.err
    details = Path(said.err.split("details: ")[1].split(";")[0])
    assert "ZeroDivisionError" in details.read_text()
    details.unlink()


BROKEN_FAULT = """
from squall.faults.api import Fault

class BrokenFault(Fault, frozen=True, kw_only=True, tag="brokenFault"):
    def effects(self, target, peers=()):
        return 1 / 0
"""


def effects(squall: Cli) -> dict[str, object]:
    """What lies on the memory world now."""
    try:
        found: dict[str, object] = json.loads((squall.home / "memory.json").read_text())["effects"]
    except FileNotFoundError:
        return {}
    return found


def wait_for_effect(squall: Cli) -> None:
    deadline = time.monotonic() + 30
    while not effects(squall):
        assert time.monotonic() < deadline, "no effect came"
        time.sleep(0.02)


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the server did not come up")
