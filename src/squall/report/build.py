"""`RunResult` -> `Report`: everything that is shown, computed once for all formats. Pure.

Texts from outside (names, errors, evidence) pass `printable` here, so that no format can be steered by them.
"""

from __future__ import annotations

import math
import shlex
from datetime import UTC, datetime

import msgspec

from squall._kit.json import Json
from squall.observe.api import DoseResult, Judgement, Verdict
from squall.report import appendix, course, verdict
from squall.report.model import (
    DoseView,
    EventView,
    JudgementView,
    ReceiptRow,
    ReceiptView,
    RecoveryView,
    Report,
    Reproduction,
    SeriesView,
    Span,
    Threshold,
    WeaknessView,
)
from squall.report.words import (
    AFTER,
    BEFORE,
    DURING,
    MISSING,
    NEVER,
    PHASES,
    bound,
    finite,
    number,
    phase,
    plural,
    printable,
    quantity,
    seconds,
    unit_of,
)
from squall.run.result import ReceiptLine, Recovery, RunResult, Series

_RECEIPT_WORDS = {
    "restored": "restored",
    "loss": "declared loss",
    "foreign": "foreign change",
    "ours": "left behind",
    "unreadable": "unreadable",
}
_LEVELS = ("info", "warning", "error")
_ANSWERS = ("value", "status", "exitCode")
_VALUE_METRICS = ("value", "mean", "max", "min")
_RECEIPT_ORDER = ("ours", "unreadable", "loss", "foreign", "restored")


def build(result: RunResult) -> Report:
    """The report of one run."""
    phases, faults = _spans(result)
    judgements = tuple(_judgement(j) for j in result.judgements)
    series = tuple(_series(s, phases, judgements, result.duration_s) for s in result.series)
    receipt = _receipt(result)
    recoveries = tuple(_recovery(r) for r in result.recoveries)
    weaknesses = _weaknesses(result)
    return Report(
        run=printable(result.run),
        name=printable(result.name),
        description=printable(result.description),
        platform=printable(result.platform),
        started=_started(result.started_wall),
        duration_s=finite(result.duration_s) or 0.0,
        headline=verdict.headline(result, len(weaknesses), receipt),
        figures=verdict.figures(result, series, recoveries, receipt),
        weaknesses=weaknesses,
        judgements=judgements,
        phases=phases,
        faults=faults,
        series=series,
        doses=tuple(_dose(d) for d in result.doses),
        recoveries=recoveries,
        receipt=receipt,
        events=_events(result),
        plan=appendix.rows(result.plan),
        reproduction=_reproduction(result),
        notes=_notes(result),
    )


