"""Recovery on made-up series: 10 readings a second, the fault ends at 100."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.observe.api import Reading
from squall.observe.recovery import recovered_after
from squall.spec.model import Expect
from squall.spec.scalars import Bound

SERVED = Expect({"successRate": Bound(">=", 0.95, "percent"), "p95": Bound("<", 0.5, "duration")})


def series(marks: str) -> list[Reading]:
    """`.` good, `x` failed, `s` slow; the first at 95.0."""
    return [Reading(95 + i / 10, mark != "x", 1.0 if mark == "s" else 0.01) for i, mark in enumerate(marks)]


def test_a_system_that_never_left_its_steady_state_is_back_at_once() -> None:
    assert recovered_after(series("." * 100), 100.0, SERVED) == pytest.approx(0.0)


def test_back_is_the_first_good_reading_after_the_last_bad_one() -> None:
    marks = "." * 40 + "x" * 30 + "." * 60
    assert recovered_after(series(marks), 100.0, SERVED) == pytest.approx(2.0)


def test_a_relapse_moves_the_moment_behind_it() -> None:
    marks = "x" * 60 + "." * 25 + "xxx" + "." * 40
    assert recovered_after(series(marks), 100.0, SERVED) == pytest.approx(3.8)


def test_slowness_alone_is_not_back() -> None:
    marks = "." * 50 + "s" * 20 + "." * 60
    assert recovered_after(series(marks), 100.0, SERVED) == pytest.approx(2.0)


def test_too_few_good_readings_at_the_end_are_not_back() -> None:
    assert recovered_after(series("x" * 100 + "." * 19), 100.0, SERVED) is None
    assert recovered_after(series("x" * 100 + "." * 20), 100.0, SERVED) == pytest.approx(5.0)


def test_a_failure_at_the_very_end_that_breaks_the_last_window_is_not_back() -> None:
    assert recovered_after(series("." * 100 + "xx"), 100.0, SERVED) is None


def test_no_readings_are_not_back() -> None:
    assert recovered_after([], 100.0, SERVED) is None


def test_single_values_need_three_in_a_row() -> None:
    ready = Expect({"value": Bound(">=", 3.0)})
    values = [Reading(100.0 + i, True, 0.1, value) for i, value in enumerate([1.0, 2.0, None, 3.0, 3.0, 3.0])]
    assert recovered_after(values, 100.0, ready) == pytest.approx(3.0)
    assert recovered_after(values[:5], 100.0, ready) is None


@given(st.text("..........xs", max_size=120))
def test_from_the_named_moment_on_at_most_the_allowed_failures_are_left(marks: str) -> None:
    readings = series(marks)
    back = recovered_after(readings, 100.0, SERVED)
    if back is not None:
        rest = [reading for reading in readings if reading.at >= 100 + back - 1e-9]
        assert rest[0].ok
        assert len(rest) >= 20
        for first in range(len(rest) - 19):
            assert sum(not reading.ok for reading in rest[first : first + 20]) <= 1
