"""A driver's undo in another process, and what ends its harm when whoever set it is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from squall.journal.api import Record, State
from squall.targets.api import Clean, EndsBy, Present, Undo
from tests.contract.rigs import Rig, lease, now
from tests.contract.setter import Call
from tests.crash.oracle import processes_naming

pytestmark = pytest.mark.lab
ROOT = Path(__file__).resolve().parents[2]
LATE_S = 2.0
"""The promise: at most one lease and two seconds."""


def record(rig: Rig, undo: Undo) -> Record:
    """What the journal would hold."""
    return Record(
        run=rig.ours.run, step=rig.ours.step, n=rig.ours.n, state=State.APPLIED, boot_id="", at_boot=0.0, at_wall=0.0,
        hand="local", driver=rig.name, ref=rig.ref, effect=msgspec.to_builtins(rig.effect),
        undo=msgspec.to_builtins(undo),
    )  # fmt: skip


def elsewhere(call: Call) -> subprocess.Popen[bytes]:
    """The call, in a process of its own; returns when it says that it is done, or has ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.contract.setter"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdin and process.stdout
    process.stdin.write(msgspec.json.encode(call))
    process.stdin.close()
    process.stdout.readline()
    return process


@contextmanager
def applied_elsewhere(call: Call) -> Iterator[subprocess.Popen[bytes]]:
    process = elsewhere(call)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()
        _await_watchdog(call.home)


def _await_watchdog(home: str) -> None:
    """It ends by itself after whom it watched."""
    deadline = time.monotonic() + 20
    while processes_naming(home + "/runs"):
        assert time.monotonic() < deadline, "the watchdog does not end"
        time.sleep(0.02)


def gone_after(rig: Rig, undo: Undo, seconds: float) -> float:
    """How long until a look is clean, at most so long."""
    began = time.monotonic()
    while not isinstance(rig.look(undo), Clean) and time.monotonic() - began < seconds:
        time.sleep(0.01)
    return time.monotonic() - began


def test_another_process_restores_from_the_record_alone(holding: Rig) -> None:
    undo = holding.capture()
    holding.apply(undo)
    as_read = msgspec.json.decode(msgspec.json.encode(record(holding, undo)), type=Record)
    with applied_elsewhere(Call(do="restore", home=str(holding.home), record=as_read)) as process:
        assert process.wait(timeout=20) == 0
    assert holding.clean_within(undo)


def test_harm_ends_by_itself_with_the_lease_once_its_setter_is_gone(holding: Rig) -> None:
    if holding.driver.ends_by is EndsBy.WATCHDOG:
        return  # it has no end of its own: the next two tests
    undo = holding.capture()
    call = Call(do="apply", home=str(holding.home), record=record(holding, undo), ttl_s=1.0)
    with applied_elsewhere(call) as process:
        assert process.wait(timeout=20) == 0
        assert holding.hurt(undo)
        now(holding.driver.renew(holding.ref, undo, holding.ours, lease(1.0)))
        renewed = time.monotonic()
    time.sleep(0.9)
    assert isinstance(holding.look(undo), Present)
    gone_after(holding, undo, LATE_S + 2)
    assert 0.95 <= time.monotonic() - renewed <= 1.0 + LATE_S


def test_harm_without_a_deadline_of_its_own_is_ended_by_the_watchdog_when_its_setter_is_killed(holding: Rig) -> None:
    undo = holding.capture()
    with applied_elsewhere(Call(do="hold", home=str(holding.home), record=record(holding, undo))) as process:
        assert holding.hurt(undo)
        process.kill()
        assert gone_after(holding, undo, LATE_S + 1) <= LATE_S


def test_a_setter_that_hangs_past_its_promise_is_ended_and_its_harm_too(holding: Rig) -> None:
    undo = holding.capture()
    call = Call(do="hold", home=str(holding.home), record=record(holding, undo), promise_s=1.0)
    with applied_elsewhere(call) as process:
        process.send_signal(signal.SIGSTOP)
        assert holding.hurt(undo)
        assert gone_after(holding, undo, 1.0 + LATE_S + 1) <= 1.0 + LATE_S
        assert process.wait(timeout=5) == -signal.SIGKILL
