"""Against published tables: Newcombe 1998 (both papers), Student's t, order statistics of the median."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squall.observe import stats


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_newcombes_table_of_single_proportions(hits: int, n: int, low: float, high: float) -> None:
    interval = stats.wilson(hits, n)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0000),
        ((10, 10, 0, 10), 0.6075, 1.0000),
    ],
)
def test_difference_gives_newcombes_table_of_method_10(
    counts: tuple[int, int, int, int], low: float, high: float
) -> None:
    interval = stats.difference(*counts)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("df", "t"),
    [(1, 12.706), (2, 4.303), (5, 2.571), (10, 2.228), (30, 2.042), (120, 1.980), (499, 1.965), (5000, 1.960)],
)
def test_critical_values_are_those_of_students_table(df: int, t: float) -> None:
    assert stats.t_of(0.95, df) == pytest.approx(t, abs=6e-4)


def test_critical_values_of_other_confidences_are_those_of_the_tables() -> None:
    assert stats.z_of(0.95) == pytest.approx(1.959964, abs=1e-6)
    assert stats.z_of(0.99) == pytest.approx(2.575829, abs=1e-6)
    assert stats.t_of(0.99, 4) == pytest.approx(4.604, abs=6e-4)


@pytest.mark.parametrize(("n", "low", "high"), [(6, 1, 6), (10, 2, 9), (15, 4, 12), (20, 6, 15), (25, 8, 18)])
def test_the_medians_interval_takes_the_ranks_of_the_table(n: int, low: int, high: int) -> None:
    interval = stats.quantile([float(i) for i in range(1, n + 1)], 0.5)
    assert (interval.low, interval.high) == (low, high)


def test_too_few_values_leave_the_end_of_a_quantile_unbounded() -> None:
    assert stats.quantile([1.0, 2.0, 3.0], 0.95).high == math.inf
    assert stats.quantile([1.0, 2.0, 3.0], 0.05).low == -math.inf


def test_infinitely_slow_values_make_a_quantile_infinite_only_where_they_reach_it() -> None:
    values = [0.1] * 94 + [math.inf] * 6
    assert stats.quantile(values, 0.90).estimate == 0.1
    assert stats.quantile(values, 0.95).estimate == math.inf


@pytest.mark.parametrize(("n", "q"), [(40, 0.5), (200, 0.9), (400, 0.95), (3000, 0.99)])
def test_the_interval_of_a_quantile_covers_the_truth_as_often_as_it_says(n: int, q: float) -> None:
    dice, covered, rounds = random.Random(7), 0, 300
    for _ in range(rounds):
        interval = stats.quantile([dice.random() for _ in range(n)], q)
        covered += interval.low <= q <= interval.high
    assert covered / rounds > 0.92


def test_mean_has_students_interval() -> None:
    interval = stats.mean([4.0, 5.0, 6.0, 7.0, 8.0])
    half = 2.776445 * math.sqrt(2.5) / math.sqrt(5)
    assert (interval.estimate, interval.low, interval.high) == pytest.approx((6.0, 6 - half, 6 + half), abs=1e-5)


def test_a_single_value_bounds_no_mean() -> None:
    assert (stats.mean([3.0]).low, stats.mean([3.0]).high) == (-math.inf, math.inf)


def test_mad_of_normal_values_estimates_their_deviation() -> None:
    dice = random.Random(3)
    assert stats.mad([dice.gauss(5, 2) for _ in range(5000)]) == pytest.approx(2, rel=0.05)


def test_slope_is_the_change_per_second() -> None:
    dice = random.Random(1)
    times = [i / 10 for i in range(200)]
    interval = stats.slope(times, [3 * t + dice.gauss(0, 0.5) for t in times])
    assert interval.low < 3 < interval.high
    assert interval.high - interval.low < 0.1


@pytest.mark.parametrize("wrong", [lambda: stats.wilson(0, 0), lambda: stats.mean([]), lambda: stats.quantile([], 0.5)])
def test_no_values_are_an_error_never_a_number(wrong: object) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        wrong()  # type: ignore[operator]


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_contains_its_estimate_and_stays_within_0_and_1(of: tuple[int, int]) -> None:
    interval = stats.wilson(*of)
    assert 0 <= interval.low <= interval.estimate <= interval.high <= 1


@given(st.lists(st.floats(0, 1e6) | st.just(math.inf), min_size=1, max_size=300), st.floats(0.01, 0.99))
@settings(max_examples=60)
def test_a_quantile_lies_within_its_interval_and_among_the_values(values: list[float], q: float) -> None:
    interval = stats.quantile(values, q)
    assert interval.low <= interval.estimate <= interval.high
    assert interval.estimate in values


@given(st.integers(1, 300), st.integers(1, 300), st.data())
@settings(max_examples=60)
def test_a_difference_turned_round_is_its_mirror(m: int, n: int, data: st.DataObject) -> None:
    a, b = data.draw(st.integers(0, m)), data.draw(st.integers(0, n))
    there, back = stats.difference(a, m, b, n), stats.difference(b, n, a, m)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=1e-12)
    assert there.low <= there.estimate <= there.high
