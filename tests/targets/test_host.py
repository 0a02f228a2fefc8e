"""Killing and freezing on this machine: exactly the process that was named, never a later one with its pid."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from squall._kit import proc
from squall._kit.errors import Conflict, InvalidCall, Refused, TargetNotFound
from squall.targets.api import Clean, Freeze, Kill, Lease, Lost, Mark, Present, Settings, Slot, Target
from squall.targets.host.base import send
from squall.targets.host.freeze import HostFreeze
from squall.targets.host.inspect import HostInspector
from squall.targets.host.inventory import HostPlatform
from squall.targets.host.kill import HostKill

T = TypeVar("T")
Sleeper = subprocess.Popen[bytes]
MARK, LEASE = Mark("run", "step", 0), Lease(60.0, 1e12)


def now(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def target(place: Settings, pid: int) -> Target:
    return next(found for found in now(HostPlatform(place).snapshot([])).targets if found.facts["pid"] == str(pid))


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def reaches(pid: int, letters: str) -> bool:
    deadline = time.monotonic() + 2
    while state_of(pid) not in letters:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def test_a_frozen_process_stands_still_and_goes_on(place: Settings, sleeper: Sleeper) -> None:
    driver, ref = HostFreeze(place), f"pid/{sleeper.pid}"
    undo = now(driver.capture(ref, Freeze()))
    now(driver.apply(ref, Freeze(), undo, MARK, LEASE))
    assert reaches(sleeper.pid, "T")
    assert isinstance(now(driver.look(ref, undo, MARK)), Present)
    now(driver.restore(ref, undo, MARK))
    assert reaches(sleeper.pid, "SR")
    assert now(driver.look(ref, undo, MARK)) == Clean()


def test_a_process_that_stood_still_before_is_somebody_elses(place: Settings, sleeper: Sleeper) -> None:
    sleeper.send_signal(signal.SIGSTOP)
    assert reaches(sleeper.pid, "T")
    with pytest.raises(Conflict, match="stands still already"):
        now(HostFreeze(place).capture(f"pid/{sleeper.pid}", Freeze()))


def test_a_later_process_with_the_same_pid_is_never_signalled(place: Settings, sleeper: Sleeper) -> None:
    pid, ticks, boot = proc.uid(sleeper.pid).split(":")
    reused = f"{pid}:{int(ticks) - 1}:{boot}"
    freeze, kill, ref = HostFreeze(place), HostKill(place), f"pid/{sleeper.pid}"
    frozen = msgspec.structs.replace(now(freeze.capture(ref, Freeze())), process=reused)
    killed = msgspec.structs.replace(now(kill.capture(ref, Kill())), lost=reused)
    with pytest.raises(TargetNotFound, match="has ended"):
        now(freeze.apply(ref, Freeze(), frozen, MARK, LEASE))
    now(kill.apply(ref, Kill(), killed, MARK, LEASE))
    now(kill.apply(ref, Kill(grace_s=0.1), killed, MARK, LEASE))
    sleeper.send_signal(signal.SIGSTOP)
    assert reaches(sleeper.pid, "T")
    now(freeze.restore(ref, frozen, MARK))
    time.sleep(0.1)
    assert state_of(sleeper.pid) == "T"
    assert now(freeze.look(ref, frozen, MARK)) == Clean("the process has ended")


def test_a_killed_process_is_gone_and_its_heir_is_the_one_with_its_command_line(place: Settings) -> None:
    argv = ["sleep", "599.25"]
    first, driver = subprocess.Popen(argv), HostKill(place)
    undo = now(driver.capture(f"pid/{first.pid}", Kill()))
    now(driver.apply(f"pid/{first.pid}", Kill(), undo, MARK, LEASE))
    assert first.wait(timeout=5) == -signal.SIGKILL
    assert isinstance(now(driver.look("", undo, MARK)), Present)
    heir = subprocess.Popen(argv)
    try:
        assert reaches(heir.pid, "S")
        assert now(driver.look("", undo, MARK)) == Clean(f"process {heir.pid} has taken the place of {first.pid}")
    finally:
        heir.kill()
        heir.wait()


def test_a_process_is_asked_to_end_before_it_is_made_to(place: Settings) -> None:
    script = "import signal,sys,time; signal.signal(15, lambda *_: sys.exit(7)); print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as polite:
        assert polite.stdout
        polite.stdout.readline()
        driver, ref = HostKill(place), f"pid/{polite.pid}"
        undo = now(driver.capture(ref, Kill(grace_s=10.0, expect_restart=False)))
        now(driver.apply(ref, Kill(grace_s=10.0), undo, MARK, LEASE))
        assert polite.wait(timeout=5) == 7
    assert now(driver.look(ref, undo, MARK)) == Clean("it has ended, and nobody restarts it")


def test_a_process_that_will_not_end_is_made_to_after_its_grace(place: Settings) -> None:
    script = "import signal,time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as stubborn:
        assert stubborn.stdout
        stubborn.stdout.readline()
        driver, ref = HostKill(place), f"pid/{stubborn.pid}"
        undo = now(driver.capture(ref, Kill()))
        now(driver.apply(ref, Kill(grace_s=0.2), undo, MARK, LEASE))
        assert stubborn.wait(timeout=5) == -signal.SIGKILL


def test_a_process_that_goes_on_by_itself_or_ends_is_lost(place: Settings, sleeper: Sleeper) -> None:
    driver, ref = HostFreeze(place), f"pid/{sleeper.pid}"
    undo = now(driver.capture(ref, Freeze()))
    assert isinstance(now(driver.renew(ref, undo, MARK, LEASE)), Lost)
    sleeper.kill()
    sleeper.wait()
    assert now(driver.renew(ref, undo, MARK, LEASE)) == Lost("the process has ended")
    assert now(driver.look(ref, undo, MARK)) == Clean("the process has ended")
    with pytest.raises(TargetNotFound):
        now(driver.capture(ref, Freeze()))


def test_the_inspector_tells_the_same_process_from_a_later_one(sleeper: Sleeper) -> None:
    uid = proc.uid(sleeper.pid)
    pid, ticks, boot = uid.split(":")
    same = Slot(f"host/process/{uid}")
    others = [Slot(f"host/process/{pid}:1:{boot}"), Slot(f"host/process/{pid}:{ticks}:0another")]
    read = now(HostInspector().read([same, *others]))
    assert read[same] == {"uid": uid, "stopped": False}
    assert all(read[other] == {"uid": "", "stopped": False} for other in others)


def test_the_snapshot_leaves_out_squall_itself_and_what_it_stands_on(place: Settings, sleeper: Sleeper) -> None:
    world = now(HostPlatform(place).snapshot([f"pid/{sleeper.pid}"]))
    pids = {int(found.facts["pid"]) for found in world.targets}
    assert sleeper.pid in pids
    assert pids.isdisjoint({1, 2, os.getpid(), os.getppid()})


@pytest.mark.parametrize("ref", ["pod/x", "pid/x", "pid/", "pid/-1"])
def test_a_ref_that_names_no_process_is_a_wrong_call(place: Settings, ref: str) -> None:
    with pytest.raises(InvalidCall, match="names nothing on a host"):
        now(HostPlatform(place).snapshot([ref]))


def test_a_ref_to_a_process_that_is_gone_is_not_found(place: Settings) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    with pytest.raises(TargetNotFound, match="there is no such process"):
        now(HostPlatform(place).snapshot([f"pid/{gone.pid}"]))


def test_another_users_process_is_refused_in_the_plan(place: Settings, sleeper: Sleeper) -> None:
    mine = target(place, sleeper.pid)
    theirs = msgspec.structs.replace(mine, facts={**mine.facts, "foreign": "yes"})
    assert HostFreeze(place).refuses(mine, Freeze()) is None
    assert HostFreeze(place).refuses(theirs, Freeze()) == f"pid/{sleeper.pid} belongs to another user"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_a_signal_that_the_kernel_forbids_is_refused_in_words(sleeper: Sleeper) -> None:
    uid, child = proc.uid(sleeper.pid), os.fork()
    if child == 0:
        os.setuid(65534)
        try:
            send(uid, signal.SIGSTOP)
        except Refused:
            os._exit(3)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    assert state_of(sleeper.pid) != "T"
