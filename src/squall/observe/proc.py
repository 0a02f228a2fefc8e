"""The process meter: whether a process is gone or stopped, as /proc says. Source: proc(5), fields 3 and 22 of stat."""

from __future__ import annotations

import asyncio
from pathlib import Path

from squall.observe.api import DoseResult
from squall.observe.question import BASELINE_S
from squall.targets.api import Break, Freeze, Kill

INTERVAL_S = 0.05
_GONE = ("Z", "X", "")
_STOPPED = ("T", "t")


def look(pid: int) -> tuple[str, str]:
    """State letter and start time (ticks since boot) of a process; both empty where there is none."""
    try:
        rest = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return "", ""
    return rest[0], rest[19]


class ProcessMeter:
    """Samples one pid 20 times a second. A pid that another process has taken since counts as gone.

    A replacement under another pid is not seen here: the readings and `look` are for that.
    """

    def __init__(self, pid: int, effect: Kill | Freeze | Break) -> None:
        self._pid = pid
        self._effect = effect
        self._started = look(pid)[1]
        self._before: list[bool] = []
        self._during: list[bool] = []
        self._task: asyncio.Task[None] | None = None

    async def sample_baseline(self, seconds: float = BASELINE_S) -> None:
        """Look ten times at most within `seconds`."""
        self._started = look(self._pid)[1]
        for _ in range(10):
            self._before.append(self._hurt())
            await asyncio.sleep(min(seconds, 1.0) / 10)

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.get_running_loop().create_task(self._sample())

    async def stop(self) -> None:
        """Look a last time."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._during.append(self._hurt())

    def result(self, step: str, target: str) -> DoseResult:
        """The share of looks at which the process was gone (stopped, for a freeze); for a kill the last look."""
        during = self._during[-1:] if isinstance(self._effect, Kill) else self._during
        n = len(during)
        measured = sum(during) / n if n else None
        fresh = bool(self._started) and not any(self._before)
        felt = fresh and measured is not None and measured >= 0.5
        note = "" if fresh else f"pid {self._pid} was not running before the fault"
        return DoseResult(
            step=step, target=target, quantity="stopped" if isinstance(self._effect, Freeze) else "gone",
            unit="share", asked=1.0, measured=measured, spread=None, control=None, n=len(self._during), felt=felt,
            note=note,
        )  # fmt: skip

    def _hurt(self) -> bool:
        state, started = look(self._pid)
        gone = state in _GONE or started != self._started
        return not gone and state in _STOPPED if isinstance(self._effect, Freeze) else gone

    async def _sample(self) -> None:
        while True:
            self._during.append(self._hurt())
            await asyncio.sleep(INTERVAL_S)
