"""What live runs of this SQUALL_HOME claim, and the lock under which a run looks and then claims."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from squall.app.openruns import open_journals
from squall.journal.api import Header
from squall.journal.file import is_live, read
from squall.targets.api import Holding, Slot


@contextmanager
def claiming(home: Path) -> Iterator[None]:
    """Nobody else looks or claims meanwhile."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (home / "claims.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def live_claims(home: Path) -> tuple[Holding, ...]:
    """Every slot that a live run has claimed."""
    return tuple(
        Holding(Slot(slot), f"run {header.run} ({header.name})")
        for header in live_headers(home) for slot in header.claims
    )  # fmt: skip


def live_headers(home: Path) -> list[Header]:
    """The header of each run whose journal is held."""
    headers = [_header(path) for path in open_journals(home) if is_live(path)]
    return [header for header in headers if header is not None]


def _header(path: Path) -> Header | None:
    return next((entry for entry in read(path).entries if isinstance(entry, Header)), None)
