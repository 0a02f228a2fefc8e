"""`squall status` and `squall stop`: live runs, and how to end one now."""

from __future__ import annotations

import signal
import time

import msgspec

from squall._kit import proc
from squall._kit.clock import boottime
from squall._kit.errors import InvalidCall, TargetNotFound
from squall.app.claims import live_headers
from squall.app.home import home, journal_of
from squall.journal.api import Header, unsettled_of
from squall.journal.file import is_live, read

POLL_S = 0.05


class LiveRun(msgspec.Struct, frozen=True):
    """A run that is going on. `holding` counts its effects that are in place."""

    run: str
    name: str
    platform: str
    seconds: float
    holding: int
    claims: tuple[str, ...]
    pid: int


def live_runs() -> list[LiveRun]:
    """Every live run, oldest first."""
    return [_live(header) for header in live_headers(home())]


def _live(header: Header) -> LiveRun:
    holding = len(unsettled_of(read(journal_of(home(), header.run)).entries))
    seconds = round(boottime() - header.at_boot, 1)
    return LiveRun(header.run, header.name, header.platform, seconds, holding, header.claims, header.pid)


def stop(run: str | None, within_s: float) -> list[str]:
    """Ask the named run, or the only one, or with `all` every one, to end; wait until restored. The runs stopped.

    Raises TargetNotFound where there is none, InvalidCall where it is not clear which or it does not end in time.
    """
    wanted = _wanted(run)
    for header in wanted:
        proc.send(proc.uid_of(header.pid, header.pid_ticks, header.boot_id), signal.SIGTERM)
    deadline = time.monotonic() + within_s
    left = list(wanted)
    while left and time.monotonic() < deadline:
        left = [header for header in left if is_live(journal_of(home(), header.run))]
        time.sleep(POLL_S)
    if left:
        names = ", ".join(header.run for header in left)
        raise InvalidCall(f"{names} did not end within {within_s:g} s", hint="it is still restoring: squall status")
    return [header.run for header in wanted]


def _wanted(run: str | None) -> list[Header]:
    headers = live_headers(home())
    if run == "all":
        return headers
    if run is None and len(headers) == 1:
        return headers
    if run is None and headers:
        raise InvalidCall(f"{len(headers)} runs are live", hint="name one, or say: squall stop all")
    found = [header for header in headers if run is not None and header.run.startswith(run)]
    if len(found) != 1:
        raise TargetNotFound("no such run is live" if run else "no run is live", hint="squall status, squall runs")
    return found
