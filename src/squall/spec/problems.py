"""Mistakes of a document: what one looks like, and the list that collects them while the document is read.

`Report` keeps the first `MAX_PROBLEMS` and then goes quiet: a hostile document costs no more than a careless one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NoReturn

import msgspec

from squall._kit.errors import InvalidDocument

MAX_PROBLEMS = 100
DOCUMENT = "<document>"
_SHOWN_CHARACTERS = 60
_GUESSABLE_CHARACTERS = 64

Kind = Literal[
    "file", "syntax", "limit", "duplicate", "foreign", "unknown", "missing", "type", "value", "conflict", "reference"
]
"""The classes of mistakes, for programs: the text of a problem is for people."""


class Problem(msgspec.Struct, frozen=True):
    """One mistake. `line` and `column` count from 1; `field` is a path such as `spec.faults[0].duration`.

    `fact` says what is wrong, `remedy` what to write instead (it may be empty).
    """

    file: str
    line: int
    column: int
    field: str
    fact: str
    remedy: str = ""
    kind: Kind = "value"

    def __str__(self) -> str:
        says = f"{self.file}:{self.line}: {self.field}: {self.fact}"
        return f"{says}\nhint: {self.remedy}" if self.remedy else says


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where in the document: the way from its root. Written out only when somebody asks."""

    parent: Place | None = None
    part: str | int = ""

    def child(self, part: str | int) -> Place:
        """The place of a key or an index below this one."""
        return Place(self, part)

    def __str__(self) -> str:
        parts: list[str] = []
        here: Place = self
        while here.parent is not None:
            parts.append(_step(here.part))
            here = here.parent
        return "".join(reversed(parts)).removeprefix(".") or DOCUMENT


def _step(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    if part.isascii() and part.replace("_", "a").isalnum():
        return f".{part}" if len(part) <= _SHOWN_CHARACTERS else f".{part[:_SHOWN_CHARACTERS]}…"
    return f"[{quoted(part)}]"


class Spot(msgspec.Struct, frozen=True, gc=False):
    """A position in the text; both count from 1."""

    line: int
    column: int


START = Spot(1, 1)


class Report:
    """The mistakes found so far in one text."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    @property
    def full(self) -> bool:
        """Whether further mistakes would not be kept; who finds the finding dear asks first."""
        return len(self.problems) >= MAX_PROBLEMS

    def add(self, kind: Kind, spot: Spot, place: Place, fact: str, remedy: str = "") -> None:
        """Keep one mistake."""
        if not self.full:
            self.problems.append(Problem(self.file, spot.line, spot.column, str(place), fact, remedy, kind))

    def unknown(self, spot: Spot, place: Place, fact: str, name: str, known: Iterable[str]) -> None:
        """Keep an unknown name, with the nearest known one or, where none is near, the list of them."""
        if not self.full:
            self.add("unknown", spot, place, fact, suggestion(name, known))

    def stop(self, kind: Kind, spot: Spot, place: Place, fact: str, remedy: str = "") -> NoReturn:
        """Keep one mistake after which nothing more can be read, and raise."""
        self.add(kind, spot, place, fact, remedy)
        raise self.error()

    def error(self) -> InvalidDocument:
        """The exception that holds every mistake, in the order of the text."""
        problems = tuple(sorted(self.problems, key=lambda problem: (problem.line, problem.column)))
        count = f"{len(problems)} mistakes" if len(problems) != 1 else "1 mistake"
        if self.full:
            count = f"{MAX_PROBLEMS} mistakes or more; these are the first"
        return InvalidDocument(f"{self.file}: {count}", problems=problems)

    def raise_if_any(self) -> None:
        """Raise InvalidDocument where a mistake was found."""
        if self.problems:
            raise self.error()


def quoted(text: str) -> str:
    """`text` in double quotes, on one line, without control characters, and not longer than a line can bear."""
    if len(text) > _SHOWN_CHARACTERS:
        text = text[:_SHOWN_CHARACTERS] + "…"
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return f'"{safe}"'


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that `name` is most likely meant to be, or nothing."""
    if not 0 < len(name) <= _GUESSABLE_CHARACTERS:
        return ""
    import difflib

    by_lower = {word.lower(): word for word in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else ""


def suggestion(name: str, known: Iterable[str]) -> str:
    """The remedy for an unknown name."""
    words = list(known)
    if near := nearest(name, words):
        return f"did you mean '{near}'?"
    return f"known: {', '.join(words)}" if words else ""
