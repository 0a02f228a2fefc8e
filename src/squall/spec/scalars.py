"""Scalar types of the document, as annotated Python types: the parser and the schema writer read the annotation.

`Duration` is seconds, `Percent` a fraction of one, `Rate` bytes per second; `Amount` is a count, a share or a range.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec


class Scalar(msgspec.Struct, frozen=True):
    """Tells the parser which text grammar an annotated field follows.

    `name` is a key of `squall.spec.words.RULES`; `minimum` and `maximum` bound the parsed value (a range's both ends).
    """

    name: str
    minimum: float | None = None
    maximum: float | None = None


Duration = Annotated[float, Scalar("duration", minimum=0.0)]
"""Seconds. Written `30s`, `5m`, `1h30m`, `250ms`, `PT30S`, or a plain number of seconds."""

PositiveDuration = Annotated[float, Scalar("duration", minimum=1e-6)]
"""Seconds, more than zero."""

Percent = Annotated[float, Scalar("percent", minimum=0.0, maximum=1.0)]
"""A fraction from 0 to 1. Written `25%`, or as a plain number of percent from 0 to 100."""

PositivePercent = Annotated[float, Scalar("percent", minimum=1e-9, maximum=1.0)]
"""A fraction above 0 and up to 1."""

Rate = Annotated[float, Scalar("rate", minimum=1.0)]
"""Bytes per second. Written `10mbit`, `500kbit`, `1mbps` (bytes, as tc does), `64KiB/s`."""

Timestamp = Annotated[str, Scalar("timestamp")]
"""An RFC 3339 moment with its offset, kept as written after the check."""

Cron = Annotated[str, Scalar("cron")]
"""A five-field cron expression, kept as written after the check."""


class Amount(msgspec.Struct, frozen=True):
    """How many: a count or a share (`percent`: low and high are fractions), fixed (low == high) or a range.

    Written `2`, `50%`, `25%-50%`, `1-3`.
    """

    low: float
    high: float
    percent: bool = False


class Bound(msgspec.Struct, frozen=True):
    """One comparison: `>= 99%` is `Bound(">=", 0.99, "percent")`, `< 800ms` is `Bound("<", 0.8, "duration")`.

    `value` is a float in base units (fractions, seconds, plain numbers), or text for `==` and `!=`.
    """

    op: Literal["<", "<=", ">", ">=", "==", "!="]
    value: float | str
    unit: Literal["", "percent", "duration", "text"] = ""


Size = Annotated[float, Scalar("size", minimum=1.0)]
"""Bytes. Written `256MiB`, `1GB`, `64KiB`, or a plain number of bytes."""

Name = Annotated[str, Scalar("name")]
"""An RFC 1123 subdomain, as Kubernetes wants it of `metadata.name`."""

Namespace = Annotated[str, Scalar("namespace")]
"""An RFC 1123 label."""

Word = Annotated[str, Scalar("word")]
"""A name without spaces: letters, digits, `-`, `_` and `.`, at most 63 characters."""

Title = Annotated[str, Scalar("title")]
"""A name for people: one line, not empty."""

Ref = Annotated[str, Scalar("ref")]
"""The stable name of a target; not empty, no spaces."""

LabelKey = Annotated[str, Scalar("labelKey")]
"""A Kubernetes label key, with or without a prefix."""

LabelValue = Annotated[str, Scalar("labelValue")]
"""A Kubernetes label value; may be empty."""

TimeZone = Annotated[str, Scalar("timeZone")]
"""A name of the IANA time zone database."""

Cidr = Annotated[str, Scalar("cidr")]
"""A block of IPv4 or IPv6 addresses."""

Url = Annotated[str, Scalar("url")]
"""An `http://` or `https://` address."""

Span = Annotated[Amount, Scalar("span", minimum=1e-6)]
"""How long, in seconds: one duration, or a range of two (`3m-5m`) that a drill picks within. Never a percentage."""

Quantity = Annotated[Amount, Scalar("quantity")]
"""A count or a share, but no range."""

PercentBound = Annotated[Bound, Scalar("percentBound")]
"""A bound on a share: `>= 99%`."""
