"""What a report shows, as frozen data: every format is a rendering of `Report` and computes nothing of its own.

Units: seconds and fractions of one. `None` means that nothing was read; it is shown as missing, never as 0 or 100 %.
Texts ending in a number (`measured`, `asked`) are already worded for people. An infinite percentile was never answered.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Tone = Literal["good", "bad", "warn", "plain"]


class Headline(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome in one word and one sentence."""

    outcome: str
    word: str
    sentence: str
    reason: str
    tone: Tone
    verdict: str
    exit_code: int


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One number to remember, what it is, and what it should be held against."""

    label: str
    value: str
    note: str = ""
    tone: Tone = "plain"


class Stat(msgspec.Struct, frozen=True, kw_only=True):
    """The readings of one series within one phase."""

    phase: str
    n: int
    availability: float | None = None
    error_rate: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    value: float | None = None


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """A short span of one series, for pictures. `errors` counts failures by the series' `reasons`."""

    start: float
    end: float
    n: int
    availability: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    value: float | None = None
    errors: tuple[int, ...] = ()


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """A bound of the experiment on one series, to be drawn as a line over its phase."""

    metric: str
    text: str
    limit: float
    phase: str


class SeriesView(msgspec.Struct, frozen=True, kw_only=True):
    """One probe: its figures by phase and its course over the run."""

    name: str
    kind: str
    n: int
    stats: tuple[Stat, ...]
    bins: tuple[Bin, ...]
    bin_s: float
    reasons: tuple[str, ...]
    thresholds: tuple[Threshold, ...]


class JudgementView(msgspec.Struct, frozen=True, kw_only=True):
    """One bound, what was measured against it, and the verdict. `limit` is the bound's number where it has one."""

    name: str
    phase: str
    metric: str
    bound: str
    measured: str
    interval: str
    n: int
    verdict: str
    why: str
    op: str = ""
    limit: float | None = None
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""


class DoseView(msgspec.Struct, frozen=True, kw_only=True):
    """How strong one fault really was."""

    step: str
    target: str
    quantity: str
    asked: str
    measured: str
    control: str
    n: int
    felt: bool
    note: str
    driver: str


class RecoveryView(msgspec.Struct, frozen=True, kw_only=True):
    """How long after one fault the system was back. `kept` is None where no bound was set and none can be judged."""

    fault: str
    seconds: float | None
    within_s: float | None
    text: str
    kept: bool | None
    since: float | None = None


class ReceiptRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the receipt; `before` and `after` are compact JSON or empty."""

    slot: str
    kind: str
    word: str
    text: str
    before: str
    after: str
    remedy: str


class ReceiptView(msgspec.Struct, frozen=True, kw_only=True):
    """Proof of restoration, or (`clean` None) that there is no receipt."""

    clean: bool | None
    slots: int
    summary: str
    rows: tuple[ReceiptRow, ...]


class WeaknessView(msgspec.Struct, frozen=True, kw_only=True):
    """What is missing in the system, and how one knows."""

    text: str
    evidence: str


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened `t` seconds after the beginning."""

    t: float
    kind: str
    text: str
    step: str
    level: str


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A phase or a fault on the time axis, in seconds after the beginning."""

    name: str
    start: float
    end: float


class PlanRow(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the plan for the appendix: who, what, when, and how it is undone."""

    fault: str
    type: str
    says: str
    target: str
    when: str
    effect: str
    driver: str
    ends_by: str
    undo: str
    restores: bool
    claims: tuple[str, ...]


class Reproduction(msgspec.Struct, frozen=True, kw_only=True):
    """All that is needed to do it again."""

    digest: str
    seed: int
    scale: float
    lease_s: float
    version: str
    command: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that any format shows, in the order in which it is shown."""

    format: int = 1
    run: str
    name: str
    description: str
    platform: str
    started: str
    duration_s: float
    headline: Headline
    figures: tuple[Figure, ...]
    weaknesses: tuple[WeaknessView, ...]
    judgements: tuple[JudgementView, ...]
    phases: tuple[Span, ...]
    faults: tuple[Span, ...]
    series: tuple[SeriesView, ...]
    doses: tuple[DoseView, ...]
    recoveries: tuple[RecoveryView, ...]
    receipt: ReceiptView
    events: tuple[EventView, ...]
    plan: tuple[PlanRow, ...]
    reproduction: Reproduction
    notes: tuple[str, ...]
