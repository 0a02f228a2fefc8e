"""What every measurement stands on: a folder of its own, a quiet environment, interleaved rounds, bounded processes."""

from __future__ import annotations

import ctypes
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

PROCESS_S_MAX = 180.0
END_S = 5.0
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


class Ground(NamedTuple):
    """Where to measure. `rounds` interleaved rounds, each giving one figure for each side."""

    folder: Path
    rounds: int
    bulk_bytes: int
    say: Callable[[str], None]

    def environment(self, home: Path | None = None) -> dict[str, str]:
        """As a user's: byte code is cached, in our own folder; no state of this machine is read or written."""
        own = {"SQUALL_HOME": str(home or self.folder / "home"), "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SQUALL", "CHAOS"))}
        path = os.pathsep.join((str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin"))
        return {**kept, **own, "PATH": path, "PYTHONPYCACHEPREFIX": str(self.folder / "bytecode")}


class Spent(NamedTuple):
    """What one process took. `cpu_s` counts what it has waited for, not what outlives it."""

    wall_s: float
    cpu_s: float
    code: int


def program(name: str) -> Path:
    """A command of this virtual environment."""
    return Path(sys.executable).with_name(name)


def run(argv: Sequence[str], ground: Ground, home: Path | None = None) -> Spent:
    """A fresh process from start to end. Its output goes to `out.txt` in the ground's folder."""
    with (ground.folder / "out.txt").open("wb") as out:
        began = time.perf_counter()
        process = subprocess.Popen(
            argv, cwd=ground.folder, env=ground.environment(home), stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
        timer = _killed_after(process)
        try:
            _, status, usage = os.wait4(process.pid, 0)
        finally:
            timer.cancel()
        wall_s = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    return Spent(wall_s, usage.ru_utime + usage.ru_stime, process.returncode)


def _killed_after(process: subprocess.Popen[bytes]) -> threading.Timer:
    timer = threading.Timer(PROCESS_S_MAX, lambda: os.kill(process.pid, signal.SIGKILL))
    timer.daemon = True
    timer.start()
    return timer


def must(spent: Spent, ground: Ground, codes: Sequence[int] = (0,)) -> Spent:
    """The same, where it ended well; else an error with the end of what it said."""
    if spent.code not in codes:
        text = (ground.folder / "out.txt").read_text(errors="replace")[-800:]
        raise RuntimeError(f"ended with {spent.code}: {text}")
    return spent


def interleaved(rounds: int, sides: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """A B, B A, A B ...: each round asks every side once, in turning order, so that drift hits all alike."""
    figures: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        names = list(sides) if number % 2 == 0 else list(sides)[::-1]
        for name in names:
            figures[name].append(sides[name]())
    return figures


def median(figures: Sequence[float]) -> float:
    """The middle."""
    return statistics.median(figures)


@contextmanager
def running(argv: Sequence[str], **more: object) -> Iterator[subprocess.Popen[bytes]]:
    """A process for the length of a block; it dies with us however we end."""
    process = subprocess.Popen(argv, preexec_fn=_die_with_parent, **more)  # type: ignore[call-overload]  # noqa: PLW1509
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in filter(None, (process.stdin, process.stdout)):
            pipe.close()


def _die_with_parent() -> None:
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
