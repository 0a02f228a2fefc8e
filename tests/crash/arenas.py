"""Where a run is killed: a fresh home with one target each, and the oracle that says what is still hurt there."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from squall import lab as lab_api
from tests.crash import oracle

LEASE = "20s"
"""Long, so that nothing heals by lapse: what is gone within two seconds was put back by somebody."""

NETWORK: dict[str, dict[str, Any]] = {
    "networkPartition": {},
    "networkLatency": {"latency": "8s", "direction": "both"},
    "networkLoss": {"loss": "100%", "direction": "both"},
    "networkCorruption": {"corrupt": "100%", "direction": "both"},
    "networkBandwidth": {"rate": "8bit", "direction": "both"},
    "connectionReset": {},
}
ACTIONS: dict[str, dict[str, Any]] = {
    "noop": {},
    "podKill": {},
    "podFailure": {"duration": "300ms"},
    "processKill": {"expectRestart": False},
    "processPause": {"duration": "300ms"},
    **{name: {"duration": "300ms", **settings} for name, settings in NETWORK.items()},
}
TOPOLOGY = """
namespaces:
  demo:
    labels: {chaos-engineering: enabled}
    services:
      left: {kind: echo, replicas: 9}
      right: {kind: echo, replicas: 9}
"""


_COUNT = itertools.count()


class Case(NamedTuple):
    """One fault on one platform."""

    platform: str
    fault: str

    def __str__(self) -> str:
        return f"{self.platform}-{self.fault}"


HOST = ("noop", "podKill", "processKill", "processPause")
CASES = (
    *(Case("memory", fault) for fault in ACTIONS),
    *(Case("host", fault) for fault in HOST),
    *(Case("lab", fault) for fault in ACTIONS),
)


class Arena(Protocol):
    """One home with one target."""

    home: Path
    document: Path

    def harm(self) -> list[str]:
        """What is hurt now."""
        ...

    def remains(self) -> list[str]:
        """What is hurt, or does not work as it did before."""
        ...


class _Arena:
    def __init__(self, home: Path, case: Case, target: dict[str, Any]) -> None:
        self.home = home
        self.document = home / "experiment.yaml"
        home.mkdir(parents=True)
        action = {"type": case.fault, **ACTIONS[case.fault]}
        spec = {
            "target": {"platform": case.platform, "mode": "all", **target}, "action": action,
            "safety": {"lease": LEASE, "preflight": []}, "success": {"recoverWithin": "20s"},
        }  # fmt: skip
        whole = {"apiVersion": "chaos.example.com/v1", "kind": "ChaosExperiment",
                 "metadata": {"name": "crash"}, "spec": spec}  # fmt: skip
        self.document.write_text(json.dumps(whole))


class MemoryArena(_Arena):
    """Pods in a file."""

    def __init__(self, home: Path, case: Case) -> None:
        super().__init__(home, case, {"refs": ["memory/demo-0"]})

    def harm(self) -> list[str]:
        return oracle.memory_effects(self.home / "memory.json")

    def remains(self) -> list[str]:
        return self.harm()


class HostArena(_Arena):
    """One `sleep`, started again by a shell when it ends: its command line is its own."""

    def __init__(self, home: Path, case: Case) -> None:
        loop = f"while :; do sleep {600 + next(_COUNT) / 1000}; done"
        self._shell = subprocess.Popen(["sh", "-c", loop], start_new_session=True, stderr=subprocess.DEVNULL)
        children = Path(f"/proc/{self._shell.pid}/task/{self._shell.pid}/children")
        while not (found := children.read_text().split()) or b"sleep" not in oracle.command_line(int(found[0]))[:5]:
            time.sleep(0.001)
        self._pid = int(found[0])
        super().__init__(home, case, {"refs": [f"pid/{self._pid}"]})

    def harm(self) -> list[str]:
        return [f"process {self._pid} stands still"] if oracle.process_is_stopped(self._pid) else []

    def remains(self) -> list[str]:
        return self.harm()

    def close(self) -> None:
        os.killpg(self._shell.pid, signal.SIGKILL)
        self._shell.wait()


class LabArena(_Arena):
    """One echo service of the shared lab, behind a link of its own."""

    def __init__(self, home: Path, case: Case, state: Path, instance: str) -> None:
        super().__init__(home, case, {"refs": [f"lab/{instance}"]})
        (home / "lab").symlink_to(state)
        self._state = state
        self._instance = instance
        links = oracle.lab_world(state)["links"]
        self._address = next(link["address"] for link in links if link["dst"] == instance)

    def harm(self) -> list[str]:
        return oracle.lab_harm(self._state, self._instance)

    def remains(self) -> list[str]:
        """The echo of a killed instance comes back with its replacement: the lab is given time for that."""
        found = self.harm()
        rows = oracle.lab_world(self._state)["instances"]
        ready = next(row["ready"] for row in rows if row["name"] == self._instance)
        broken = oracle.echo_works(self._address) if ready else ""
        return [*found, *filter(None, [broken])]


class Lab:
    """The shared tiny lab; each instance is one arena's at a time, the longest unused first."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        (folder / "topology.yaml").write_text(TOPOLOGY)
        lab_api.up(self.state, topology=folder / "topology.yaml", load_rps=0)
        self.free: queue.Queue[str] = queue.Queue()
        for row in oracle.lab_world(self.state)["instances"]:
            self.free.put(row["name"])

    def take(self) -> str:
        """An instance that is ready."""
        while True:
            name = self.free.get(timeout=60)
            rows = oracle.lab_world(self.state)["instances"]
            if any(row["name"] == name and row["ready"] for row in rows):
                return name
            self.free.put(name)

    def close(self) -> None:
        lab_api.down(self.state)


@contextlib.contextmanager
def arena(case: Case, home: Path, lab: Lab | None) -> Iterator[Arena]:
    """A home of its own for one life and death, removed afterwards."""
    try:
        if case.platform == "memory":
            yield MemoryArena(home, case)
        elif case.platform == "host":
            with contextlib.closing(HostArena(home, case)) as host:
                yield host
        else:
            assert lab is not None
            instance = lab.take()
            try:
                yield LabArena(home, case, lab.state, instance)
            finally:
                lab.free.put(instance)
    finally:
        shutil.rmtree(home, ignore_errors=True)
