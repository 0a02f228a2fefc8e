"""What counts as met, and that a missed goal cannot be overlooked."""

from __future__ import annotations

from functools import partial

import pytest

from tests.bench.ground import interleaved
from tests.bench.table import RED, Goal, Line, render


@pytest.mark.parametrize(
    ("line", "judged", "met"),
    [
        (Line(what="a", unit="ms", squall=40, other=100, goal=Goal(of="ratio", bound=0.5)), 0.4, True),
        (Line(what="a", unit="ms", squall=60, other=100, goal=Goal(of="ratio", bound=0.5)), 0.6, False),
        (Line(what="a", unit="MB/s", squall=99, other=100, goal=Goal(of="ratio", bound=1, at_least=True)), 0.99, False),
        (Line(what="a", unit="ms", squall=0.25, other=0.125, goal=Goal(of="difference", bound=0.1)), 0.125, False),
        (Line(what="a", unit="ms", squall=1.5, goal=Goal(of="value", bound=2)), 1.5, True),
        (Line(what="a", unit="ms", squall=1.5, goal=Goal(of="ratio", bound=2)), None, None),
        (Line(what="a", unit="ms", squall=None, other=3.0, goal=Goal(of="difference", bound=2)), None, None),
        (Line(what="a", unit="ms", squall=1.5), None, None),
    ],
)
def test_a_goal_is_met_missed_or_not_measured(line: Line, judged: float | None, met: bool | None) -> None:
    assert (line.judged, line.met) == (judged, met)


def test_a_share_above_one_of_what_the_goal_allows_is_a_miss() -> None:
    slow = Line(what="a", unit="ms", squall=60, other=100, goal=Goal(of="ratio", bound=0.5))
    weak = Line(what="a", unit="MB/s", squall=50, other=100, goal=Goal(of="ratio", bound=1, at_least=True))
    assert slow.share_of_goal == pytest.approx(1.2)
    assert weak.share_of_goal == pytest.approx(2.0)


def test_a_missed_goal_says_so_and_is_red_on_a_terminal_only() -> None:
    missed = Line(what="slow", unit="ms", squall=60, other=100, goal=Goal(of="ratio", bound=0.5), note="why")
    plain, coloured = render([missed], colour=False), render([missed], colour=True)
    assert "MISSED" in plain and "\x1b" not in plain and "slow: why" in plain
    assert RED in coloured


def test_rounds_turn_the_order_of_the_sides() -> None:
    order: list[str] = []

    def asked(name: str) -> float:
        order.append(name)
        return 1.0

    assert interleaved(3, {name: partial(asked, name) for name in "ab"}) == {"a": [1.0] * 3, "b": [1.0] * 3}
    assert "".join(order) == "abbaab"
