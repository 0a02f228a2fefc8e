# ruff: noqa: E501 - tables of data
"""The view model says what the result says, and names what is missing."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from squall.observe.api import Judgement, Reading, Verdict
from squall.report import appendix, course, words
from squall.report.build import build
from squall.report.model import Span
from squall.run.result import RunResult, Series, Window


def _load_samples() -> ModuleType:
    spec = importlib.util.spec_from_file_location("samples", Path(__file__).with_name("samples.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


samples = _load_samples()


def test_a_broken_run_names_its_weaknesses_in_the_headline() -> None:
    report = build(samples.broken())
    assert report.headline.word == "Broken"
    assert "2 weaknesses" in report.headline.sentence
    assert [w.text for w in report.weaknesses] == [w.text for w in samples.broken().weaknesses]


def test_a_broken_judgement_is_a_weakness_where_the_run_names_none() -> None:
    report = build(msgspec.structs.replace(samples.broken(), weaknesses=()))
    assert report.weaknesses[0].text == "checkout has no circuit breaker"
    assert "83.2%" in report.weaknesses[0].evidence


def test_each_series_has_its_figures_by_phase() -> None:
    checkout = build(samples.broken()).series[0]
    assert [stat.phase for stat in checkout.stats] == ["baseline", "fault", "recovery"]
    assert [stat.n for stat in checkout.stats] == [200, 500, 300]
    assert checkout.stats[0].availability == 1.0
    assert checkout.stats[1].p95 == math.inf


def test_an_answer_that_never_came_is_worded_never() -> None:
    j = next(j for j in build(samples.broken()).judgements if j.metric == "p95" and j.name == "checkout")
    assert j.measured == "never"


def test_it_is_still_never_after_json_which_has_no_infinity() -> None:
    again = msgspec.json.decode(msgspec.json.encode(samples.broken()), type=RunResult)
    assert build(again).judgements[2].measured == "never"


def test_missing_readings_are_missing_and_never_0_or_100_percent() -> None:
    report = build(samples.inconclusive())
    lag = next(s for s in report.series if s.name == "replica lag")
    assert all(stat.availability is None and stat.p95 is None for stat in lag.stats)
    assert next(j for j in report.judgements if j.name == "replica lag").measured == "no readings"
    assert "replica lag: no readings" in report.notes


def test_no_receipt_is_said() -> None:
    report = build(msgspec.structs.replace(samples.held(), receipt=None))
    assert report.receipt.clean is None
    assert "no receipt" in report.headline.sentence


def test_a_scaled_run_is_called_a_quick_look() -> None:
    assert build(samples.held()).notes[0] == "A quick look: fault windows x 0.02"


def test_what_is_ours_heads_the_receipt() -> None:
    assert [row.kind for row in build(samples.not_restored()).receipt.rows] == ["ours", "unreadable", "loss", "foreign"]


def test_the_plan_appendix_says_who_what_when_and_how_undone() -> None:
    rows = build(samples.held()).plan
    assert [row.target for row in rows] == ["lab/api-0", "lab/api-1", "lab/api-1"]
    assert rows[0].effect == "shape direction both, share 1, latency 500 ms, jitter 50 ms"
    assert rows[2].when == "after slow-database, 2 s later, once"
    assert not rows[2].restores
    assert appendix.steps(samples.held().plan)["s0"] == "slow-database on lab/api-0"


def test_a_plan_that_cannot_be_read_costs_the_appendix_only() -> None:
    assert build(msgspec.structs.replace(samples.held(), plan={"stages": 7})).plan == ()


def test_the_fault_phase_is_what_lies_between_baseline_and_recovery_where_it_has_no_window() -> None:
    windows = tuple(w for w in samples.PHASES if w.name != "fault")
    report = build(msgspec.structs.replace(samples.held(), windows=windows))
    assert [(p.name, p.start, p.end) for p in report.phases][1] == ("fault", 10.0, 35.0)
    assert report.series[0].stats[1].n == 500


def test_windows_that_end_before_they_begin_are_left_out() -> None:
    report = build(msgspec.structs.replace(samples.held(), windows=(Window(name="x", start=4, end=1),)))
    assert report.faults == () and report.phases == ()


def test_bins_have_an_edge_where_the_fault_begins_and_lose_no_reading() -> None:
    readings = tuple(Reading(at=i / 20, ok=i % 7 > 0, latency_s=0.01) for i in range(1000))
    width, bins = course.bins(readings, 50.0, 10.3, ("not successful",))
    assert any(abs(b.start - 10.3) < 1e-6 for b in bins)
    assert sum(b.n for b in bins) == 1000
    assert sum(sum(b.errors) for b in bins) == sum(not r.ok for r in readings)
    assert width == 1.0


def test_the_very_last_reading_is_in_the_last_bin() -> None:
    _, bins = course.bins(tuple(Reading(at=float(i), ok=True) for i in range(11)), 10.0, 0.0, ())
    assert sum(b.n for b in bins) == 11


def test_a_long_series_is_downsampled() -> None:
    readings = tuple(Reading(at=i / 20, ok=True, latency_s=0.01) for i in range(72_000))
    _, bins = course.bins(readings, 3600.0, 600.0, ())
    assert len(bins) <= course.BINS_MAX + 2


@pytest.mark.parametrize("at", [math.nan, math.inf])
def test_readings_without_a_moment_are_in_no_bin(at: float) -> None:
    _, bins = course.bins((Reading(at=at, ok=True), Reading(at=1.0, ok=True)), 2.0, 0.0, ())
    assert sum(b.n for b in bins) == 1


def test_rare_reasons_are_gathered() -> None:
    readings = tuple(Reading(at=i / 10, ok=False, error=f"error {i % 6}") for i in range(60))
    why = course.reasons(readings)
    assert why[-1] == course.OTHER and len(why) == 4
    _, bins = course.bins(readings, 6.0, 0.0, why)
    assert sum(sum(b.errors) for b in bins) == 60


def test_quantiles_are_by_nearest_rank_and_failures_are_the_slowest() -> None:
    readings = [Reading(at=0.1 * i, ok=i < 19, latency_s=float(i)) for i in range(20)]
    s = course.stat(readings, Span(name="fault", start=0, end=9), True)
    assert (s.p50, s.p95, s.p99) == (9.0, 18.0, math.inf)


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.99996, ">99.99%"),
        (0.00001, "<0.01%"),
        (0.9991, "99.91%"),
        (0.832, "83.2%"),
        (0.5, "50.0%"),
    ],
)
def test_a_share_is_never_rounded_to_all_or_nothing(x: float, text: str) -> None:
    assert words.share(x) == text


@pytest.mark.parametrize(
    ("x", "text"),
    [(0, "0 s"), (0.0000123, "12.3 µs"), (0.0421, "42.1 ms"), (0.9999, "1 s"), (2.14, "2.14 s"), (75, "1 min 15 s"), (7500, "2 h 5 min"), (math.inf, "never")],
)  # fmt: skip
def test_durations_read_well(x: float, text: str) -> None:
    assert words.seconds(x) == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [(">= 99%", (">=", 0.99, "percent")), ("< 800ms", ("<", 0.8, "duration")), ("<= 30 s", ("<=", 30.0, "duration")),
     ("== ready", ("", None, "")), ("< 5", ("<", 5.0, "")), ("< 1.2.3", ("<", None, ""))],
)  # fmt: skip
def test_bounds_are_read_back_from_their_words(text: str, parts: tuple[str, float | None, str]) -> None:
    assert words.bound(text) == parts


def test_control_characters_cannot_pass() -> None:
    assert words.printable("a\x1b[31mb\u202ec\n\x00") == "a\ufffd[31mb\ufffdc \ufffd"


def test_one_open_end_of_an_interval_is_worded() -> None:
    j = Judgement(
        name="a",
        phase="fault",
        metric="p99",
        bound="< 1s",
        verdict=Verdict.INCONCLUSIVE,
        estimate=0.5,
        low=0.4,
        high=math.inf,
        n=30,
    )
    assert build(msgspec.structs.replace(samples.held(), judgements=(j,))).judgements[0].interval == "at least 400 ms"


def test_a_series_of_another_kind_keeps_its_values() -> None:
    report = build(samples.held())
    assert report.series[2].stats[0].value is not None  # the queue's depth
    assert report.series[0].stats[0].value is None  # a status code means nothing as a mean


def test_an_empty_result_builds() -> None:
    empty = msgspec.structs.replace(
        samples.refused(), series=(Series(name="a", kind="http", readings=()),), duration_s=math.nan
    )
    assert build(empty).duration_s == 0.0
