"""What a run leaves: everything that report, store and exit code are made of. Plain data, JSON in and out."""

from __future__ import annotations

from typing import Literal

import msgspec

from squall._kit.json import Json
from squall.observe.api import DoseResult, Judgement, Reading, Verdict

Outcome = Literal["HELD", "BROKEN", "INCONCLUSIVE", "REFUSED", "ABORTED", "NOT_RESTORED"]
EXIT_CODES: dict[str, int] = {
    "HELD": 0, "BROKEN": 1, "REFUSED": 3, "ABORTED": 4, "INCONCLUSIVE": 5, "NOT_RESTORED": 6,
}  # fmt: skip


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, `t` seconds after the run began. `level` is info, warning or error."""

    t: float
    kind: str
    text: str
    step: str = ""
    level: str = "info"


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A span of the run in seconds after its beginning: a phase (`baseline fault recovery`) or one fault by name."""

    name: str
    start: float
    end: float


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """The readings of one probe; each `at` is in seconds after the run's beginning."""

    name: str
    kind: str
    readings: tuple[Reading, ...]


class ReceiptLine(msgspec.Struct, frozen=True, kw_only=True):
    """One difference between before and after. `kind` is `restored loss foreign ours unreadable`."""

    slot: str
    kind: Literal["restored", "loss", "foreign", "ours", "unreadable"]
    text: str
    before: Json = None
    after: Json = None
    remedy: str = ""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Proof of restoration: every claimed slot and everything owner-marked, compared before and after."""

    slots: int
    lines: tuple[ReceiptLine, ...]

    @property
    def clean(self) -> bool:
        """No difference is ours and nothing was unreadable."""
        return not any(line.kind in ("ours", "unreadable") for line in self.lines)


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """How long after the end of a fault the system was back in its steady state; None: it was not seen back.

    `since` is the end of the harm from which `seconds` count, in seconds after the run's beginning.
    """

    fault: str
    seconds: float | None
    within_s: float | None
    since: float | None = None


class Weakness(msgspec.Struct, frozen=True, kw_only=True):
    """What the readings show to be missing, with the evidence."""

    text: str
    evidence: str


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """One finished run."""

    format: int = 1
    run: str
    name: str
    description: str
    platform: str
    digest: str
    seed: int
    scale: float
    lease_s: float
    started_wall: float
    duration_s: float
    outcome: Outcome
    verdict: Verdict
    reason: str
    plan: Json
    events: tuple[Event, ...] = ()
    windows: tuple[Window, ...] = ()
    series: tuple[Series, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    doses: tuple[DoseResult, ...] = ()
    recoveries: tuple[Recovery, ...] = ()
    weaknesses: tuple[Weakness, ...] = ()
    receipt: Receipt | None = None
    notes: tuple[str, ...] = ()
    source: str = ""
    version: str = ""

    @property
    def exit_code(self) -> int:
        """The exit code of the command line (docs/exit-codes.md)."""
        return EXIT_CODES[self.outcome]
