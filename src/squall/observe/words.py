"""Numbers and bounds as people read them: `812ms`, `97.3%`, `< 800ms`."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Literal

from squall.spec.model import Metric
from squall.spec.scalars import Bound

Unit = Literal["", "percent", "duration", "text"]

_UNITS: dict[str, Unit] = {
    "successRate": "percent", "errorRate": "percent", "errorRateIncrease": "percent", "status": "", "exitCode": "",
}  # fmt: skip
_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def unit_of(metric: Metric | str, bound: Bound) -> Unit:
    """The unit in which a metric is shown; a value's is that of its bound."""
    return bound.unit if metric == "value" else _UNITS.get(metric, "duration")


def show(value: float | str | None, unit: Unit) -> str:
    """One number in its unit."""
    if value is None or isinstance(value, str):
        return "nothing" if value is None else value
    if math.isinf(value):
        return "never"
    if unit == "percent":
        return f"{100 * value:.4g}%"
    if unit == "duration":
        return f"{1000 * value:.3g}ms" if abs(value) < 0.9995 else f"{value:.3g}s"
    return f"{value:.6g}"


def show_bound(metric: Metric | str, bound: Bound) -> str:
    """`>= 99%`, `< 800ms`, `== ready`."""
    return f"{bound.op} {show(bound.value, unit_of(metric, bound))}"


def meets(value: float | str, bound: Bound) -> bool:
    """Whether one value satisfies the bound; text can only be equal or not."""
    if bound.op in ("==", "!="):
        return (value == bound.value) is (bound.op == "==")
    if isinstance(value, str) or isinstance(bound.value, str):
        return False
    return _ORDER[bound.op](value, bound.value)
