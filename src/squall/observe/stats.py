"""Statistics for judgements, on the standard library alone: estimates always come with their interval.

Sources: Wilson 1927; Newcombe 1998 (Statistics in Medicine 17, 873-890, method 10); David & Nagaraja, Order Statistics,
7.1 (distribution-free intervals of quantiles); Abramowitz & Stegun 26.5, 26.7 (Student's t by the incomplete beta).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache

import msgspec

CONFIDENCE = 0.95
_EXACT_MAX = 2000
"""Above this many values the binomial of a quantile's interval is taken as normal."""
_NORMAL_DF = 500


class Interval(msgspec.Struct, frozen=True):
    """`estimate` between `low` and `high`, from `n` values. An end that the values do not bound is infinite."""

    estimate: float
    low: float
    high: float
    n: int


def wilson(hits: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """A proportion with Wilson's score interval. Raises ValueError for n = 0."""
    _need(n, 1)
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} hits of {n} are not a proportion")
    z = z_of(confidence)
    p = hits / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if hits == 0 else max(0.0, centre - half)
    high = 1.0 if hits == n else min(1.0, centre + half)
    return Interval(p, low, high, n)


def difference(hits: int, n: int, base_hits: int, base_n: int, confidence: float = CONFIDENCE) -> Interval:
    """hits/n - base_hits/base_n with Newcombe's hybrid score interval."""
    a = wilson(hits, n, confidence)
    b = wilson(base_hits, base_n, confidence)
    d = a.estimate - b.estimate
    low = d - math.hypot(a.estimate - a.low, b.high - b.estimate)
    high = d + math.hypot(a.high - a.estimate, b.estimate - b.low)
    return Interval(d, low, high, n + base_n)


def quantile(values: Sequence[float], q: float, confidence: float = CONFIDENCE) -> Interval:
    """The `q` quantile (nearest rank) with its distribution-free interval of order statistics; values may be infinite.

    Coverage is at least `confidence` on each side; with too few values an end is unbounded.
    """
    _need(len(values), 1)
    if not 0.0 < q < 1.0:
        raise ValueError("a quantile lies between 0 and 1")
    ordered = sorted(values)
    n = len(ordered)
    estimate = ordered[max(1, math.ceil(n * q - 1e-9)) - 1]
    lower, upper = _ranks(n, q, (1 - confidence) / 2)
    low = ordered[lower - 1] if lower >= 1 else -math.inf
    high = ordered[upper - 1] if upper <= n else math.inf
    return Interval(estimate, low, high, n)


def _ranks(n: int, q: float, tail: float) -> tuple[int, int]:
    """Ranks (from 1) of the two order statistics; 0 and n + 1 are unbounded. P(B < lower), P(B >= upper) <= tail."""
    if n > _EXACT_MAX:
        half = z_of(1 - 2 * tail) * math.sqrt(n * q * (1 - q))
        return math.floor(n * q - half), math.ceil(n * q + half) + 1
    below, lower, upper = 0.0, 0, n + 1
    for k in range(n + 1):
        if below <= tail:
            lower = k
        if 1 - below <= tail + 1e-12:
            upper = k
            break
        below += math.exp(
            math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
            + k * math.log(q) + (n - k) * math.log1p(-q)
        )  # fmt: skip
    return lower, upper


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two in the middle."""
    _need(len(values), 1)
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def mad(values: Sequence[float]) -> float:
    """Median absolute deviation, times 1.4826 so that it estimates the standard deviation of normal values."""
    middle = median(values)
    return 1.4826 * median([abs(value - middle) for value in values])


def mean(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """The mean with Student's interval; one value bounds nothing."""
    n = len(values)
    _need(n, 1)
    centre = math.fsum(values) / n
    if n == 1:
        return Interval(centre, -math.inf, math.inf, 1)
    half = t_of(confidence, n - 1) * deviation(values) / math.sqrt(n)
    return Interval(centre, centre - half, centre + half, n)


def deviation(values: Sequence[float]) -> float:
    """The sample standard deviation. Raises ValueError for fewer than two values."""
    _need(len(values), 2)
    centre = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1))


def slope(times_s: Sequence[float], values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Change per second by least squares, with Student's interval. Raises ValueError under two distinct moments."""
    n = len(times_s)
    _need(n, 2)
    if n != len(values):
        raise ValueError("as many moments as values are needed")
    middle = math.fsum(times_s) / n
    level = math.fsum(values) / n
    spread = math.fsum((t - middle) ** 2 for t in times_s)
    if spread == 0:
        raise ValueError("a slope needs two distinct moments")
    rise = math.fsum((t - middle) * (v - level) for t, v in zip(times_s, values, strict=True)) / spread
    if n == 2:
        return Interval(rise, -math.inf, math.inf, 2)
    residual = math.fsum((v - level - rise * (t - middle)) ** 2 for t, v in zip(times_s, values, strict=True))
    half = t_of(confidence, n - 2) * math.sqrt(residual / (n - 2) / spread)
    return Interval(rise, rise - half, rise + half, n)


@cache
def z_of(confidence: float) -> float:
    """The two-sided normal critical value: 1.96 for 0.95."""
    return _critical(lambda x: math.erfc(x / math.sqrt(2)), confidence)


@cache
def t_of(confidence: float, df: int) -> float:
    """The two-sided critical value of Student's t with `df` degrees of freedom: 2.228 for 0.95 and 10."""
    _need(df, 1)
    if df > _NORMAL_DF:
        z = z_of(confidence)
        return z + (z**3 + z) / (4 * df)
    return _critical(lambda x: _beta(df / 2, 0.5, df / (df + x * x)), confidence)


def _critical(tails: Callable[[float], float], confidence: float) -> float:
    """The x at which both tails together weigh 1 - confidence, by bisection."""
    if not 0.0 < confidence < 1.0:
        raise ValueError("a confidence lies between 0 and 1")
    low, high = 0.0, 1.0
    while tails(high) > 1 - confidence:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if tails(middle) > 1 - confidence else (low, middle)
    return (low + high) / 2


def _beta(a: float, b: float, x: float) -> float:
    """The regularized incomplete beta function."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )  # fmt: skip
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, 1 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta, by Lentz's method (A&S 26.5.8)."""
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    total = d
    for m in range(1, 400):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        before = total
        for term in (even, odd):
            d = 1 / _away(1 + term * d)
            c = _away(1 + term / c)
            total *= c * d
        if abs(total - before) < 1e-15 * abs(total):
            break
    return total


def _away(x: float) -> float:
    return x if abs(x) > 1e-300 else 1e-300


def _need(n: int, least: int) -> None:
    if n < least:
        raise ValueError(f"{n} values, and at least {least} are needed")
