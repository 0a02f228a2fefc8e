"""The `process` probe: how many processes match, as /proc shows them. Source: proc(5)."""

from __future__ import annotations

import os
from pathlib import Path

from squall._kit.clock import boottime
from squall.observe.api import Probe, ProbeKind, Reading, Surroundings

_PROC = Path("/proc")
_NAME_MAX = 15
"""The kernel keeps this many characters of a process's name (TASK_COMM_LEN - 1)."""


class Process(ProbeKind, frozen=True, kw_only=True, tag="process"):
    """Settings: the exact `name`, the `pid`, a part of the command line; what is given must all match.

    The value is the count of living matches (zombies are not living, Squall's own process is not counted).
    """

    name: str | None = None
    pid: int | None = None
    cmdline: str | None = None

    def __post_init__(self) -> None:
        if not (self.name or self.pid or self.cmdline):
            raise ValueError("a process probe needs name, pid or cmdline")

    def open(self, surroundings: Surroundings) -> Probe:
        """A probe ready to read."""
        return ProcessProbe(self)


class ProcessProbe:
    """Counts in a thread: with many processes a walk through /proc takes milliseconds."""

    def __init__(self, settings: Process) -> None:
        self._settings = settings

    async def read(self, at: float) -> Reading:
        """One count; ok where it is not zero."""
        import asyncio

        count = await asyncio.to_thread(count_processes, self._settings)
        error = None if count else "no such process"
        return Reading(at, count > 0, boottime() - at, float(count), error)

    async def close(self) -> None:
        """Nothing is kept."""


def count_processes(settings: Process) -> int:
    """Living processes that match."""
    if settings.pid is not None:
        pids = [str(settings.pid)]
    else:
        pids = [pid for pid in os.listdir(_PROC) if pid.isdigit() and int(pid) != os.getpid()]  # noqa: PTH208 - names only
    return sum(_matches(settings, _PROC / pid) for pid in pids)


def _matches(settings: Process, folder: Path) -> bool:
    try:
        name, _, rest = (folder / "stat").read_text(errors="replace").partition(" (")[2].rpartition(") ")
        if rest[:1] in ("Z", "X", ""):
            return False
        if settings.name and name != settings.name[:_NAME_MAX]:
            return False
        if settings.cmdline:
            argv = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            return settings.cmdline in argv
    except OSError:  # it ended while we looked
        return False
    return True
