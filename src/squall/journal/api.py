"""Records of a run's journal, and the interface of a journal.

A journal begins with a `Header`; then come `Record`s, each carrying all that undoing needs; `Before` holds the slots as
the inspector read them, for the receipt of a run that was cut off; `Closed` ends it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Protocol, TypeAlias

import msgspec

from squall._kit.json import Json


class State(StrEnum):
    """How far one effect is. From INTENDED on it may have happened; RESTORED and ABANDONED are settled."""

    INTENDED = "INTENDED"
    APPLIED = "APPLIED"
    RESTORED = "RESTORED"
    STUCK = "STUCK"
    ABANDONED = "ABANDONED"


SETTLED = frozenset({State.RESTORED, State.ABANDONED})


class Entry(msgspec.Struct, frozen=True, kw_only=True, tag_field="entry", tag=str.lower):
    """Base of everything that can stand in a journal."""


class Header(Entry, frozen=True, kw_only=True):
    """Which run this is, who carries it out, and what it claims. `at_boot` counts on CLOCK_BOOTTIME of `boot_id`."""

    format: int = 1
    run: str
    name: str
    platform: str
    digest: str
    seed: int
    scale: float
    lease_s: float
    pid: int
    pid_ticks: int
    boot_id: str
    at_boot: float
    at_wall: float
    claims: tuple[str, ...] = ()
    plan: Json = None


class Before(Entry, frozen=True, kw_only=True):
    """The claimed slots as they were before the first effect, and what was owner-marked already."""

    slots: dict[str, Json]
    owned: tuple[str, ...] = ()


class Record(Entry, frozen=True, kw_only=True):
    """One effect in one state. `run`, `step` and `n` are its mark; `undo` suffices to put it back."""

    run: str
    step: str
    n: int
    state: State
    boot_id: str
    at_boot: float
    at_wall: float
    hand: str
    driver: str
    ref: str
    effect: Json
    undo: Json
    error: str = ""

    @property
    def key(self) -> tuple[str, int]:
        """Which effect of the run."""
        return (self.step, self.n)


class Closed(Entry, frozen=True, kw_only=True):
    """The run is over; nothing of it is unsettled."""

    outcome: str
    at_wall: float
    note: str = ""


AnyEntry: TypeAlias = Header | Before | Record | Closed


class Journal(Protocol):
    """Durable memory of one run, held under a lock by whoever works on it."""

    def append(self, entry: AnyEntry) -> None:
        """Return only once the entry would survive power loss. Raises JournalUnwritable."""
        ...

    def unsettled(self) -> Sequence[Record]:
        """The last record of every effect that is not settled, newest intent first."""
        ...

    def entries(self) -> Iterator[AnyEntry]:
        """Every intact entry, oldest first."""
        ...

    def close(self) -> None:
        """Let go of the lock."""
        ...


def unsettled_of(entries: Sequence[AnyEntry]) -> list[Record]:
    """The last record of every effect that is not settled, newest intent first. Pure."""
    last: dict[tuple[str, int], Record] = {}
    for entry in entries:
        if isinstance(entry, Record):
            last[entry.key] = entry  # a dict keeps the order of first insertion: the order of intent
    return [record for record in reversed(last.values()) if record.state not in SETTLED]
