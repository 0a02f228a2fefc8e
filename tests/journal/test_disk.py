"""A journal that cannot be written: no fault starts without a durable intent, and one that runs is put back."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from squall.journal.file import read
from tests.run.workbench import document

ROOT = Path(__file__).resolve().parents[2]
APPENDS = ("Header", "Before", "INTENDED", "APPLIED", "RESTORED", "Closed")
EARLY = APPENDS[:3]
"""Before these are durable nothing may be touched."""
CASES = [
    ("enospc", "Header"),  # later entries are small enough for the last page that the file has already
    *(("efbig", append) for append in APPENDS),
    *((sickness, append) for sickness in ("eio", "short", "fsync") for append in ("INTENDED", "APPLIED", "RESTORED")),
]


class End(NamedTuple):
    """What became of one run."""

    code: int
    err: str
    was_stopped: bool
    is_stopped: bool
    home: Path


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small file system that can really be full."""
    folder = tmp_path_factory.mktemp("disk")
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True
        ).returncode
    )
    if not mounted:
        pytest.skip("a file system can only be mounted by root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def run(home: Path, sickness: str, append: str) -> End:
    """`squall run` of a pause of one process of ours, with a sick disk."""
    home.mkdir()
    target = subprocess.Popen(["sleep", "600"])
    try:
        text = document({"platform": "host", "refs": [f"pid/{target.pid}"]},
                        {"type": "processPause", "duration": "300ms"})  # fmt: skip
        (home / "experiment.yaml").write_text(text)
        done = subprocess.run(
            [sys.executable, "-m", "tests.journal.sick", sickness, append, "run", str(home / "experiment.yaml")],
            env={**os.environ, **_environment(home)}, cwd=ROOT, capture_output=True, text=True, timeout=100,
        )  # fmt: skip
        _await_watchdog(home)
        news = os.waitid(os.P_PID, target.pid, os.WSTOPPED | os.WCONTINUED | os.WNOHANG)
        state = Path(f"/proc/{target.pid}/stat").read_text().rpartition(")")[2].split()[0]
        return End(done.returncode, done.stderr, news is not None, state in "Tt", home)
    finally:
        target.kill()
        target.wait()


def _environment(home: Path) -> dict[str, str]:
    return {"SQUALL_HOME": str(home), "PYTHONPATH": str(ROOT), "TMPDIR": str(home.parent.parent)}


def _await_watchdog(home: Path) -> None:
    deadline = time.monotonic() + 30
    while any(str(home).encode() in _cmdline(entry) for entry in Path("/proc").glob("[0-9]*")):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _cmdline(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:
        return b""


@pytest.fixture(scope="module")
def ends(disk: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], End]:
    """All cases; a disk that is really full is one at a time, the others run beside it."""
    elsewhere = tmp_path_factory.mktemp("sick")
    lone = [case for case in CASES if case[0] == "enospc"]
    rest = [case for case in CASES if case not in lone]

    def at(folder: Path, case: tuple[str, str]) -> End:
        return run(folder / "-".join(case), *case)

    with ThreadPoolExecutor(3) as pool:
        others = {case: pool.submit(at, elsewhere, case) for case in rest}
        full = {case: at(disk, case) for case in lone}
        return {**full, **{case: future.result() for case, future in others.items()}}


EVERY = pytest.mark.parametrize("case", CASES, ids="-".join)


@EVERY
def test_nothing_is_touched_before_its_intent_is_durable_and_what_was_is_put_back(
    ends: dict[tuple[str, str], End], case: tuple[str, str]
) -> None:
    end = ends[case]
    assert "append of " + case[1] + " failed" in end.err
    assert not end.is_stopped
    assert not (end.was_stopped and case[1] in EARLY)


@EVERY
def test_the_exit_code_says_what_happened_and_nobody_sees_a_traceback(
    ends: dict[tuple[str, str], End], case: tuple[str, str]
) -> None:
    end = ends[case]
    assert end.code == (3 if case[1] in EARLY else 5), end.err  # 5: nothing was watched, or it did not go as planned
    assert "Traceback" not in end.err, end.err
    assert "a bug in Squall" not in end.err


@EVERY
def test_the_journal_stays_readable_and_the_watchdog_leaves_nothing_unsettled(
    ends: dict[tuple[str, str], End], case: tuple[str, str]
) -> None:
    for path in ends[case].home.glob("runs/*/journal"):
        contents = read(path)
        assert contents.damages == ()
        assert [entry for entry in contents.entries if getattr(entry, "state", "") == "INTENDED"] or case[1] in EARLY


def test_a_disk_that_stays_full_keeps_nobody_hurt(disk: Path) -> None:
    end = run(disk / "stays", "stays-full", "APPLIED")
    (disk / "stays" / "filler").unlink()
    assert end.was_stopped
    assert not end.is_stopped


def test_a_disk_that_stays_full_is_no_bug_of_ours(disk: Path) -> None:
    end = run(disk / "full", "stays-full", "APPLIED")
    (disk / "full" / "filler").unlink()
    assert end.code == 5, end.err


def test_without_a_watchdog_nothing_is_touched(tmp_path: Path) -> None:
    end = run(tmp_path / "home", "no-watchdog", "")
    assert (end.code, end.was_stopped) == (3, False)
    assert "the watchdog does not come up; nothing was touched" in end.err
