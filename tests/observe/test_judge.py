"""The three-valued rule, metric by metric."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.observe.api import Judgement, Reading, Verdict
from squall.observe.judge import error_rate_increase, holds, judge
from squall.spec.model import Expect, Metric
from squall.spec.scalars import Bound

HELD, BROKEN, INCONCLUSIVE = Verdict.HELD, Verdict.BROKEN, Verdict.INCONCLUSIVE
RATE = Bound(">=", 0.99, "percent")
FAST = Bound("<", 0.8, "duration")


def series(good: int, bad: int = 0, latency_s: float = 0.1) -> list[Reading]:
    fine = [Reading(float(i), True, latency_s, 200.0, None, 200) for i in range(good)]
    return fine + [Reading(float(good + i), False, 2.0, None, "connection refused") for i in range(bad)]


def one(metric: Metric, bound: Bound, readings: list[Reading], phase: str = "before") -> Judgement:
    (judgement,) = judge("users are served", Expect({metric: bound}), readings, phase, "no retry")
    return judgement


def test_a_rate_that_meets_its_bound_is_held() -> None:
    judgement = one("successRate", RATE, series(400, 2))
    assert (judgement.verdict, judgement.n, judgement.bound) == (HELD, 402, ">= 99%")
    assert judgement.estimate == pytest.approx(400 / 402)
    assert judgement.reveals == ""


def test_a_rate_whose_interval_lies_beyond_the_bound_is_broken_and_reveals() -> None:
    judgement = one("successRate", RATE, series(300, 100))
    assert (judgement.verdict, judgement.reveals) == (BROKEN, "no retry")
    assert "75%" in judgement.why
    assert "100 of 400 readings failed" in judgement.why


def test_a_rate_near_its_bound_is_inconclusive_and_says_how_many_readings_it_takes() -> None:
    judgement = one("successRate", RATE, series(98, 2))
    assert judgement.verdict is INCONCLUSIVE
    assert "needs about 653 more readings" in judgement.why


def test_too_few_readings_are_inconclusive_however_good() -> None:
    assert one("successRate", RATE, series(19)).verdict is INCONCLUSIVE
    assert one("p95", FAST, series(19)).verdict is INCONCLUSIVE
    assert one("successRate", RATE, series(20)).verdict is HELD


@pytest.mark.parametrize("metric", ["successRate", "errorRate", "p50", "mean", "max", "min", "value", "status"])
def test_no_readings_are_inconclusive(metric: Metric) -> None:
    assert one(metric, Bound("<", 1e9), []).verdict is INCONCLUSIVE


def test_failed_readings_count_as_infinitely_slow() -> None:
    judgement = one("p95", FAST, series(900, 100))
    assert (judgement.verdict, judgement.estimate, judgement.high) == (BROKEN, "never", None)
    assert "counted as infinitely slow" in judgement.why


def test_a_percentile_is_judged_by_its_distribution_free_interval() -> None:
    slow = [*series(180), *series(20, latency_s=1.2)]
    assert one("p95", FAST, slow).verdict is BROKEN
    assert one("p90", FAST, slow).verdict is HELD
    doubtful = [*series(187), *series(13, latency_s=1.2)]
    assert one("p95", FAST, doubtful).verdict is INCONCLUSIVE


def test_one_reading_beyond_the_maximum_breaks_it() -> None:
    assert one("max", FAST, [*series(50), *series(1, latency_s=0.9)]).verdict is BROKEN
    assert one("max", FAST, series(50)).verdict is HELD


def test_a_mean_of_few_survivors_is_not_held() -> None:
    assert one("mean", FAST, series(40, 10)).verdict is HELD
    assert one("mean", FAST, series(20, 80)).verdict is INCONCLUSIVE
    assert one("mean", FAST, series(0, 80)).verdict is INCONCLUSIVE


def test_before_and_after_the_last_value_decides() -> None:
    values = [Reading(1.0, True, 0.1, 9.0), Reading(2.0, True, 0.1, 3.0)]
    assert one("value", Bound("<", 5.0), values).verdict is HELD
    assert one("value", Bound("<", 5.0), values[::-1]).verdict is BROKEN
    assert one("value", Bound("==", "ready", "text"), [Reading(1.0, True, 0.1, "ready")]).verdict is HELD


def test_a_last_reading_without_a_value_is_inconclusive_and_an_older_one_does_not_help() -> None:
    values = [Reading(1.0, True, 0.1, 3.0), Reading(2.0, False, 0.1, None, "no data")]
    judgement = one("value", Bound("<", 5.0), values)
    assert (judgement.verdict, judgement.why) == (INCONCLUSIVE, "the last reading has no value: no data")


def test_during_a_fault_every_value_must_meet_the_bound() -> None:
    values = [Reading(float(i), True, 0.1, 9.0 if i == 3 else 1.0) for i in range(10)]
    judgement = one("value", Bound("<", 5.0), values, "during")
    assert (judgement.verdict, judgement.estimate) == (BROKEN, 9.0)
    assert "1 of 10 readings missed the bound" in judgement.why


def test_mostly_missing_values_during_a_fault_are_inconclusive() -> None:
    values = [Reading(float(i), i < 4, 0.1, 1.0 if i < 4 else None, None if i < 4 else "no data") for i in range(10)]
    assert one("value", Bound("<", 5.0), values, "during").verdict is INCONCLUSIVE


def test_no_answer_is_not_the_expected_status() -> None:
    assert one("status", Bound("==", 200.0), series(5)).verdict is HELD
    assert one("status", Bound("==", 200.0), series(5, 1)).verdict is BROKEN
    assert one("status", Bound("==", 200.0), series(5, 1), "during").verdict is BROKEN


def test_the_increase_of_the_error_rate_is_judged_by_the_interval_of_the_difference() -> None:
    bound = Bound("<=", 0.05, "percent")
    assert error_rate_increase(series(200), series(200), bound).verdict is HELD
    assert error_rate_increase(series(200), series(150, 50), bound).verdict is BROKEN
    near = error_rate_increase(series(40), series(37, 3), bound)
    assert (near.verdict, near.metric) == (INCONCLUSIVE, "errorRateIncrease")
    few = error_rate_increase(series(5), series(300), bound)
    assert (few.verdict, few.why) == (INCONCLUSIVE, "5 readings in the baseline, at least 20 are needed")


def test_every_bound_gets_its_judgement_in_order() -> None:
    found = judge("x", Expect({"p95": FAST, "successRate": RATE}), series(30), "after")
    assert [judgement.metric for judgement in found] == ["p95", "successRate"]


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0, 1), st.sampled_from(["<", "<=", ">", ">="]))
def test_held_means_that_the_estimate_meets_the_bound_with_enough_readings(
    good: int, bad: int, limit: float, op: str
) -> None:
    readings, bound = series(good, bad), Bound(op, limit, "percent")  # type: ignore[arg-type]
    judgement = one("errorRate", bound, readings)
    assert (judgement.verdict is HELD) == (len(readings) >= 20 and holds(Expect({"errorRate": bound}), readings))
    if judgement.verdict is BROKEN:
        assert judgement.low is not None
        assert judgement.high is not None
        assert judgement.low >= limit if op.startswith("<") else judgement.high <= limit
