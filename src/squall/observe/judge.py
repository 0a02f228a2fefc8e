"""Judging readings: every bound of an expectation held against the readings of one phase. Pure.

The rule for rates, percentiles and mean (the *statistics*):

- HELD where the estimate meets the bound;
- BROKEN where the estimate violates it and no value of the 95 % interval meets it;
- INCONCLUSIVE where the estimate violates it but the interval does not exclude the bound, or with fewer than
  `min_samples` readings. Too little data is never HELD.

What the metrics mean:

- `successRate errorRate`: share of readings that are (not) `ok`; Wilson's interval.
- `p50 p90 p95 p99 max`: of the latency; a failed reading counts as infinitely slow (`never`).
- `mean min`: of the latency of the answered readings; INCONCLUSIVE instead of HELD where fewer than half were answered.
- `value`: in the phases `during` and `fault` every reading with a value must meet the bound, and INCONCLUSIVE instead
  of HELD where fewer than half have one; in every other phase the last reading decides, and without a value there it is
  INCONCLUSIVE.
- `status exitCode`: as `value`, on `Reading.code`; a reading without a code (no answer) violates the bound.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from squall.observe import stats
from squall.observe.api import Judgement, Reading, Verdict
from squall.observe.words import meets, show, show_bound, unit_of
from squall.spec.model import Expect, Metric
from squall.spec.scalars import Bound

MIN_SAMPLES = 20
SINGLE = frozenset({"value", "status", "exitCode"})
"""Metrics judged reading by reading."""
_EVERY = frozenset({"during", "fault"})
_QUANTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}
_MORE_MAX = 100_000


class _Finding(msgspec.Struct):
    """What the readings say about one bound, before it is dressed as a Judgement."""

    verdict: Verdict
    n: int
    why: str
    estimate: float | str | None = None
    low: float | None = None
    high: float | None = None


def judge(
    name: str,
    expect: Expect,
    readings: Sequence[Reading],
    phase: str,
    reveals: str = "",
    *,
    min_samples: int = MIN_SAMPLES,
) -> tuple[Judgement, ...]:
    """One judgement for each bound, in the document's order. `min_samples` is for the statistics; others need one."""
    blank = Judgement(name=name, phase=phase, metric="", bound="", verdict=Verdict.INCONCLUSIVE, reveals=reveals)
    return tuple(
        _fill(blank, metric, bound, _examine(metric, bound, readings, phase, min_samples))
        for metric, bound in expect.bounds.items()
    )


def error_rate_increase(
    baseline: Sequence[Reading],
    fault: Sequence[Reading],
    bound: Bound,
    name: str = "error rate increase",
    min_samples: int = MIN_SAMPLES,
) -> Judgement:
    """The error rate under fault minus that of the baseline, in points of a fraction, by Newcombe's interval."""
    metric = "errorRateIncrease"
    fewest = min(len(baseline), len(fault))
    if fewest < max(1, min_samples):
        side = "baseline" if len(baseline) <= len(fault) else "fault"
        why = f"{fewest} readings in the {side}, at least {max(1, min_samples)} are needed"
        found = _Finding(Verdict.INCONCLUSIVE, fewest, why)
    else:
        failed, before = _failed(fault), _failed(baseline)
        interval = stats.difference(failed, len(fault), before, len(baseline))
        spread = sum(p * (1 - p) for p in (failed / len(fault), before / len(baseline)))
        found = _weigh(metric, bound, interval, spread)
        found.why += f" (from {before} of {len(baseline)} to {failed} of {len(fault)} readings failed)"
    blank = Judgement(name=name, phase="during", metric="", bound="", verdict=Verdict.INCONCLUSIVE)
    return _fill(blank, metric, bound, found)


def holds(expect: Expect, readings: Sequence[Reading]) -> bool:
    """Whether the estimates of all bounds are met by these readings alone; every single value must meet its bound."""
    return all(_holds(metric, bound, readings) for metric, bound in expect.bounds.items())


def _holds(metric: Metric, bound: Bound, readings: Sequence[Reading]) -> bool:
    if metric in SINGLE:
        values = [_single(metric, reading) for reading in readings]
        return bool(values) and all(value is not None and meets(value, bound) for value in values)
    interval, _ = _measure(metric, bound, readings)
    return interval is not None and meets(interval.estimate, bound) and not _mute(metric, readings)


# ---------------------------------------------------------------- reading by reading


def _single(metric: Metric, reading: Reading) -> float | str | None:
    if metric == "value":
        return reading.value
    return None if reading.code is None else float(reading.code)


def _examine(metric: Metric, bound: Bound, readings: Sequence[Reading], phase: str, min_samples: int) -> _Finding:
    if not readings:
        return _Finding(Verdict.INCONCLUSIVE, 0, "no readings")
    if metric in SINGLE:
        every = phase in _EVERY
        return _examine_every(metric, bound, readings) if every else _examine_last(metric, bound, readings)
    if len(readings) < min_samples:
        why = f"{len(readings)} readings, at least {min_samples} are needed"
        return _Finding(Verdict.INCONCLUSIVE, len(readings), why)
    return _examine_statistic(metric, bound, readings)


def _examine_last(metric: Metric, bound: Bound, readings: Sequence[Reading]) -> _Finding:
    last = readings[-1]
    value = _single(metric, last)
    if value is None:
        why = f"the last reading has no {metric}: {last.error or 'no data'}"
        return _Finding(Verdict.INCONCLUSIVE if metric == "value" else Verdict.BROKEN, len(readings), why)
    verdict = Verdict.HELD if meets(value, bound) else Verdict.BROKEN
    why = f"the last {metric} is {show(value, unit_of(metric, bound))}"
    return _Finding(verdict, len(readings), why, value)


