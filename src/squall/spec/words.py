"""Every scalar of the document by name: its grammar, the plain numbers it takes, and what the schemas say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from squall.spec import grammar, moments, names
from squall.spec.grammar import GrammarError
from squall.spec.scalars import Amount

Numbers = Literal["none", "whole", "any"]
TEXT_MAX = 2048


class Rule(msgspec.Struct, frozen=True):
    """One scalar. `numbers` says which plain numbers stand for it, `number` reads them; `pattern` is of its text."""

    read: Callable[[str], object]
    pattern: str
    says: str
    examples: tuple[str, ...]
    numbers: Numbers = "none"
    number: Callable[[float], object] = float
    number_max: float | None = None
    length_max: int | None = None


def _count(number: float) -> Amount:
    if number != int(number):
        raise GrammarError("is neither a whole count nor a percentage", f"write {number:g}% or a whole number")
    if not 0 <= number < 1e9:
        raise GrammarError("is not a count", "write a whole number of 0 or more")
    return Amount(float(number), float(number))


def _span_number(number: float) -> Amount:
    seconds = grammar.within_year(float(number))
    return Amount(seconds, seconds)


def _duration_number(number: float) -> float:
    return grammar.within_year(float(number))


def _size_number(number: float) -> float:
    if not 0 <= number < 1e15:
        raise GrammarError("is not a size", "write it as 256MiB or 1GB")
    return float(number)


RULES: Mapping[str, Rule] = {
    "duration": Rule(
        grammar.duration,
        grammar.DURATION,
        "Seconds, or text with a unit",
        ("30s", "5m", "1h30m", "250ms", "PT30S"),
        "any",
        _duration_number,
        grammar.DURATION_S_MAX,
    ),
    "span": Rule(
        grammar.span,
        grammar.SPAN,
        "Seconds, text with a unit, or a range to pick within",
        ("5m", "3m-5m"),
        "any",
        _span_number,
        grammar.DURATION_S_MAX,
    ),
    "percent": Rule(
        grammar.percent,
        grammar.PERCENT,
        "A share; a plain number counts percent",
        ("25%", "0.5%"),
        "any",
        grammar.percent_number,
        100,
    ),
    "rate": Rule(
        grammar.rate, grammar.RATE, "Bits (mbit) or bytes (mbps, KiB/s) per second", ("10mbit", "500kbit", "64KiB/s")
    ),
    "size": Rule(
        grammar.size, grammar.SIZE, "Bytes, or text with a unit", ("256MiB", "1GB"), "whole", _size_number, 1e15 - 1
    ),
    "amount": Rule(
        grammar.amount,
        grammar.AMOUNT,
        "A count, a share, or a range to pick within",
        ("2", "50%", "1-3", "25%-50%"),
        "whole",
        _count,
        1e9 - 1,
    ),
    "quantity": Rule(grammar.quantity, grammar.QUANTITY, "A count or a share", ("2", "50%"), "whole", _count, 1e9 - 1),
    "bound": Rule(grammar.bound, grammar.BOUND, "A comparison", (">= 99%", "< 800ms", "== up")),
    "percentBound": Rule(grammar.percent_bound, grammar.PERCENT_BOUND, "A comparison with a share", (">= 99%", "< 1%")),
    "durationBound": Rule(grammar.duration_bound, grammar.DURATION_BOUND, "A comparison with a time", ("< 800ms",)),
    "timestamp": Rule(moments.timestamp, moments.TIMESTAMP, "A moment (RFC 3339)", ("2030-06-01T01:00:00Z",)),
    "cron": Rule(moments.cron, moments.CRON, "Minute, hour, day of month, month, day of week", ("0 1 * * 2",)),
    "timeZone": Rule(moments.time_zone, moments.TIME_ZONE, "A name of the IANA database", ("Europe/Berlin",)),
    "name": Rule(names.name, names.NAME, "An RFC 1123 name", ("api-latency-test",), length_max=names.LENGTH_MAX),
    "namespace": Rule(names.namespace, names.NAMESPACE, "A namespace", ("production",), length_max=63),
    "word": Rule(names.word, names.WORD, "A name without spaces", ("cut",), length_max=63),
    "title": Rule(names.title, names.TITLE, "A name on one line", ("checkout",), length_max=names.LENGTH_MAX),
    "ref": Rule(
        names.ref, names.REF, "The stable name of a target", ("pod/production/api-7d9f",), length_max=names.LENGTH_MAX
    ),
    "labelKey": Rule(names.label_key, names.LABEL_KEY, "A label key", ("app",), length_max=names.LENGTH_MAX),
    "labelValue": Rule(names.label_value, names.LABEL_VALUE, "A label value", ("api",), length_max=63),
    "url": Rule(names.url, names.URL, "An http address", ("http://prometheus.monitoring:9090",), length_max=2048),
    "cidr": Rule(names.cidr, names.CIDR, "A block of addresses", ("10.0.0.0/8",)),
}
