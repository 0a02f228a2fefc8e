"""The grammars of time: RFC 3339 moments, five-field cron, time zones. Pure; a wrong text raises `GrammarError`."""

from __future__ import annotations

import re

from squall.spec.grammar import GrammarError

_DAY, _TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}", r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
TIMESTAMP = rf"^{_DAY}[Tt ]{_TIME}(?:[Zz]|[+-][0-9]{{2}}:[0-9]{{2}})$"
CRON = r"^[0-9*,/A-Za-z-]+(?: +[0-9*,/A-Za-z-]+){4}$"
TIME_ZONE = r"^[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+){0,2}$"

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NO_NAMES: tuple[str, ...] = ()
_FIELDS = (
    ("minute", 0, 59, _NO_NAMES),
    ("hour", 0, 23, _NO_NAMES),
    ("day of month", 1, 31, _NO_NAMES),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 7, _DAYS),
)
_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_DAYS_OF_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def timestamp(text: str) -> str:
    """An RFC 3339 moment, kept as written."""
    seconds_since_epoch(text)
    return text


def seconds_since_epoch(text: str) -> float:
    """The moment that `text` names, for comparing."""
    if not re.fullmatch(TIMESTAMP, text):
        raise GrammarError("is not an RFC 3339 timestamp", _timestamp_remedy(text))
    from datetime import datetime

    whole, fraction, offset = _parts(text)
    try:
        return datetime.fromisoformat(whole + offset).timestamp() + float(f"0{fraction}")
    except (ValueError, OverflowError) as error:
        raise GrammarError(f"is no moment: {error}", "write it as 2030-06-01T01:00:00Z") from error


def _parts(text: str) -> tuple[str, str, str]:
    match = re.fullmatch(r"(.{19})(\.[0-9]+)?(.*)", text)
    whole, fraction, offset = match.groups() if match else ("", None, "")
    return whole.upper().replace(" ", "T"), fraction or ".0", "+00:00" if offset in "Zz" else offset


def _timestamp_remedy(text: str) -> str:
    if re.fullmatch(TIMESTAMP, text + "Z"):
        return f"write {text}Z, or its offset such as +02:00"
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return f"write {text}T00:00:00Z"
    return "write it as 2030-06-01T01:00:00Z"


def cron(text: str) -> str:
    """A five-field cron expression (minute, hour, day of month, month, day of week), kept as written."""
    if text.lower() in _MACROS:
        raise GrammarError("is a nickname, not five fields", f'write "{_MACROS[text.lower()]}"')
    words = text.split()
    if len(words) != 5:
        more = "leave the seconds out" if len(words) == 6 else "write minute, hour, day of month, month, day of week"
        raise GrammarError(f"has {len(words)} fields, not five", f'{more}: "0 1 * * 2"')
    if not re.fullmatch(CRON, text):
        raise GrammarError(
            "holds what five-field cron does not know", "write numbers, names, *, ranges, lists and steps"
        )
    sets = [_field(word, *field) for word, field in zip(words, _FIELDS, strict=True)]
    if words[4] == "*" and min(sets[2]) > max(_DAYS_OF_MONTH[month - 1] for month in sets[3]):
        raise GrammarError("never comes: no such day in these months", "write a day that these months have")
    return text


def _field(word: str, name: str, low: int, high: int, names: tuple[str, ...]) -> frozenset[int]:
    found: set[int] = set()
    for item in word.split(","):
        base, slash, step = item.partition("/")
        if slash and not (step.isascii() and step.isdigit() and 0 < int(step[:4]) <= high):
            raise GrammarError(f"has the step {_short(step)} in the {name}", f"write a step from 1 to {high}")
        first, dash, last = base.partition("-")
        begin = low if base == "*" else _number(first, name, low, high, names)
        end = high if base == "*" or (slash and not dash) else _number(last, name, low, high, names) if dash else begin
        if begin > end:
            raise GrammarError(f"has a range in the {name} that begins above its end", f"write {last}-{first}")
        found.update(range(begin, end + 1, int(step[:4]) if slash else 1))
    return frozenset(found)


def _number(word: str, name: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if word.lower() in names:
        return names.index(word.lower()) + (1 if names is _MONTHS else 0)
    number = int(word) if word.isascii() and word.isdigit() and len(word) <= 4 else -1
    if not low <= number <= high:
        words = f", or {names[0]} to {names[-1]}" if names else ""
        raise GrammarError(f"has {_short(word)} in the {name}", f"write {low} to {high}{words}, or *")
    return number


def _short(word: str) -> str:
    return f"'{word[:20]}'"


def time_zone(text: str) -> str:
    """A name of the IANA time zone database, as this machine knows it; `UTC` always."""
    if text == "UTC":
        return text
    import zoneinfo

    try:
        if re.fullmatch(TIME_ZONE, text):
            zoneinfo.ZoneInfo(text)
            return text
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        pass
    from squall.spec.problems import nearest

    near = nearest(text, zoneinfo.available_timezones())
    raise GrammarError("is not a time zone", f"did you mean '{near}'?" if near else "write it as Europe/Berlin")
