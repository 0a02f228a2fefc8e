"""Readings summed up: by phase for tables, by short spans for pictures. Pure.

Percentiles are over all readings, as in `squall.observe.judge`: a failed one counts as infinitely slow, so that a
system does not look faster by failing. A percentile that lies among the failed is infinite and worded `never`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from squall.observe.api import Reading
from squall.report.model import Bin, Span, Stat
from squall.report.words import finite, printable

BINS_MAX = 80
REASONS_MAX = 3
OTHER = "other"
_S = TypeVar("_S", Bin, Stat)
_STEPS = tuple(m * 10.0**e for e in range(-2, 7) for m in (1, 2, 5))


class _Sum(msgspec.Struct):
    """What is known of one set of readings."""

    n: int
    availability: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    value: float | None


def quantile(ordered: Sequence[float], q: float) -> float | None:
    """The `q` quantile of sorted values by nearest rank, as `squall.observe.stats` has it; None of nothing."""
    return ordered[max(1, math.ceil(len(ordered) * q - 1e-9)) - 1] if ordered else None


def timed(readings: Iterable[Reading]) -> bool:
    """Whether the latency of this probe means anything: some reading that succeeded has one."""
    return any(r.ok and finite(r.latency_s) is not None for r in readings)


def stat(readings: Sequence[Reading], span: Span, with_latency: bool) -> Stat:
    """The readings within `span`, summed up."""
    s = _sum([r for r in readings if span.start <= r.at < span.end], with_latency)
    failing = None if s.availability is None else 1 - s.availability
    return Stat(
        phase=span.name, n=s.n, availability=s.availability, error_rate=failing,
        p50=s.p50, p95=s.p95, p99=s.p99, value=s.value,
    )  # fmt: skip


def reasons(readings: Iterable[Reading]) -> tuple[str, ...]:
    """The commonest errors, at most `REASONS_MAX`, then `OTHER` if there are more."""
    counts = Counter(_reason(r) for r in readings if not r.ok)
    common = [text for text, _ in counts.most_common(REASONS_MAX)]
    return tuple(common) + ((OTHER,) if len(counts) > REASONS_MAX else ())


def bins(readings: Sequence[Reading], end: float, origin: float, why: tuple[str, ...]) -> tuple[float, tuple[Bin, ...]]:
    """The width and the spans that cover 0 to `end`, with an edge at `origin` so that no span mixes two phases."""
    last = max((r.at for r in readings if math.isfinite(r.at)), default=0.0)
    end = max(end, last)
    if end <= 0 or not readings:
        return 0.0, ()
    width, with_latency = _width(end, len(readings)), timed(readings)
    first = origin - math.ceil(origin / width - 1e-9) * width
    count = math.ceil((end - first) / width - 1e-9)
    groups: dict[int, list[Reading]] = {}
    for r in readings:
        if math.isfinite(r.at):
            place = math.floor((r.at - first) / width + 1e-9)
            groups.setdefault(min(max(place, 0), count - 1), []).append(r)
    sums = (_sum(groups.get(i, []), with_latency) for i in range(count))
    return width, tuple(
        Bin(
            start=max(0.0, first + i * width),
            end=min(end, first + (i + 1) * width),
            n=s.n,
            availability=s.availability,
            p50=s.p50,
            p95=s.p95,
            p99=s.p99,
            value=s.value,
            errors=_errors(groups.get(i, []), why),
        )
        for i, s in enumerate(sums)
    )


def without_values(sums: tuple[_S, ...]) -> tuple[_S, ...]:
    """The same without the numbers that the probe read, where only its time and success are of interest."""
    return tuple(msgspec.structs.replace(s, value=None) for s in sums)


def _width(end: float, n: int) -> float:
    """The shortest handsome span that gives enough readings in each for a percentile, and few enough spans."""
    for step in _STEPS:
        enough = n * step / end >= 10 or end / step <= 30
        if end / step <= BINS_MAX and enough:
            return step
    return end / BINS_MAX


def _errors(readings: Iterable[Reading], why: tuple[str, ...]) -> tuple[int, ...]:
    counts = Counter(_reason(r) for r in readings if not r.ok)
    named = tuple(counts.pop(reason, 0) for reason in why if reason != OTHER)
    return (*named, counts.total()) if why and why[-1] == OTHER else named


def _sum(readings: Sequence[Reading], with_latency: bool) -> _Sum:
    n = len(readings)
    latencies = sorted(_slowness(r) for r in readings) if with_latency else []
    values = [x for r in readings if (x := finite(r.value)) is not None]
    return _Sum(
        n=n,
        availability=sum(r.ok for r in readings) / n if n else None,
        p50=quantile(latencies, 0.5),
        p95=quantile(latencies, 0.95),
        p99=quantile(latencies, 0.99),
        value=sum(values) / len(values) if values else None,
    )


def _slowness(reading: Reading) -> float:
    latency = finite(reading.latency_s)
    return latency if reading.ok and latency is not None else math.inf


def _reason(reading: Reading) -> str:
    return printable(reading.error)[:60] if reading.error else "not successful"
