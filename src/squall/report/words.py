"""Numbers and names worded for people: one place, so that every format says the same.

Never rounds a loss away: 99.996 % is `>99.99%`, not 100 %. What was not read is `MISSING`.
"""

from __future__ import annotations

import math
import re
import unicodedata

MISSING = "no readings"
NEVER = "never"
"""The time of an answer that did not come."""
BEFORE, DURING, AFTER = "baseline", "fault", "recovery"
PHASES = (BEFORE, DURING, AFTER)
_PHASE_NAMES = {"before": BEFORE, "during": DURING, "after": AFTER}
_DURATIONS = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_BOUND = re.compile(r"^\s*(<=|>=|==|!=|<|>)\s*([+-]?[\d.]+(?:e[+-]?\d+)?)\s*(%|us|µs|ms|s|m|h)?\s*$", re.IGNORECASE)
_LATENCIES = ("p50", "p90", "p95", "p99", "mean", "max", "min")
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def finite(x: float | str | None) -> float | None:
    """`x` where it is a number that can be shown, else None."""
    if isinstance(x, bool) or not isinstance(x, int | float) or not math.isfinite(x):
        return None
    return float(x)


def printable(text: str) -> str:
    """`text` without control characters and direction overrides, which could disguise or steer a terminal."""
    if text.isprintable():
        return text
    return "".join("\ufffd" if _hidden(c) else c for c in text.replace("\n", " ").replace("\t", " "))


def _hidden(c: str) -> bool:
    return c in _BIDI or unicodedata.category(c) in ("Cc", "Cs") or ord(c) in (0xFFFE, 0xFFFF)


def phase(name: str) -> str:
    """The phase's one name: `before` is `baseline`, `during` is `fault`, `after` is `recovery`."""
    return _PHASE_NAMES.get(name, name)


def number(x: float) -> str:
    """Three significant digits, thousands grouped."""
    if x == 0 or 1e-3 <= abs(x) < 1e15:
        digits = max(0, 2 - math.floor(math.log10(abs(x)))) if x else 0
        text = f"{x:,.{digits}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{x:.2e}"


def share(x: float) -> str:
    """A fraction as percent; only a true 0 and 1 read as 0% and 100%."""
    if x in (0, 1):
        return f"{x:.0%}"
    if 0 < x < 1e-4:
        return "<0.01%"
    if 1 - 1e-4 < x < 1:
        return ">99.99%"
    near = min(abs(x), abs(1 - x))
    return f"{100 * x:.{2 if near < 0.01 else 1}f}%"


def seconds(x: float) -> str:
    """A duration: `12.3 ms`, `850 ms`, `2.14 s`, `1 min 15 s`, `2 h 5 min`; infinite is `NEVER`."""
    if not math.isfinite(x):
        return NEVER
    sign, x = ("-" if x < 0 else ""), abs(x)
    if x >= 59.95:
        return sign + _long(x)
    if x == 0 or x >= 0.9995:
        return f"{sign}{number(x)} s"
    return f"{sign}{number(x * 1e3)} ms" if x >= 0.9995e-3 else f"{sign}{number(x * 1e6)} µs"


def _long(x: float) -> str:
    minutes, rest = divmod(round(x), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def at(t: float) -> str:
    """A moment of the run, relative to its beginning: `+12.3 s`, `+2:05.0`."""
    if t < 60:
        return f"+{max(0.0, t):.1f} s"
    minutes, rest = divmod(t, 60)
    return f"+{int(minutes)}:{rest:04.1f}"


def bound(text: str) -> tuple[str, float | None, str]:
    """Operator, number in base units and unit (`percent duration` or empty) of a bound such as `< 800ms`."""
    match = _BOUND.match(text)
    if not match:
        return "", None, ""
    op, digits, suffix = match.groups()
    try:
        value = float(digits)
    except ValueError:
        return op, None, ""
    if suffix == "%":
        return op, value / 100, "percent"
    if suffix:
        return op, value * _DURATIONS[suffix.lower()], "duration"
    return op, value, ""


def unit_of(metric: str, bound_unit: str) -> str:
    """The unit in which a metric is shown: the bound's own, else what the metric implies."""
    if metric in ("successRate", "errorRate", "errorRateIncrease"):
        return "percent"
    if bound_unit:
        return bound_unit
    return "duration" if metric in _LATENCIES else ""


def quantity(x: float | str | None, unit: str) -> str:
    """A measured value in its unit, or `MISSING`."""
    if isinstance(x, str):
        return printable(x)
    value = finite(x)
    if value is None:
        return MISSING
    if unit in ("percent", "fraction", "share", "ratio", "%"):
        return share(value / 100 if unit == "%" else value)
    if unit in ("duration", "s", "seconds"):
        return seconds(value)
    return f"{number(value)} {printable(unit)}".rstrip()


def plural(n: int, noun: str, many: str = "") -> str:
    """`1 fault`, `2 faults`, `no faults`."""
    word = noun if n == 1 else (many or noun + "s")
    return f"{n or 'no'} {word}"


def listed(items: list[str], most: int = 3) -> str:
    """`a, b and c`, `a, b, c and 4 more`."""
    if len(items) > most:
        items = [*items[:most], f"{len(items) - most} more"]
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1] if items else ""
