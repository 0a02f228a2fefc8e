"""The run on one time axis: phases, fault windows, recoveries and events. Drawn for three widths of page."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from squall.report.charts import nice
from squall.report.markup import Html, el
from squall.report.model import EventView, RecoveryView, Report, Span
from squall.report.words import at, seconds

_LANES_MAX = 24
_MARKS = {"info": "mark-info", "warning": "mark-warning", "error": "mark-error"}


class Canvas(msgspec.Struct, frozen=True, kw_only=True):
    """Size and margins; lanes are named in the `gutter` to the left, or above themselves where it is 0."""

    width: float
    gutter: float
    lane: float
    end: float

    def x(self, t: float) -> float:
        """The place of a moment."""
        return self.gutter + 8 + min(max(t / self.end, 0.0), 1.0) * (self.width - self.gutter - 16)


def render(report: Report) -> Html:
    """All drawings; the style sheet shows the one that fits."""
    end = max([report.duration_s, *(s.end for s in (*report.phases, *report.faults)), *(e.t for e in report.events)])
    if end <= 0:
        return Html("")
    wide = Canvas(width=1160, gutter=170, lane=30, end=end)
    middle = Canvas(width=760, gutter=150, lane=28, end=end)
    narrow = Canvas(width=380, gutter=0, lane=40, end=end)
    return el(
        "div",
        el("div", _draw(report, wide), class_="only-wide"),
        el("div", _draw(report, middle), class_="only-middle"),
        el("div", _draw(report, narrow), class_="only-narrow"),
        class_="timeline",
    )


def _draw(report: Report, on: Canvas) -> Html:
    lanes = report.faults[:_LANES_MAX]
    top = 34.0
    events_y = top + on.lane * len(lanes) + 20
    height = events_y + 42
    drawn = [*_phases(report.phases, on, events_y + 12)]
    for i, fault in enumerate(lanes):
        drawn += _fault(fault, report.recoveries, on, top + i * on.lane)
    drawn += [*_events(report.events, on, events_y), *_axis(on, events_y + 16)]
    spoken = "; ".join(f"{s.name} from {at(s.start)} to {at(s.end)}" for s in (*report.phases, *lanes))
    title = f"Timeline of {report.name}"
    return el(
        "svg", el("title", title), el("desc", spoken), drawn,
        viewBox=f"0 0 {on.width:.0f} {height:.0f}", role="img", aria_label=f"{title}: {spoken}", class_="chart",
    )  # fmt: skip


def _phases(phases: tuple[Span, ...], on: Canvas, bottom: float) -> Iterator[Html]:
    for phase in phases:
        x0, x1 = on.x(phase.start), on.x(phase.end)
        yield el("rect", x=x0, y=24, width=max(0.0, x1 - x0), height=bottom - 24, class_=f"ph ph-{phase.name}")
        yield el("line", x1=x0, x2=x0, y1=6, y2=bottom, class_="edge")
        if x1 - x0 > 7 * len(phase.name) + 10:
            yield el("text", el("tspan", phase.name, class_="strong"), x=x0 + 6, y=17, class_="t-phase")
        if x1 - x0 > 7 * len(phase.name) + 70:
            yield el("text", seconds(phase.end - phase.start), x=x1 - 6, y=17, text_anchor="end", class_="t-axis")


def _fault(fault: Span, recoveries: tuple[RecoveryView, ...], on: Canvas, y: float) -> Iterator[Html]:
    x0, x1 = on.x(fault.start), on.x(fault.end)
    bar_y, bar_h = (y + 6, 16.0) if on.gutter else (y + 18, 14.0)
    shown = fault.name if len(fault.name) <= 20 else fault.name[:19] + "…"
    if on.gutter:
        yield el("text", shown, x=on.gutter - 6, y=bar_y + 12, text_anchor="end", class_="t-lane")
    else:
        right = x0 > on.width * 0.6
        yield el(
            "text", shown, x=x1 if right else x0, y=bar_y - 4, class_="t-lane", text_anchor="end" if right else "start"
        )
    tip = el("title", f"{fault.name}: {at(fault.start)} to {at(fault.end)} ({seconds(fault.end - fault.start)})")
    yield el("rect", tip, x=x0, y=bar_y, width=max(4.0, x1 - x0), height=bar_h, rx=2, class_="fault")
    back = next((r for r in recoveries if r.fault == fault.name), None)
    if back is None or back.seconds is None:
        return
    x2, middle = max(x1, x0 + 4), bar_y + bar_h / 2
    if back.since is not None:  # without it the way back has a length but no place
        x2 = max(x2, on.x(back.since + back.seconds))
        tip = el("title", f"{fault.name}: {back.text}")
        yield el(
            "path",
            tip,
            d=f"M{max(x1, x0 + 4):.1f} {middle:.1f}H{x2:.1f}M{x2:.1f} {bar_y:.1f}v{bar_h:.1f}",
            class_="back",
        )
    if on.gutter and x2 < on.width - 130:
        yield el("text", f"back after {seconds(back.seconds)}", x=x2 + 6, y=bar_y + 12, class_="t-axis")


def _events(events: tuple[EventView, ...], on: Canvas, y: float) -> Iterator[Html]:
    if on.gutter:
        yield el("text", "events", x=on.gutter - 6, y=y + 4, text_anchor="end", class_="t-lane")
    yield el("line", x1=on.x(0), x2=on.x(on.end), y1=y, y2=y, class_="grid")
    seen: set[tuple[int, str]] = set()
    for event in sorted(events, key=lambda e: list(_MARKS).index(e.level) if e.level in _MARKS else 0):
        place = (round(on.x(event.t) / 2), event.level)
        if place not in seen:
            seen.add(place)
            yield mark(event.level, on.x(event.t), y, f"{at(event.t)} {event.text}")


def mark(level: str, x: float, y: float, tip: str = "") -> Html:
    """The sign of an event: a dot, a triangle for a warning, a square for an error."""
    title = el("title", tip) if tip else Html("")
    kind = _MARKS.get(level, "mark-info")
    if level == "warning":
        return el("path", title, d=f"M{x:.1f} {y - 6:.1f}l6 11h-12z", class_=kind)
    if level == "error":
        return el("rect", title, x=x - 4.5, y=y - 4.5, width=9, height=9, class_=kind)
    return el("circle", title, cx=x, cy=y, r=3.5, class_=kind)


def _axis(on: Canvas, y: float) -> Iterator[Html]:
    step = nice(on.end / (10 if on.gutter else 5))
    for i in range(math.floor(on.end / step + 1e-6) + 1):
        x = on.x(i * step)
        yield el("line", x1=x, x2=x, y1=y - 4, y2=y, class_="tick")
        yield el("text", f"{i * step:g}", x=x, y=y + 12, text_anchor="middle", class_="t-axis")
    yield el("text", "seconds after the start", x=on.x(on.end), y=y + 25, text_anchor="end", class_="t-axis")