def _examine_every(metric: Metric, bound: Bound, readings: Sequence[Reading]) -> _Finding:
    values = [_single(metric, reading) for reading in readings]
    known = [value for value in values if value is not None]
    n, silent = len(values), len(values) - len(known)
    wrong = [value for value in known if not meets(value, bound)]
    missed = len(wrong) + (silent if metric != "value" else 0)
    if missed:
        shown = show(wrong[-1], unit_of(metric, bound)) if wrong else "no answer"
        why = f"{missed} of {n} readings missed the bound, the last of them with {shown}"
        return _Finding(Verdict.BROKEN, n, why, wrong[-1] if wrong else None)
    estimate = known[-1] if known else None
    if 2 * silent > n:
        error = next((reading.error for reading in reversed(readings) if reading.error), "no data")
        return _Finding(Verdict.INCONCLUSIVE, n, f"{silent} of {n} readings have no {metric}: {error}", estimate)
    why = f"all {len(known)} readings with a {metric} met the bound"
    return _Finding(Verdict.HELD, n, why + (f", {silent} had none" if silent else ""), estimate)


# ---------------------------------------------------------------- statistics


def _examine_statistic(metric: Metric, bound: Bound, readings: Sequence[Reading]) -> _Finding:
    interval, spread = _measure(metric, bound, readings)
    n, failed = len(readings), _failed(readings)
    if interval is None:
        return _Finding(Verdict.INCONCLUSIVE, n, f"none of {n} readings was answered")
    found = _weigh(metric, bound, interval, spread)
    found.n = n
    if found.verdict is Verdict.HELD and _mute(metric, readings):
        found.verdict = Verdict.INCONCLUSIVE
        found.why = f"only {n - failed} of {n} readings were answered, too few for a {metric}: bound successRate too"
    elif metric in ("successRate", "errorRate"):
        found.why += f" ({failed} of {n} readings failed)"
    elif failed:
        left_out = metric in ("mean", "min")
        found.why += f" ({failed} of {n} readings failed, {'left out' if left_out else 'counted as infinitely slow'})"
    else:
        found.why += f" ({n} readings)"
    return found


def _measure(metric: Metric, bound: Bound, readings: Sequence[Reading]) -> tuple[stats.Interval | None, float]:
    """The metric's interval, and the variance of one reading with regard to the bound (for how many more it takes)."""
    n, failed = len(readings), _failed(readings)
    if metric in ("successRate", "errorRate"):
        interval = stats.wilson(failed if metric == "errorRate" else n - failed, n)
        return interval, interval.estimate * (1 - interval.estimate)
    slow = [_slowness(reading) for reading in readings]
    if metric in _QUANTILES:
        return stats.quantile(slow, _QUANTILES[metric]), 0.0
    if metric == "max":
        return stats.Interval(max(slow), max(slow), math.inf, n), 0.0
    answered = [latency_s for latency_s in slow if math.isfinite(latency_s)]
    if not answered:
        return None, 0.0
    if metric == "min":
        return stats.Interval(min(answered), -math.inf, min(answered), len(answered)), 0.0
    return stats.mean(answered), stats.deviation(answered) ** 2 if len(answered) > 1 else 0.0


def _slowness(reading: Reading) -> float:
    return reading.latency_s if reading.ok and reading.latency_s is not None else math.inf


def _failed(readings: Sequence[Reading]) -> int:
    return sum(not reading.ok for reading in readings)


def _mute(metric: Metric, readings: Sequence[Reading]) -> bool:
    return metric in ("mean", "min") and 2 * _failed(readings) > len(readings)


def _weigh(metric: str, bound: Bound, interval: stats.Interval, variance: float) -> _Finding:
    unit = unit_of(metric, bound)
    low = "nothing" if interval.low == -math.inf else show(interval.low, unit)
    why = f"{metric} is {show(interval.estimate, unit)}, 95% interval {low} to {show(interval.high, unit)}"
    if meets(interval.estimate, bound):
        verdict = Verdict.HELD
    elif not _allows(interval, bound):
        verdict = Verdict.BROKEN
    else:
        verdict = Verdict.INCONCLUSIVE
        why += f", which does not exclude the bound: {_more(interval, bound, variance)}"
    return _Finding(verdict, interval.n, why, interval.estimate, interval.low, interval.high)


def _allows(interval: stats.Interval, bound: Bound) -> bool:
    """Whether some value within the interval meets the bound."""
    if isinstance(bound.value, str):
        return False
    if bound.op == "==":
        return interval.low <= bound.value <= interval.high
    return meets(interval.low, bound) or meets(interval.high, bound)


def _more(interval: stats.Interval, bound: Bound, variance: float) -> str:
    gap = abs(interval.estimate - bound.value) if isinstance(bound.value, float | int) else 0.0
    if variance <= 0 or gap == 0 or not math.isfinite(gap):
        return f"needs about {3 * interval.n} more readings"
    wanted = math.ceil(stats.z_of(stats.CONFIDENCE) ** 2 * variance / gap**2)
    more = max(wanted - interval.n, interval.n // 10, 1)
    return f"needs about {more} more readings" if more < _MORE_MAX else "needs far more readings than a run gives"


def _fill(blank: Judgement, metric: str, bound: Bound, found: _Finding) -> Judgement:
    endless = isinstance(found.estimate, float) and math.isinf(found.estimate)
    return msgspec.structs.replace(
        blank, metric=metric, bound=show_bound(metric, bound), verdict=found.verdict,
        estimate="never" if endless else found.estimate, low=_end(found.low), high=_end(found.high), n=found.n,
        why=found.why, reveals=blank.reveals if found.verdict is Verdict.BROKEN else "",
    )  # fmt: skip


def _end(value: float | None) -> float | None:
    return None if value is None or math.isinf(value) else value
