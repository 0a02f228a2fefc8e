"""The grammars of quantities: pure functions from text to value. A wrong text raises `GrammarError`.

The patterns are written so that Python, ECMA-262 (JSON Schema) and RE2 (Kubernetes) read them alike.
Times are seconds, shares fractions, rates bytes per second, sizes bytes.
"""

from __future__ import annotations

import math
import re
from typing import Literal, get_args

from squall.spec.scalars import Amount, Bound

Op = Literal["<", "<=", ">", ">=", "==", "!="]

DURATION_S_MAX = 366 * 86400.0
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_SHARE = r"(?:100(?:\.0+)?|[0-9]{1,2}(?:\.[0-9]+)?)%"
_DURATION = rf"(?:{_NUMBER}(?:ns|us|µs|ms|s|m|h|d|w))+"
_ISO_TIME = rf"T(?:{_NUMBER}H(?:{_NUMBER}M)?(?:{_NUMBER}S)?|{_NUMBER}M(?:{_NUMBER}S)?|{_NUMBER}S)"
_ISO = rf"P(?:{_NUMBER}W|{_NUMBER}D|(?:{_NUMBER}D)?{_ISO_TIME})"
_COUNT = r"[0-9]{1,9}"

DURATION = rf"^(?:{_DURATION}|{_ISO}|{_NUMBER})$"
SPAN = rf"^(?:{_DURATION}(?:-{_DURATION})?|{_ISO}(?:-{_ISO})?|{_NUMBER}(?:-{_NUMBER})?)$"
PERCENT = rf"^(?:{_SHARE}|0|100|[1-9][0-9]?(?:\.[0-9]+)?)$"
RATE = rf"^{_NUMBER}(?:[kmgt]?bit|[kmg]ibit|[kmgt]?bps|[kmg]ibps|[KMGT]?i?B/s|kB/s)$"
SIZE = rf"^{_NUMBER}(?:[KMGT]i?)?B?$"
AMOUNT = rf"^(?:{_COUNT}(?:-{_COUNT})?|{_SHARE}(?:-{_SHARE})?)$"
QUANTITY = rf"^(?:{_COUNT}|{_SHARE})$"
BOUND = r"^(?:[<>]=? *-?[0-9P].*|[=!]= *[^ ].*)$"
PERCENT_BOUND = rf"^(?:[<>]=?|[=!]=) *{_SHARE}$"
DURATION_BOUND = rf"^(?:[<>]=?|[=!]=) *(?:{_DURATION}|{_ISO}|{_NUMBER})$"

_UNITS_S = {"h": 3600.0, "d": 86400.0, "w": 604800.0, "m": 60.0}
_DECIMAL_SHIFT = {"ns": "e-9", "us": "e-6", "µs": "e-6", "ms": "e-3", "s": ""}
_TERM = re.compile(rf"({_NUMBER})(ns|us|µs|ms|s|m|h|d|w)")
_ISO_TERM = re.compile(rf"({_NUMBER})([WDHMS])")
_SPOKEN = re.compile(r"([0-9.]+) *(ms|s|m|h|d|w)(?:[a-z]*)", re.IGNORECASE)
_PREFIXES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_COMPARISON = re.compile(r"(>=|<=|==|!=|<|>) *(.+)")
_PLAIN = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?(?:e[-+]?[0-9]{1,2})?")


class GrammarError(ValueError):
    """A text that its grammar refuses. `fact` says why, `remedy` what to write."""

    def __init__(self, fact: str, remedy: str = "") -> None:
        super().__init__(fact)
        self.fact = fact
        self.remedy = remedy


def duration(text: str) -> float:
    """Seconds: `30s`, `1h30m`, `250ms`, `PT30S` and `P1D` (ISO 8601), or a plain number of seconds."""
    if re.fullmatch(_NUMBER, text):
        seconds = float(text)
    elif re.fullmatch(_DURATION, text):
        seconds = sum(_term_s(number, unit) for number, unit in _TERM.findall(text))
    elif re.fullmatch(_ISO, text):
        seconds = sum(_term_s(number, unit.lower()) for number, unit in _ISO_TERM.findall(text))
    else:
        raise GrammarError("is not a duration", _spoken(text) or "write it as 30s, 5m, 1h30m, 250ms or PT30S")
    return within_year(seconds)