def _spans(result: RunResult) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Phases (the first window of each phase's name) and faults (all other windows)."""
    phases: dict[str, Span] = {}
    faults: list[Span] = []
    for window in result.windows:
        if not (math.isfinite(window.start) and math.isfinite(window.end)) or window.end < window.start:
            continue
        name = phase(window.name)
        if name in PHASES and name not in phases:
            phases[name] = Span(name=name, start=window.start, end=window.end)
        else:
            faults.append(Span(name=printable(window.name), start=window.start, end=window.end))
    if DURING not in phases and faults:
        phases[DURING] = _fault_phase(phases, faults)
    return tuple(phases[name] for name in PHASES if name in phases), tuple(faults)


def _fault_phase(phases: dict[str, Span], faults: list[Span]) -> Span:
    """What lies between baseline and recovery; where one is missing, from the first to the last moment of harm."""
    start = phases[BEFORE].end if BEFORE in phases else min(f.start for f in faults)
    end = phases[AFTER].start if AFTER in phases else max(f.end for f in faults)
    return Span(name=DURING, start=start, end=max(start, end))


def _series(one: Series, phases: tuple[Span, ...], judgements: tuple[JudgementView, ...], end: float) -> SeriesView:
    why = course.reasons(one.readings)
    hurt = next((p.start for p in phases if p.name == DURING), 0.0)
    bin_s, bins = course.bins(one.readings, end, hurt, why)
    name = printable(one.name)
    mine = [j for j in judgements if j.name == name]
    with_latency = course.timed(one.readings)
    stats = tuple(course.stat(one.readings, span, with_latency) for span in phases)
    if any(s.p50 is not None for s in stats) and not any(j.metric in _VALUE_METRICS for j in mine):
        stats, bins = (
            course.without_values(stats),
            course.without_values(bins),
        )  # such as the status code of each answer
    return SeriesView(
        name=name,
        kind=printable(one.kind),
        n=len(one.readings),
        stats=stats,
        bins=bins,
        bin_s=bin_s,
        reasons=why,
        thresholds=tuple(
            Threshold(metric=j.metric, text=f"{j.metric} {j.bound}", limit=j.limit, phase=j.phase)
            for j in mine
            if j.limit is not None
        ),
    )


def _judgement(j: Judgement) -> JudgementView:
    op, limit, bound_unit = bound(j.bound)
    unit = unit_of(j.metric, bound_unit)
    low, high = finite(j.low), finite(j.high)
    return JudgementView(
        name=printable(j.name),
        phase=phase(printable(j.phase)),
        metric=printable(j.metric),
        bound=printable(j.bound),
        measured=_measured(j, unit),
        interval=_interval(low, high, unit),
        n=j.n,
        verdict=j.verdict.value,
        why=printable(j.why),
        op=op,
        limit=limit,
        estimate=None if isinstance(j.estimate, str) else finite(j.estimate),
        low=low,
        high=high,
        unit=unit,
    )


def _measured(j: Judgement, unit: str) -> str:
    """The estimate; a bound that was broken by readings without any value was broken by silence."""
    if j.estimate is None and j.n > 0 and j.verdict is Verdict.BROKEN:
        return "no answer" if j.metric in _ANSWERS else NEVER
    return NEVER if j.estimate == math.inf else quantity(j.estimate, unit)


def _interval(low: float | None, high: float | None, unit: str) -> str:
    """Both ends, or the one that the readings bound; JSON has no infinity, so an open end comes back as None."""
    if low is not None and high is not None:
        return f"{quantity(low, unit)} to {quantity(high, unit)}"
    if low is not None:
        return f"at least {quantity(low, unit)}"
    return f"at most {quantity(high, unit)}" if high is not None else ""


def _dose(d: DoseResult) -> DoseView:
    spread = finite(d.spread)
    measured = quantity(d.measured, d.unit)
    if finite(d.measured) is not None and spread is not None:
        measured += f" ± {quantity(spread, d.unit)}"
    counters = (f"{printable(key)} {number(x)}" for key, value in d.driver.items() if (x := finite(value)) is not None)
    return DoseView(
        step=printable(d.step),
        target=printable(d.target),
        quantity=printable(d.quantity),
        asked="not numeric" if finite(d.asked) is None else quantity(d.asked, d.unit),
        measured=measured,
        control="no control" if finite(d.control) is None else quantity(d.control, d.unit),
        n=d.n,
        felt=d.felt,
        note=printable(d.note),
        driver=", ".join(counters),
    )


def _recovery(r: Recovery) -> RecoveryView:
    took, within = finite(r.seconds), finite(r.within_s)
    allowed = f" (allowed {seconds(within)})" if within is not None else ""
    if took is None:
        kept, text = (False if within is not None else None), f"not seen back in its steady state{allowed}"
    else:
        kept = took <= within if within is not None else None
        text = f"back after {seconds(took)}{allowed}"
    return RecoveryView(
        fault=printable(r.fault), seconds=took, within_s=within, text=text, kept=kept, since=finite(r.since)
    )


def _weaknesses(result: RunResult) -> tuple[WeaknessView, ...]:
    """Those that the run names; where it names none, every broken judgement is one."""
    if result.weaknesses:
        return tuple(WeaknessView(text=printable(w.text), evidence=printable(w.evidence)) for w in result.weaknesses)
    broken = [j for j in result.judgements if j.verdict is Verdict.BROKEN]
    views = [_judgement(j) for j in broken]
    return tuple(
        WeaknessView(
            text=printable(j.reveals) or f"{v.name} did not keep {v.metric} {v.bound} ({v.phase})",
            evidence=f"{v.name}, {v.phase}: {v.metric} {v.measured}, asked {v.bound}"
            + (f", 95% interval {v.interval}" if v.interval else "")
            + f", {plural(v.n, 'reading')}",
        )
        for j, v in zip(broken, views, strict=True)
    )


def _receipt(result: RunResult) -> ReceiptView:
    receipt = result.receipt
    if receipt is None:
        untouched = result.outcome == "REFUSED"
        summary = "Nothing was touched, so there is nothing to compare." if untouched else "No receipt was written."
        return ReceiptView(clean=None, slots=0, summary=summary, rows=())
    rows = sorted((_receipt_row(line) for line in receipt.lines), key=lambda row: _RECEIPT_ORDER.index(row.kind))
    counts = [(sum(r.kind == kind for r in rows), word) for kind, word in _RECEIPT_WORDS.items()]
    said = ", ".join(f"{n} {word}" for n, word in counts if n) or "no difference"
    compared = f"{plural(receipt.slots, 'claimed slot')} compared before and after: {said}."
    return ReceiptView(clean=receipt.clean, slots=receipt.slots, summary=compared, rows=tuple(rows))


def _receipt_row(line: ReceiptLine) -> ReceiptRow:
    return ReceiptRow(
        slot=printable(line.slot),
        kind=line.kind,
        word=_RECEIPT_WORDS[line.kind],
        text=printable(line.text),
        before=_compact(line.before),
        after=_compact(line.after),
        remedy=printable(line.remedy),
    )


def _compact(state: Json) -> str:
    if state is None:
        return ""
    text = printable(msgspec.json.encode(state).decode())
    return text if len(text) <= 400 else text[:397] + "..."


def _events(result: RunResult) -> tuple[EventView, ...]:
    return tuple(
        EventView(
            t=finite(e.t) or 0.0,
            kind=printable(e.kind),
            text=printable(e.text),
            step=printable(e.step),
            level=e.level if e.level in _LEVELS else "info",
        )
        for e in sorted(result.events, key=lambda e: finite(e.t) or 0.0)
    )


def _reproduction(result: RunResult) -> Reproduction:
    document = ["run", result.source or "experiment.yaml"]
    call = result.source.split(" ", 1) if result.source.startswith("drill ") else document
    words = ["squall", *call, "--on", result.platform, "--seed", str(result.seed)]
    if result.scale != 1:
        words += ["--scale", f"{result.scale:g}"]
    return Reproduction(
        digest=printable(result.digest),
        seed=result.seed,
        scale=result.scale,
        lease_s=result.lease_s,
        version=printable(result.version) or "unknown",
        command=printable(shlex.join(words)),
    )


def _notes(result: RunResult) -> tuple[str, ...]:
    notes = [printable(note) for note in result.notes]
    if result.scale != 1 and not any("quick look" in note for note in notes):
        notes.insert(0, f"A quick look: fault windows x {result.scale:g}")
    empty = [printable(s.name) for s in result.series if not s.readings]
    notes += [f"{name}: {MISSING}" for name in empty]
    return tuple(notes)


def _started(wall: float) -> str:
    try:
        return datetime.fromtimestamp(wall, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return "unknown"
