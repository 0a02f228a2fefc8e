"""Ctrl-C, a closed terminal, a polite and an impolite end: the run stops, and what it has changed is put back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.calling import Cli
from tests.crash.oracle import process_is_stopped, processes_naming
from tests.run.workbench import document

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
PROMISE_S = 2.0


def eventually(claim: Callable[[], bool], seconds: float) -> float:
    """How long it took until the claim was true."""
    began = time.monotonic()
    while not claim():
        assert time.monotonic() - began < seconds, f"still not so after {seconds} s"
        time.sleep(0.01)
    return time.monotonic() - began


class Patient:
    """One process that a run of `squall` pauses or ends."""

    def __init__(self, folder: Path, action: dict[str, Any], **spec: Any) -> None:
        self.process = subprocess.Popen(["sleep", f"6{time.monotonic_ns() % 10**9}"])
        self.cli = Cli(folder / "home", folder)
        folder.mkdir()
        target = {"platform": "host", "refs": [f"pid/{self.process.pid}"]}
        watched = [{"name": "lives", "probe": {"command": {"argv": ["true"]}}, "expect": {"exitCode": "== 0"},
                    "during": True, "rate": 15}]  # fmt: skip
        spec = {"safety": {"lease": "2s"}, "steadyState": watched, **spec}
        self.run = self.cli.start("run", self.cli.write(document(target, action, **spec)))

    @property
    def stopped(self) -> bool:
        return process_is_stopped(self.process.pid)

    def journal(self) -> str:
        found = list(self.cli.home.glob("runs/*/journal"))
        return found[0].read_text() if found else ""

    def end(self) -> tuple[int, str]:
        _, err = self.run.communicate(timeout=60)
        return self.run.returncode, err

    def close(self) -> None:
        self.cli.end()
        self.process.kill()
        self.process.wait()
        eventually(lambda: not processes_naming(str(self.cli.home)), 40)


PAUSE = {"type": "processPause", "duration": "20s"}
KILL = {"type": "processKill"}


Ward = Callable[..., Patient]


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    """Makes patients, and sees all of them off."""
    made: list[Patient] = []

    def admit(action: dict[str, Any], **spec: Any) -> Patient:
        made.append(Patient(tmp_path / f"{len(made)}", action, **spec))
        return made[-1]

    yield admit
    for patient in made:
        patient.close()


def in_baseline(patient: Patient) -> None:
    eventually(lambda: '"entry":"before"' in patient.journal(), 20)


def in_fault(patient: Patient) -> None:
    eventually(lambda: patient.stopped, 20)


def in_restoring(patient: Patient) -> None:
    """The process has been killed, and its replacement is waited for."""
    eventually(lambda: '"APPLIED"' in patient.journal(), 20)
    time.sleep(0.8)


@pytest.mark.parametrize(
    ("action", "arrive"), [(PAUSE, in_baseline), (PAUSE, in_fault), (KILL, in_restoring)],
    ids=["baseline", "fault", "restoring"],
)  # fmt: skip
def test_every_signal_at_any_time_ends_the_run_with_4_and_everything_restored(
    ward: Ward, action: dict[str, Any], arrive: Callable[[Patient], None]
) -> None:
    patients = {number: ward(action, success={"recoverWithin": "4s"}) for number in SIGNALS}
    for patient in patients.values():
        arrive(patient)
    for number, patient in patients.items():
        patient.run.send_signal(number)
    for number, patient in patients.items():
        code, err = patient.end()
        assert (code, patient.stopped) == (4, False), err
        assert f"signal {number.name}" in err
        assert '"entry":"closed"' in patient.journal()


def test_a_second_ctrl_c_changes_nothing_and_hurries_nobody(ward: Ward) -> None:
    patient = ward(PAUSE)
    in_fault(patient)
    while patient.run.poll() is None:
        patient.run.send_signal(signal.SIGINT)
        time.sleep(0.01)
    code, err = patient.end()
    assert (code, patient.stopped) == (4, False), err
    assert "Traceback" not in err


def test_an_engine_that_is_killed_harms_nobody_two_seconds_later(ward: Ward) -> None:
    patient = ward(PAUSE, safety={"lease": "60s"})
    in_fault(patient)
    patient.run.kill()
    assert eventually(lambda: not patient.stopped, PROMISE_S) <= PROMISE_S
    _assert_shown_as_healed(patient)


def test_a_run_whose_watchdog_is_killed_ends_and_restores(ward: Ward) -> None:
    patient = ward(PAUSE, safety={"lease": "60s"})
    in_fault(patient)
    dogs = [pid for pid in processes_naming(str(patient.cli.home)) if pid != patient.run.pid]
    for dog in dogs:
        os.kill(dog, signal.SIGKILL)
    code, err = patient.end()
    assert (len(dogs), code, patient.stopped) == (1, 4, False), err
    assert "the watchdog is gone" in err


def test_an_engine_that_hangs_harms_nobody_one_lease_and_two_seconds_later(ward: Ward) -> None:
    patient = ward(PAUSE)
    in_fault(patient)
    patient.run.send_signal(signal.SIGSTOP)
    eventually(lambda: not patient.stopped, 2.0 + PROMISE_S)
    assert patient.run.wait(timeout=10) == -signal.SIGKILL
    _assert_shown_as_healed(patient)


def _assert_shown_as_healed(patient: Patient) -> None:
    """`squall runs` and the receipt agree that it was interrupted and restored."""
    eventually(lambda: not processes_naming(str(patient.cli.home / "runs")), 20)
    (row,) = patient.cli("runs", "-o", "json").data
    assert (row["state"], row["outcome"]) == ("restored", "ABORTED")
    assert "interrupted" in row["note"]
    result = json.loads((patient.cli.home / "runs" / row["run"] / "result.json").read_bytes())
    assert {line["kind"] for line in result["receipt"]["lines"]} == {"restored"}
    assert patient.cli("recover").out == "nothing to heal\n"