def _term_s(number: str, unit: str) -> float:
    return float(number + _DECIMAL_SHIFT[unit]) if unit in _DECIMAL_SHIFT else float(number) * _UNITS_S[unit]


def within_year(seconds: float) -> float:
    """`seconds`, refused when longer than 366 days or less than nothing."""
    if seconds > DURATION_S_MAX:
        raise GrammarError("is longer than 366 days", "write a shorter duration")
    if seconds < 0:
        raise GrammarError("is less than nothing", "write a duration of 0 or more")
    return seconds


def _spoken(text: str) -> str:
    if re.fullmatch(r"-.*", text):
        return "write a duration of 0 or more"
    if re.fullmatch(r"P.*[YM].*", text):
        return "write days: years and months have no fixed length"
    said = _SPOKEN.fullmatch(text)
    return f"write {said.group(1)}{said.group(2).lower()}" if said else ""


def span(text: str) -> Amount:
    """A duration, or a range of two (`3m-5m`), in seconds."""
    low, dash, high = text.partition("-")
    if not dash:
        seconds = duration(text)
        return Amount(seconds, seconds)
    if "%" in text:
        raise GrammarError("is a share, not a duration", "write it as 30s or 3m-5m")
    if high and low and low[-1].isdigit() and not high[-1].isdigit():
        raise GrammarError("lacks a unit", f"write {low}{high.lstrip('0123456789.')}-{high}")
    both = Amount(duration(low), duration(high))
    if not re.fullmatch(SPAN, text):
        raise GrammarError("mixes two ways to write a duration", "write it as 3m-5m")
    return _ordered(both, f"{high}-{low}")


def _ordered(amount: Amount, turned: str) -> Amount:
    if amount.low > amount.high:
        raise GrammarError("begins above its end", f"write {turned}")
    return amount


def share(text: str) -> float:
    """A fraction from `25%` or `0.5%`."""
    if re.fullmatch(_SHARE, text):
        return float(text[:-1] + "e-2")
    if re.fullmatch(rf"{_NUMBER}%", text):
        raise GrammarError("is more than 100%", "write a share from 0% to 100%")
    raise GrammarError("is not a percentage", "write it as 25%")


def percent(text: str) -> float:
    """A fraction from `25%`, or from a plain number of percent (`25`)."""
    if not re.fullmatch(_NUMBER, text):
        return share(text)
    return percent_number(float(text))


def percent_number(number: float) -> float:
    """A fraction from a plain number of percent. Between 0 and 1 nobody can tell 0.5 % from 50 %: refused."""
    if 0 < number < 1:
        raise GrammarError("may mean a fraction or a percentage", f"write {_trim(number * 100)}% or {_trim(number)}%")
    if not 0 <= number <= 100:
        raise GrammarError("is not a percentage from 0 to 100", "write it as 25%")
    return number / 100


