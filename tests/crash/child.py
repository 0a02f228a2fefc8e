"""What a forked child does: the real run or the real recovery, with a tick before and after every journal append and
every driver call. At the tick that is named it ends by SIGKILL, as the kernel would end it.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from squall.app import recover as app_recover
from squall.app import run as app_run
from squall.app.load import load
from squall.app.plan import Choice
from squall.journal.api import AnyEntry, Record
from squall.journal.file import FileJournal
from squall.run import engine, leases
from squall.run.events import Silent
from squall.run.hand import LocalHand
from squall.targets.api import Settings
from squall.targets.registry import Drivers

CALLS = ("capture", "apply", "renew", "restore", "look")
RENEWALS = 160  # a lease of 20 s is renewed every 125 ms, so that a short fault is renewed too


class Job(msgspec.Struct, kw_only=True):
    """One life of a child: `run` the document or `recover`. `die_at` names the tick, `trace` the file of all ticks."""

    do: str
    home: str
    document: str = ""
    die_at: str = ""
    trace: str = ""
    guarded: bool = False
    apply_first: bool = False


class Ticks:
    """Counts each point by name; `INTENDED.before#1` is the first of its kind."""

    def __init__(self, job: Job) -> None:
        self._die_at = job.die_at
        self._seen: Counter[str] = Counter()
        self._trace = os.open(job.trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if job.trace else -1

    def __call__(self, what: str) -> None:
        self._seen[what] += 1
        name = f"{what}#{self._seen[what]}"
        if self._trace >= 0:
            os.write(self._trace, f"{name}\n".encode())
        if name == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)


class TickingDriver:
    """A driver with a tick around each call."""

    def __init__(self, driver: Any, tick: Ticks) -> None:
        self._driver = driver
        self._tick = tick

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._driver, name)
        return self._ticking(name, found) if name in CALLS else found

    def _ticking(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        async def ticking(*arguments: object) -> object:
            self._tick(f"{name}.before")
            try:
                return await call(*arguments)
            finally:
                self._tick(f"{name}.after")

        return ticking


class TickingDrivers(Mapping[str, Any]):
    """All drivers, ticking."""

    def __init__(self, drivers: Mapping[str, Any], tick: Ticks) -> None:
        self._drivers = drivers
        self._tick = tick

    def __getitem__(self, name: str) -> Any:
        return TickingDriver(self._drivers[name], self._tick)

    def __iter__(self) -> Iterator[str]:
        return iter(self._drivers)

    def __len__(self) -> int:
        return len(self._drivers)


class HastyHand(LocalHand):
    """Wrong on purpose: it hurts first and writes the undo afterwards, as most tools of the field do."""

    async def _begin(self, step: Any, planned: Any, lease: Any, held: list[Any]) -> None:
        late: list[Any] = []
        keep, self._record = self._record, lambda *record: late.append(record)  # type: ignore[method-assign]
        await super()._begin(step, planned, lease, held)
        self._record = keep  # type: ignore[method-assign]
        for record in late:
            self._record(*record)


def ticking_journal(tick: Ticks) -> type[FileJournal]:
    """The real journal with a tick around each append."""

    class TickingJournal(FileJournal):
        def append(self, entry: AnyEntry) -> None:
            what = str(entry.state if isinstance(entry, Record) else type(entry).__name__)
            tick(f"{what}.before")
            super().append(entry)
            tick(f"{what}.after")

    return TickingJournal


def live(job: Job) -> int:
    """This child's life; its exit code."""
    os.environ["SQUALL_HOME"] = job.home
    tick = Ticks(job)
    return _run(job, tick) if job.do == "run" else _recover(tick)


def _run(job: Job, tick: Ticks) -> int:
    leases.RENEWALS_PER_LEASE = RENEWALS
    app_run.FileJournal = ticking_journal(tick)  # type: ignore[misc]
    if job.apply_first:
        engine.LocalHand = HastyHand  # type: ignore[misc]
    prepared = app_run.prepare(load(Path(job.document)), Choice(), guarded=job.guarded)
    planned = msgspec.structs.replace(prepared.planned, plan=_unmetered(prepared.planned.plan))
    drivers = TickingDrivers(prepared.drivers, tick)
    prepared = msgspec.structs.replace(prepared, planned=planned, drivers=drivers)
    result = app_run.carry_out(prepared, Silent())
    app_run.finish(prepared, result)
    return result.exit_code


def _unmetered(plan: Any) -> Any:
    """The dose is not what is tested here, and its baseline takes time."""
    replace = msgspec.structs.replace
    stages = tuple(
        replace(stage, steps=tuple(replace(step, meters=()) for step in stage.steps)) for stage in plan.stages
    )
    return replace(plan, stages=stages)


def _recover(tick: Ticks) -> int:
    app_recover.FileJournal = ticking_journal(tick)  # type: ignore[misc]

    def ticking(settings: Settings) -> TickingDrivers:
        return TickingDrivers(Drivers(settings), tick)

    app_recover.Drivers = ticking  # type: ignore[assignment,misc]
    return 0 if all(healed.clean for healed in app_recover.recover()) else 6
