"""From text and JSON to the value of a reading: a number where it is one, else text."""

from __future__ import annotations

import math
import re

import msgspec

from squall.observe.failures import ProtocolError

_PART = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
TEXT_MAX = 200
"""Characters of text kept as a value."""


def number_or_text(text: str) -> float | str | None:
    """`"3.5"` -> 3.5, `"ready"` -> `"ready"`, `""` and NaN -> None."""
    text = text.strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        return text[:TEXT_MAX]
    return None if math.isnan(number) else number


def parse_path(path: str) -> tuple[str | int, ...]:
    """`a.b[0].c` -> ("a", "b", 0, "c"). Raises ValueError."""
    parts: list[str | int] = []
    at = 0
    while at < len(path):
        found = _PART.match(path, at)
        if found is None:
            raise ValueError(f"field {path!r} is not a path: write it like a.b[0].c")
        parts.append(found[1] if found[1] is not None else int(found[2]))
        at = found.end()
    if not parts:
        raise ValueError("field is empty: write a path like a.b[0].c, or leave it out")
    return tuple(parts)


def pick(body: bytes, path: str) -> float | str:
    """The number or text at `path` of a JSON body; true and false are 1 and 0. Raises ProtocolError."""
    try:
        found: object = msgspec.json.decode(body)
    except msgspec.DecodeError:
        raise ProtocolError(f"field {path}: the answer is not JSON") from None
    for part in parse_path(path):
        found = _step(found, part, path)
    if isinstance(found, bool | int | float):
        return float(found)
    if isinstance(found, str):
        value = number_or_text(found)
        if value is not None:
            return value
    raise ProtocolError(f"field {path}: neither a number nor text")


def _step(found: object, part: str | int, path: str) -> object:
    if isinstance(found, dict) and part in found:
        return found[part]
    if isinstance(found, list) and isinstance(part, int) and part < len(found):
        return found[part]
    raise ProtocolError(f"field {path}: not in the answer")