def _trim(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")


def rate(text: str) -> float:
    """Bytes per second, in tc's units (`mbit` bits, `mbps` bytes) or as `64KiB/s`."""
    if re.fullmatch(_NUMBER, text):
        raise GrammarError("has no unit", f"write {text}mbit for bits or {text}KiB/s for bytes")
    if not re.fullmatch(RATE, text):
        raise GrammarError("is not a rate", _rate_remedy(text))
    number, unit = _split_unit(text)
    if unit.endswith("bit"):
        return finite(number * _PREFIXES[unit.removesuffix("bit")] / 8)
    prefix = unit.removesuffix("bps").removesuffix("B/s").lower()
    return finite(number * _PREFIXES[prefix])


def finite(number: float) -> float:
    """`number`, refused when it is infinite or not a number."""
    if not math.isfinite(number):
        raise GrammarError("is not a finite number", "write a number within reason")
    return number


def _rate_remedy(text: str) -> str:
    said = re.fullmatch(rf"({_NUMBER}) *([kKmMgG]?)(?:bps|b/s|bits?|Bits?|B|Bps)", text)
    if said:
        number, prefix = said.group(1), said.group(2)
        return f"write {number}{prefix.lower()}bit for bits or {number}{prefix.upper()}B/s for bytes"
    return "write it as 10mbit, 500kbit or 64KiB/s"


def _split_unit(text: str) -> tuple[float, str]:
    digits = re.match(_NUMBER, text)
    number = digits.group() if digits else "0"
    return float(number), text[len(number) :]


def size(text: str) -> float:
    """Bytes: `256MiB`, `1GB`, `64Ki`, or a plain number of bytes."""
    if not re.fullmatch(SIZE, text):
        raise GrammarError("is not a size", "write it as 256MiB or 1GB")
    number, unit = _split_unit(text)
    return finite(number * _PREFIXES[unit.removesuffix("B").lower()])


def amount(text: str) -> Amount:
    """A count `2`, a share `50%`, or a range of either: `1-3`, `25%-50%`."""
    low, dash, high = text.partition("-")
    if not dash:
        return quantity(text)
    if high.endswith("%") and not low.endswith("%"):
        raise GrammarError("mixes a count and a share", f"write {low}%-{high}")
    if not re.fullmatch(r"[^-]+", high) or not low:
        raise GrammarError("is not an amount", "write it as 2, 50%, 1-3 or 25%-50%")
    first, last = quantity(low), quantity(high)
    if first.percent != last.percent:
        raise GrammarError("mixes a count and a share", f"write {low}-{high}%")
    return _ordered(Amount(first.low, last.low, first.percent), f"{high}-{low}")


def quantity(text: str) -> Amount:
    """A count `2` or a share `50%`."""
    if re.fullmatch(_COUNT, text):
        return Amount(float(text), float(text))
    if text.endswith("%"):
        fraction = share(text)
        return Amount(fraction, fraction, percent=True)
    if re.fullmatch(_NUMBER, text):
        raise GrammarError("is neither a whole count nor a percentage", f"write {text}% or a whole number")
    if re.fullmatch(AMOUNT, text):
        raise GrammarError("is a range where one amount is wanted", "write it as 2 or 50%")
    raise GrammarError("is not an amount", "write it as 2 or 50%")


def bound(text: str) -> Bound:
    """A comparison: `>= 99%`, `< 800ms`, `== up`."""
    op, word = _comparison(text)
    if _PLAIN.fullmatch(word):
        return Bound(op, float(word))
    if re.fullmatch(rf"{_NUMBER}%", word):
        return Bound(op, float(word[:-1] + "e-2"), "percent")
    if re.fullmatch(rf"{_DURATION}|{_ISO}", word):
        return Bound(op, duration(word), "duration")
    if op not in ("==", "!="):
        raise GrammarError(
            "compares with what is not a number", f"write a number, a percentage or a duration after {op}"
        )
    return Bound(op, _unquoted(word), "text")


def _comparison(text: str) -> tuple[Op, str]:
    match = _COMPARISON.fullmatch(text)
    for op in get_args(Op):
        if match and match.group(1) == op:
            return op, match.group(2)
    turned = re.match(r"(=>|=<|=|≥|≤|≠)", text)
    if turned:
        right = {"=>": ">=", "=<": "<=", "=": "==", "≥": ">=", "≤": "<=", "≠": "!="}[turned.group()]
        rest = text[len(turned.group()) :].strip()[:40]
        raise GrammarError("does not begin with a comparison", f'write "{right} {rest}"')
    remedy = f'write ">= {text}" or "< {text}"' if text[:1].isdigit() else f'write "== {text}"'
    raise GrammarError("does not begin with a comparison", remedy if len(text) <= 40 else 'write ">= 99%" or "< 800ms"')


def _unquoted(word: str) -> str:
    return word[1:-1] if len(word) > 2 and word[0] == word[-1] and word[0] in "\"'" else word


def percent_bound(text: str) -> Bound:
    """A comparison with a share from 0% to 100%."""
    op, word = _comparison(text)
    if _PLAIN.fullmatch(word):
        number = float(word)
        meant = number * 100 if 0 < number <= 1 else number
        raise GrammarError("bounds a share with a plain number", f'write "{op} {_trim(meant)}%"')
    return Bound(op, share(word), "percent")


def duration_bound(text: str) -> Bound:
    """A comparison with a duration; a plain number is seconds."""
    op, word = _comparison(text)
    if word.endswith("%"):
        raise GrammarError("bounds a time with a share", f'write a duration: "{op} 800ms"')
    return Bound(op, duration(word), "duration")
