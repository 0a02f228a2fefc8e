"""The report as plain text, at most 96 columns, for terminals, pipes and logs. Every mark is a word."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from squall.report.model import Report, SeriesView, Stat
from squall.report.words import DURING, MISSING, at, plural, quantity, seconds, share

WIDTH = 96
_EVENTS_MAX = 25


def render(report: Report) -> str:
    """The whole report; sections without content are left out, missing data is named."""
    blocks = [list(lines) for lines in _sections(report)]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _sections(report: Report) -> Iterator[Iterator[str]]:
    yield _head(report)
    yield _weaknesses(report)
    yield _figures(report)
    yield _judgements(report)
    for series in report.series:
        yield _series(series)
    yield _doses(report)
    yield _recoveries(report)
    yield _receipt(report)
    yield _events(report)
    yield _reproduction(report)
    yield _notes(report)


def _head(report: Report) -> Iterator[str]:
    head = report.headline
    yield from _wrap(f"{head.outcome.replace('_', ' ')}  {report.name}")
    yield from _wrap(head.sentence)
    if head.reason:
        yield from _wrap(f"Why: {head.reason}")
    yield from _wrap(
        f"Run {report.run} on {report.platform}, {report.started}, {seconds(report.duration_s)}, exit {head.exit_code}"
    )


def _weaknesses(report: Report) -> Iterator[str]:
    if report.weaknesses:
        yield "WEAKNESSES"
    for i, weakness in enumerate(report.weaknesses, 1):
        yield from _wrap(weakness.text, f"  {i}. ", "     ")
        yield from _wrap(weakness.evidence, "     ")


def _figures(report: Report) -> Iterator[str]:
    yield "KEY FIGURES"
    width = max(len(f.label) for f in report.figures)
    for figure in report.figures:
        note = f"  ({figure.note})" if figure.note else ""
        yield from _wrap(f"{figure.label:<{width}}  {figure.value}{note}", "  ", " " * (width + 4))


def _judgements(report: Report) -> Iterator[str]:
    if not report.judgements:
        yield "CHECKS"
        yield "  none were made"
        return
    yield "CHECKS"
    rows = [("verdict", "phase", "check", "measured", "95% interval", "n")]
    rows += [
        (j.verdict, j.phase, f"{j.name}: {j.metric} {j.bound}", j.measured, j.interval or "-", str(j.n))
        for j in report.judgements
    ]
    table = list(_table(rows))
    yield table[0]
    for line, j in zip(table[1:], report.judgements, strict=True):
        yield line
        if j.why and j.verdict != "HELD":
            yield from _wrap(j.why, "      why: ", "           ")


def _series(series: SeriesView) -> Iterator[str]:
    yield from _wrap(f"{series.name.upper()} ({series.kind}, {plural(series.n, 'reading')})")
    rows = [("", *(stat.phase for stat in series.stats))]
    rows += [(label, *cells) for label, cells in measures(series.stats)]
    yield from _table(rows) if series.stats else [f"  {MISSING}"]


def measures(stats: Sequence[Stat]) -> list[tuple[str, list[str]]]:
    """The rows of a series' table: label, and one worded cell for each phase."""
    rows = [("readings", [str(s.n) if s.n else MISSING for s in stats])]
    fields = (("availability", share), ("error_rate", share), ("p50", seconds), ("p95", seconds), ("p99", seconds))
    for field, word in fields:
        values: list[float | None] = [getattr(s, field) for s in stats]
        if any(value is not None for value in values):
            rows.append((field.replace("_", " "), ["-" if value is None else word(value) for value in values]))
    if any(s.value is not None for s in stats):
        rows.append(("mean value", ["-" if s.value is None else quantity(s.value, "") for s in stats]))
    return rows


def _doses(report: Report) -> Iterator[str]:
    if not report.doses:
        return
    yield "DOSE (measured by an independent meter)"
    rows = [("felt", "target", "what", "asked", "measured", "control", "n")]
    rows += [
        ("yes" if d.felt else "NO", d.target, d.quantity, d.asked, d.measured, d.control, str(d.n))
        for d in report.doses
    ]
    table = list(_table(rows))
    yield table[0]
    for line, dose in zip(table[1:], report.doses, strict=True):
        yield line
        if dose.note:
            yield from _wrap(dose.note, "      ")


def _recoveries(report: Report) -> Iterator[str]:
    if report.recoveries:
        yield "RECOVERY"
    for recovery in report.recoveries:
        word = {True: "kept", False: "NOT KEPT", None: "no bound"}[recovery.kept]
        yield from _wrap(f"{word:<8}  {recovery.fault}: {recovery.text}", "  ", " " * 12)


def _receipt(report: Report) -> Iterator[str]:
    yield "RECEIPT"
    yield from _wrap(report.receipt.summary, "  ")
    for row in report.receipt.rows:
        yield from _wrap(f"{row.word:<14}  {row.slot}  {row.text}", "  ", " " * 18)
        if row.remedy:
            yield from _wrap(f"{'remove it with' if row.kind == 'ours' else 'next'}: {row.remedy}", " " * 18)


def _events(report: Report) -> Iterator[str]:
    if not report.events:
        return
    yield "EVENTS"
    shown = report.events[:_EVENTS_MAX]
    for event in shown:
        level = "" if event.level == "info" else f"{event.level.upper()}: "
        yield from _wrap(f"{at(event.t):>9}  {level}{event.text}", "  ", " " * 13)
    if len(report.events) > len(shown):
        yield f"  ... and {len(report.events) - len(shown)} more in the HTML and JSON reports"


def _reproduction(report: Report) -> Iterator[str]:
    again = report.reproduction
    yield "DO IT AGAIN"
    yield f"  {again.command}"
    yield f"  plan {again.digest}"
    yield from _wrap(
        f"seed {again.seed}, scale {again.scale:g}, lease {seconds(again.lease_s)}, squall {again.version}", "  "
    )


def _notes(report: Report) -> Iterator[str]:
    if report.notes:
        yield "NOTES"
    for note in report.notes:
        yield from _wrap(note, "  - ", "    ")


def _wrap(text: str, first: str = "", rest: str | None = None) -> list[str]:
    later = first if rest is None else rest
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=later, break_on_hyphens=False
    )  # fmt: skip


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as their longest cell; where that is too wide the widest column is cut with `~`."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    while sum(widths) + 2 * len(widths) > WIDTH:
        widest = widths.index(max(widths))
        widths[widest] -= 1
    for row in rows:
        cells = (f"{_cut(cell, width):<{width}}" for cell, width in zip(row, widths, strict=True))
        yield ("  " + "  ".join(cells)).rstrip()


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else cell[: max(0, width - 1)] + "~"


def one_line(report: Report) -> str:
    """The run in one line, for lists and the last line of a live display."""
    during = [s for one in report.series for s in one.stats if s.phase == DURING and s.availability is not None]
    lowest = f", availability under fault {share(min(s.availability or 0.0 for s in during))}" if during else ""
    return f"{report.headline.outcome}: {report.name} ({seconds(report.duration_s)}{lowest})"
