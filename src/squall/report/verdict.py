"""The outcome of a run in plain words: headline, key figures, and what they are held against. Pure."""

from __future__ import annotations

import math

from squall.observe.api import Verdict
from squall.report.model import Figure, Headline, ReceiptView, RecoveryView, SeriesView, Stat, Tone
from squall.report.words import BEFORE, DURING, MISSING, NEVER, finite, plural, printable, seconds, share
from squall.run.result import RunResult

_WORDS: dict[str, tuple[str, Tone]] = {
    "HELD": ("Held", "good"),
    "BROKEN": ("Broken", "bad"),
    "INCONCLUSIVE": ("Inconclusive", "warn"),
    "REFUSED": ("Refused", "plain"),
    "ABORTED": ("Aborted", "warn"),
    "NOT_RESTORED": ("Not restored", "bad"),
}


def headline(result: RunResult, weaknesses: int, receipt: ReceiptView) -> Headline:
    """The verdict and its sentence."""
    word, tone = _WORDS[result.outcome]
    return Headline(
        outcome=result.outcome,
        word=word,
        tone=tone,
        sentence=_sentence(result, weaknesses, receipt),
        reason=printable(result.reason),
        verdict=result.verdict.value,
        exit_code=result.exit_code,
    )


def _sentence(result: RunResult, weaknesses: int, receipt: ReceiptView) -> str:
    back = _back(receipt)
    match result.outcome:
        case "HELD":
            return f"The system kept its steady state while it was being hurt{_recovered(result)}. {back}"
        case "BROKEN":
            found = f"{plural(weaknesses, 'weakness', 'weaknesses')} came to light" if weaknesses else "it is too weak"
            return f"The system did not keep its steady state: {found}. {back}"
        case "INCONCLUSIVE":
            return f"Not enough could be seen to say whether the system held. {back}"
        case "ABORTED":
            return f"The run was stopped before its end. {back}"
        case "REFUSED":
            return "Safety said no before the start. Nothing was touched."
        case _:
            return "Something of this run is left behind: the receipt names it, with the command to remove it."


def _recovered(result: RunResult) -> str:
    times = [x for r in result.recoveries if (x := finite(r.seconds)) is not None]
    if not times or len(times) < len(result.recoveries):
        return ""
    return (
        f" and was back to normal {seconds(max(times))} after" if max(times) > 0 else " and needed no time to recover"
    )


def _back(receipt: ReceiptView) -> str:
    if receipt.clean is None:
        return "There is no receipt that everything was put back."
    if not receipt.clean:
        return "Not everything is known to be back: see the receipt."
    lost = sum(row.kind == "loss" for row in receipt.rows)
    if lost:
        losses = plural(lost, "declared loss has", "declared losses have")
        return f"Everything was put back; {losses} a healthy replacement."
    return "Everything was put back."


def figures(
    result: RunResult, series: tuple[SeriesView, ...], recoveries: tuple[RecoveryView, ...], receipt: ReceiptView
) -> tuple[Figure, ...]:
    """The tiles: how available, how slow, how soon back, how many checks held, whether all is restored."""
    if result.outcome == "REFUSED":
        return (Figure(label="Targets touched", value="none", note="refused before the start", tone="plain"),)
    return (
        _availability(series),
        _latency(series),
        _recovery(recoveries),
        _checks(result),
        _felt(result),
        _restored(receipt),
    )


def _pairs(series: tuple[SeriesView, ...]) -> list[tuple[SeriesView, Stat, Stat | None]]:
    found = []
    for one in series:
        by_phase = {stat.phase: stat for stat in one.stats}
        during = by_phase.get(DURING)
        if during is not None and during.n:
            found.append((one, during, by_phase.get(BEFORE)))
    return found


def _availability(series: tuple[SeriesView, ...]) -> Figure:
    label = "Availability under fault"
    known = [(d.availability, s.name, b) for s, d, b in _pairs(series) if d.availability is not None]
    if not known:
        return Figure(label=label, value=MISSING, tone="warn")
    worst, name, before = min(known, key=lambda item: item[0])
    was = f", baseline {share(before.availability)}" if before and before.availability is not None else ""
    lowest = "lowest: " if len(known) > 1 else ""
    return Figure(label=label, value=share(worst), note=f"{lowest}{name}{was}")


def _latency(series: tuple[SeriesView, ...]) -> Figure:
    label = "p95 latency under fault"
    known = [(d.p95, s.name, b) for s, d, b in _pairs(series) if d.p95 is not None]
    if not known:
        return Figure(label=label, value=MISSING, tone="warn")
    worst, name, before = max(known, key=lambda item: item[0])
    was = f", baseline {seconds(before.p95)}" if before and before.p95 is not None else ""
    if math.isinf(worst):
        return Figure(label=label, value=NEVER, note=f"{name}: over 5% of readings got no good answer{was}")
    highest = "highest: " if len(known) > 1 else ""
    return Figure(label=label, value=seconds(worst), note=f"{highest}{name}{was}")


def _recovery(recoveries: tuple[RecoveryView, ...]) -> Figure:
    label = "Back to normal after"
    if not recoveries:
        return Figure(label=label, value="not measured", note="no recovery was observed", tone="plain")
    missing = [r for r in recoveries if r.seconds is None]
    if missing:
        lost: Tone = "warn" if missing[0].within_s is None else "bad"
        return Figure(label=label, value="not seen", note=f"{missing[0].fault}: {missing[0].text}", tone=lost)
    slowest = max(recoveries, key=lambda r: r.seconds or 0.0)
    allowed = f", allowed {seconds(slowest.within_s)}" if slowest.within_s is not None else ""
    tone: Tone = "plain" if slowest.kept is None else ("good" if slowest.kept else "bad")
    return Figure(label=label, value=seconds(slowest.seconds or 0.0), note=f"{slowest.fault}{allowed}", tone=tone)


def _checks(result: RunResult) -> Figure:
    verdicts = [j.verdict for j in result.judgements]
    if not verdicts:
        return Figure(label="Checks that held", value="none made", tone="warn")
    held, broken = verdicts.count(Verdict.HELD), verdicts.count(Verdict.BROKEN)
    unclear = len(verdicts) - held - broken
    said = [f"{broken} broken"] * bool(broken) + [f"{unclear} inconclusive"] * bool(unclear)
    tone: Tone = "bad" if broken else ("warn" if unclear else "good")
    return Figure(label="Checks that held", value=f"{held} of {len(verdicts)}", note=", ".join(said), tone=tone)


def _felt(result: RunResult) -> Figure:
    label = "Faults felt"
    if not result.doses:
        return Figure(label=label, value="not measured", note="no independent meter", tone="warn")
    felt = sum(d.felt for d in result.doses)
    tone: Tone = "good" if felt == len(result.doses) else "warn"
    return Figure(label=label, value=f"{felt} of {len(result.doses)}", note="by an independent meter", tone=tone)


def _restored(receipt: ReceiptView) -> Figure:
    label = "Put back"
    if receipt.clean is None:
        return Figure(label=label, value="no receipt", tone="warn")
    left = sum(row.kind == "ours" for row in receipt.rows)
    dark = sum(row.kind == "unreadable" for row in receipt.rows)
    if receipt.clean:
        return Figure(
            label=label, value="everything", note=f"{plural(receipt.slots, 'claimed slot')} compared", tone="good"
        )
    said = [f"{left} left behind"] * bool(left) + [f"{dark} unreadable"] * bool(dark)
    return Figure(label=label, value="not everything", note=", ".join(said), tone="bad")
