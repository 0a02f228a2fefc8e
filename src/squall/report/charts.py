"""Charts as inline SVG, drawn on the server: no script, no request, legible at 320 px and in print.

Colours come from the style sheet by class; lines also differ by width and dash, so colour never stands alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import msgspec

from squall.report.markup import Html, el
from squall.report.model import Bin, SeriesView, Span, Threshold
from squall.report.words import NEVER, at, number, plural, seconds, share

WIDTH, HEIGHT = 380.0, 214.0
LEFT, RIGHT, TOP, BOTTOM = 50.0, 10.0, 28.0, 36.0
_STRIP = 20.0
_FLOORS = (0.99, 0.98, 0.95, 0.9, 0.8, 0.5, 0.0)
Value = Callable[[Bin], float | None]


class Axis(msgspec.Struct, frozen=True, kw_only=True):
    """A vertical scale: `low` at the bottom, `high` at the top, `word` names a value."""

    low: float
    high: float
    word: Callable[[float], str]
    log: bool = False
    never: bool = False
    """Keep a strip at the top for what is infinite."""

    def y(self, value: float) -> float:
        """The height on the chart, held within it."""
        if value == math.inf:
            return TOP
        low, high, v = self.low, self.high, min(max(value, self.low), self.high)
        part = math.log(v / low) / math.log(high / low) if self.log else (v - low) / (high - low)
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM - (_STRIP if self.never else 0))

    def ticks(self) -> list[float]:
        """Three to six handsome values."""
        if self.log:
            sparse, dense = _steps(self.low, self.high, (1,)), _steps(self.low, self.high, (1, 2, 5))
            return sparse if len(sparse) >= 3 else dense
        step = nice((self.high - self.low) / 5)
        first = math.ceil(self.low / step - 1e-6)
        return [i * step for i in range(first, math.floor(self.high / step + 1e-6) + 1)]


def _steps(low: float, high: float, digits: tuple[int, ...]) -> list[float]:
    """`digits` times the powers of ten from `low` to `high`."""
    first, last = math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1
    found = [d * 10.0**e for e in range(first, last) for d in digits]
    return [x for x in found if low * 0.999 <= x <= high * 1.001]


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What all charts of a report share: the time axis, phases and fault windows."""

    end: float
    phases: tuple[Span, ...]
    faults: tuple[Span, ...]

    def x(self, t: float) -> float:
        """The place of a moment."""
        return LEFT + min(max(t / self.end, 0.0), 1.0) * (WIDTH - LEFT - RIGHT)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a chart."""

    name: str
    style: str
    value: Value


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """What one chart shows; without `lines` it stacks the errors by reason."""

    title: str
    unit: str
    axis: Axis
    lines: Sequence[Line]
    limits: Sequence[Threshold]
    note: str = ""


def nice(x: float) -> float:
    """The next of 1, 2, 2.5, 5, 10 times a power of ten."""
    if x <= 0:
        return 1.0
    base = 10.0 ** math.floor(math.log10(x))
    return next(m * base for m in (1, 2, 2.5, 5, 10) if m * base >= x * 0.999)


def availability(series: SeriesView, frame: Frame) -> Html:
    """Share of successful readings."""
    limits = [t for t in series.thresholds if t.metric == "successRate"]
    known = [b.availability for b in series.bins if b.availability is not None]
    lowest = min([*known, *(t.limit for t in limits)], default=0.0)
    floor = next(f for f in _FLOORS if f < lowest - 0.002 or f == 0.0)
    axis = Axis(low=floor, high=1.0, word=_percent)
    lines = [Line(name="successful", style="l-ok", value=lambda b: b.availability)]
    note = "" if floor == 0 else f"the scale begins at {_percent(floor)}"
    return _figure(
        series,
        frame,
        Plot(
            title="Availability",
            unit="share of readings that succeeded",
            axis=axis,
            lines=lines,
            limits=limits,
            note=note,
        ),
    )


def latency(series: SeriesView, frame: Frame) -> Html:
    """p50, p95 and p99 with the bands between them; logarithmic where they span more than a factor of 30."""
    limits = [t for t in series.thresholds if t.metric in ("p50", "p90", "p95", "p99")]
    read = [x for b in series.bins for x in (b.p50, b.p95, b.p99) if x is not None]
    never, known = math.inf in read, [x for x in read if 0 < x < math.inf]
    top = max(known, default=0.001)
    shown = [t for t in limits if t.limit <= 12 * top]
    top, low = max([top, *(t.limit for t in shown)]), min(known, default=0.0)
    log = low > 0 and top / low > 30
    if log:
        ends = _steps(low / 10, top * 10, (1, 2, 5))
        below, above = max(x for x in ends if x <= low), min(x for x in ends if x >= top * 1.1)
        axis = Axis(low=below, high=above, word=seconds, log=True, never=never)
    else:
        axis = Axis(low=0.0, high=_headroom(top), word=seconds, never=never)
    lines = [
        Line(name="p99", style="l-p99", value=lambda b: b.p99),
        Line(name="p95", style="l-p95", value=lambda b: b.p95),
        Line(name="p50", style="l-p50", value=lambda b: b.p50),
    ]
    left_out = [f"{t.text} lies above" for t in {t.text: t for t in limits if t not in shown}.values()]
    note = "; ".join((["logarithmic scale"] if log else []) + left_out)
    return _figure(
        series,
        frame,
        Plot(
            title="Latency",
            unit="a failed reading counts as never answered",
            axis=axis,
            lines=lines,
            limits=shown,
            note=note,
        ),
    )


def errors(series: SeriesView, frame: Frame) -> Html:
    """Share of failed readings, stacked by reason."""
    limits = [t for t in series.thresholds if t.metric == "errorRate"]
    worst = max(
        [1 - b.availability for b in series.bins if b.availability is not None] + [t.limit for t in limits], default=0
    )
    axis = Axis(low=0.0, high=min(1.0, _headroom(max(worst, 0.008))), word=_percent)
    note = "" if worst else "no reading failed"
    return _figure(
        series,
        frame,
        Plot(
            title="Error rate",
            unit="share of readings that failed, by reason",
            axis=axis,
            lines=(),
            limits=limits,
            note=note,
        ),
    )


def value(series: SeriesView, frame: Frame) -> Html:
    """The mean of a numeric probe."""
    limits = [t for t in series.thresholds if t.metric in ("value", "mean", "max", "min")]
    known = [b.value for b in series.bins if b.value is not None] + [t.limit for t in limits]
    low, high = min([0.0, *known]), max([*known, 0.0])
    axis = Axis(low=-_headroom(-low) if low < 0 else 0.0, high=_headroom(high) if high > 0 else 1.0, word=number)
    lines = [Line(name="mean", style="l-ok", value=lambda b: b.value)]
    return _figure(
        series, frame, Plot(title="Value", unit="as the probe reads it", axis=axis, lines=lines, limits=limits)
    )


def _headroom(x: float) -> float:
    step = nice(x / 4)
    return step * math.ceil(x / step + 0.08)


def _percent(x: float) -> str:
    return f"{100 * x:.4g}%"


# ---------------------------------------------------------------- one chart


def _figure(series: SeriesView, frame: Frame, plot: Plot) -> Html:
    lines, axis = plot.lines, plot.axis
    drawn = [*_ground(frame), *_grid(frame, axis)]
    drawn += _lines(series.bins, frame, axis, lines) if lines else _stacks(series, frame, axis)
    drawn += [*_limits(plot.limits, frame, axis), *_hits(series, frame, lines)]
    spoken = _spoken(series, plot.title)
    label = f"{plot.title} of {series.name}"
    svg = el(
        "svg",
        el("title", label),
        el("desc", spoken),
        drawn,
        viewBox=f"0 0 {WIDTH:.0f} {HEIGHT:.0f}",
        role="img",
        aria_label=f"{label}. {spoken}",
        class_="chart",
    )
    noted = el("span", plot.note, class_="scale") if plot.note else ""
    caption = el("figcaption", el("b", plot.title), " ", el("span", plot.unit, class_="unit"), noted)
    return el("figure", caption, svg, _legend(series, lines), class_="plot")


def _ground(frame: Frame) -> Iterator[Html]:
    """Phases as shades with names, fault windows as bars along the top of the plot."""
    bottom = HEIGHT - BOTTOM
    for phase in frame.phases:
        x0, x1 = frame.x(phase.start), frame.x(phase.end)
        yield el("rect", x=x0, y=TOP, width=max(0.0, x1 - x0), height=bottom - TOP, class_=f"ph ph-{phase.name}")
        if phase.start > 0:
            yield el("line", x1=x0, x2=x0, y1=TOP - 20, y2=bottom, class_="edge")
        if x1 - x0 > 7.2 * len(phase.name):
            yield el("text", phase.name, x=(x0 + x1) / 2, y=TOP - 11, class_="t-phase", text_anchor="middle")
    for fault in frame.faults:
        x0, x1 = frame.x(fault.start), frame.x(fault.end)
        yield el("rect", x=x0, y=TOP, width=max(2.0, x1 - x0), height=bottom - TOP, class_="harm")
        yield el("rect", x=x0, y=TOP - 7, width=max(3.0, x1 - x0), height=4, class_="harm-bar")


def _grid(frame: Frame, axis: Axis) -> Iterator[Html]:
    for tick in axis.ticks():
        y = axis.y(tick)
        yield el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid")
        yield el("text", axis.word(tick), x=LEFT - 6, y=y + 4, text_anchor="end", class_="t-axis")
    if axis.never:
        yield el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=TOP, y2=TOP, class_="grid")
        yield el("text", NEVER, x=LEFT - 6, y=TOP + 4, text_anchor="end", class_="t-axis")
    step = nice(frame.end / 6)
    for i in range(math.floor(frame.end / step + 1e-6) + 1):
        x = frame.x(i * step)
        yield el("line", x1=x, x2=x, y1=HEIGHT - BOTTOM, y2=HEIGHT - BOTTOM + 4, class_="tick")
        yield el("text", f"{i * step:g}", x=x, y=HEIGHT - BOTTOM + 16, text_anchor="middle", class_="t-axis")
    yield el(
        "text",
        "seconds after the start",
        x=(LEFT + WIDTH - RIGHT) / 2,
        y=HEIGHT - 5,
        text_anchor="middle",
        class_="t-axis",
    )


def _points(bins: Sequence[Bin], frame: Frame, axis: Axis, value_of: Value) -> list[list[tuple[float, float]]]:
    """Runs of neighbouring spans with data; a gap in the data is a gap in the line."""
    runs: list[list[tuple[float, float]]] = [[]]
    for one in bins:
        v = value_of(one)
        if v is None:
            runs.append([])
        else:
            runs[-1].append((frame.x((one.start + one.end) / 2), axis.y(v)))
    return [run for run in runs if run]


def _lines(bins: Sequence[Bin], frame: Frame, axis: Axis, lines: Sequence[Line]) -> Iterator[Html]:
    """Bands between neighbouring lines first, the lines upon them."""
    for upper, lower in pairwise(lines):
        for above, below in zip(
            _points(bins, frame, axis, upper.value), _points(bins, frame, axis, lower.value), strict=False
        ):
            yield el("polygon", points=_path([*above, *reversed(below)]), class_=f"band {upper.style}")
    for line in lines:
        for run in _points(bins, frame, axis, line.value):
            if len(run) == 1:
                yield el("circle", cx=run[0][0], cy=run[0][1], r=2.5, class_=f"dot {line.style}")
            else:
                yield el("polyline", points=_path(run), class_=f"line {line.style}")


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _stacks(series: SeriesView, frame: Frame, axis: Axis) -> Iterator[Html]:
    for one in series.bins:
        x0, x1 = frame.x(one.start), frame.x(one.end)
        base = 0.0
        for i, count in enumerate(one.errors):
            if not count:
                continue
            top = base + count / one.n
            y0, y1 = axis.y(base), axis.y(top)
            yield el("rect", x=x0 + 0.4, y=y1, width=max(1.0, x1 - x0 - 0.8), height=y0 - y1, class_=f"bar e-{i}")
            base = top


def _limits(limits: Sequence[Threshold], frame: Frame, axis: Axis) -> Iterator[Html]:
    """Each bound as a dashed line over the phases in which it is judged, named once, at the end of the last of them."""
    ends: dict[str, tuple[float, float]] = {}
    for limit in limits:
        span = next((p for p in frame.phases if p.name == limit.phase), None)
        x0, x1 = (frame.x(span.start), frame.x(span.end)) if span else (LEFT, WIDTH - RIGHT)
        y = axis.y(limit.limit)
        yield el("line", x1=x0, x2=x1, y1=y, y2=y, class_="limit")
        ends[limit.text] = max(ends.get(limit.text, (0.0, y)), (x1, y))
    for text, (x1, y) in ends.items():
        beside = x1 < WIDTH / 2  # there is room to the right of the line's end
        place, anchor = (x1 + 5, "start") if beside else (WIDTH - RIGHT - 2, "end")
        above = y - 5 if y - 14 > TOP else y + 13
        yield el("text", text, x=place, y=y + 4 if beside else above, text_anchor=anchor, class_="t-limit")


def _hits(series: SeriesView, frame: Frame, lines: Sequence[Line]) -> Iterator[Html]:
    """Invisible columns that say their numbers when pointed at."""
    for one in series.bins:
        x0, x1 = frame.x(one.start), frame.x(one.end)
        tip = el("title", f"{at(one.start)} to {at(one.end)}: {_said(series, one, lines)}")
        yield el("rect", tip, x=x0, y=TOP, width=max(1.0, x1 - x0), height=HEIGHT - TOP - BOTTOM, class_="hit")


def _said(series: SeriesView, one: Bin, lines: Sequence[Line]) -> str:
    if not one.n:
        return "no readings"
    if not lines:
        parts = [f"{n} {reason}" for n, reason in zip(one.errors, series.reasons, strict=True) if n]
        return ", ".join(parts or ["no errors"]) + f" ({plural(one.n, 'reading')})"
    words = {"successful": share, "mean": number}
    parts = [
        f"{line.name} {words.get(line.name, seconds)(v)}"
        for line in reversed(lines)
        if (v := line.value(one)) is not None
    ]
    return ", ".join(parts) + f" ({plural(one.n, 'reading')})"


_SPOKEN: dict[str, tuple[str, str, Callable[[float], str]]] = {
    "Availability": ("availability", "availability", share),
    "Latency": ("p95 latency", "p95", seconds),
    "Error rate": ("error rate", "error_rate", share),
    "Value": ("value", "value", number),
}


def _spoken(series: SeriesView, title: str) -> str:
    """The chart in a sentence, for those who do not see it."""
    kind, field, word = _SPOKEN[title]
    parts = []
    for stat in series.stats:
        got: float | None = getattr(stat, field)
        parts.append(f"{stat.phase} {'no readings' if got is None else word(got)}")
    return f"{kind}: {', '.join(parts)}" if parts else f"{kind}: no phases"


def _legend(series: SeriesView, lines: Sequence[Line]) -> Html:
    items: list[Html] = []
    if not lines:
        items += [
            _item(el("rect", x=2, y=1, width=16, height=10, class_=f"bar e-{i}"), r)
            for i, r in enumerate(series.reasons)
        ]
    elif len(lines) > 1:
        items += [_item(el("line", x1=0, x2=20, y1=6, y2=6, class_=f"line {x.style}"), x.name) for x in reversed(lines)]
    return el("ul", items, class_="legend") if items else Html("")


def key() -> Html:
    """The legend that all charts share."""
    active = _item(el("rect", x=2, y=4, width=16, height=4, class_="harm-bar"), "a fault was active")
    limit = _item(el("line", x1=0, x2=20, y1=6, y2=6, class_="limit"), "a bound, over the phase in which it was judged")
    return el("ul", active, limit, class_="legend key")


def _item(mark: Html, name: str) -> Html:
    return el("li", el("svg", mark, viewBox="0 0 20 12", aria_hidden="true"), name)
