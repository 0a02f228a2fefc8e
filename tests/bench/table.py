"""One line of the results, whether its goal is met, and the table for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

RED, RESET = "\x1b[1;31m", "\x1b[0m"
HEADINGS = ("what", "unit", "Squall", "other", "other is", "measured", "goal", "met")


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """What a line must reach: its `ratio`, its `difference` or its own `value`, at most or at least `bound`."""

    of: Literal["ratio", "difference", "value"]
    bound: float
    at_least: bool = False

    def __str__(self) -> str:
        return f"{self.of} {'>=' if self.at_least else '<='} {self.bound:g}"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Squall's figure beside another's, in `unit`; medians over all rounds. `other` None: there is nothing to hold
    it against, or that could not be had; then `note` says why."""

    what: str
    unit: str
    squall: float | None
    other: float | None = None
    peer: str = "-"
    goal: Goal | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Squall's figure divided by the other's."""
        return self.squall / self.other if self.squall is not None and self.other else None

    @property
    def judged(self) -> float | None:
        """The figure that the goal is about; the ratio where there is no goal."""
        if self.goal is None or self.goal.of == "ratio":
            return self.ratio
        if self.goal.of == "value" or self.squall is None or self.other is None:
            return self.squall if self.goal.of == "value" else None
        return self.squall - self.other

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None where there is none or it could not be measured."""
        if self.goal is None or self.judged is None:
            return None
        return self.judged >= self.goal.bound if self.goal.at_least else self.judged <= self.goal.bound

    @property
    def share_of_goal(self) -> float | None:
        """How much of what the goal allows is used up; above 1 it is missed."""
        if self.goal is None or self.judged is None:
            return None
        parts = (self.goal.bound, self.judged) if self.goal.at_least else (self.judged, self.goal.bound)
        return max(parts[0], 0.0) / parts[1] if parts[1] else None


def render(lines: Sequence[Line], *, colour: bool) -> str:
    """The table; missed goals say MISSED, in red where `colour`."""
    rows = [HEADINGS, *map(_cells, lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    shown = [_row(row, widths) for row in rows]
    shown.insert(1, "  ".join("-" * width for width in widths))
    if colour:
        shown = [f"{RED}{text}{RESET}" if text.endswith("MISSED") else text for text in shown]
    notes = [f"  {line.what}: {line.note}" for line in lines if line.note]
    return "\n".join([*shown, *(["", "notes", *notes] if notes else [])]) + "\n"


def _cells(line: Line) -> tuple[str, ...]:
    met = {True: "yes", False: "MISSED", None: "-" if line.goal is None else "not measured"}[line.met]
    judged = _figure(line.judged)
    if line.judged is not None and (line.goal is None or line.goal.of == "ratio"):
        judged = f"x {judged}"
    goal = str(line.goal) if line.goal else "-"
    return (line.what, line.unit, _figure(line.squall), _figure(line.other), line.peer, judged, goal, met)


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    left = {0, 1, 4, 6}
    padded = [
        cell.ljust(w) if n in left else cell.rjust(w) for n, (cell, w) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded[:-1]) + "  " + cells[-1]
