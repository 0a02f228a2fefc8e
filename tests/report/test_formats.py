# ruff: noqa: E501 - tables of data
"""Every outcome in every format: complete, valid, safe against hostile names, and without machine words."""

from __future__ import annotations

import importlib.util
import json as stdlib_json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree as ET

import msgspec
import pytest

from squall.observe.api import DoseResult, Judgement, Reading, Verdict
from squall.report import html, json, junit, text
from squall.report.build import build
from squall.report.markup import Html, el
from squall.report.model import Report
from squall.run.result import Recovery, RunResult, Series, Weakness


def _load_samples() -> ModuleType:
    spec = importlib.util.spec_from_file_location("samples", Path(__file__).with_name("samples.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


samples = _load_samples()
RESULTS: dict[str, RunResult] = samples.all_results()
FORMATS: dict[str, Callable[[Report], str]] = {
    "text": text.render, "json": json.render, "junit": junit.render, "html": html.render,
}  # fmt: skip
HOSTILE = "\"><script>alert(1)</script>&amp;'\x1b[31m\u202e]]>\x00"


class _Page(HTMLParser):
    """Collects tags, attributes and what is read."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)


def hostile() -> RunResult:
    """A run whose every text tries to break out."""
    made: RunResult = samples.run(
        HOSTILE, "BROKEN", Verdict.BROKEN, HOSTILE, run="r-1", description=HOSTILE, platform=HOSTILE, notes=(HOSTILE,), version=HOSTILE,
        events=tuple(msgspec.structs.replace(e, text=HOSTILE, kind=HOSTILE, level=HOSTILE) for e in samples.EVENTS),
        windows=(*samples.PHASES, msgspec.structs.replace(samples.PHASES[3], name=HOSTILE)),
        series=(Series(name=HOSTILE, kind=HOSTILE, readings=tuple(Reading(at=i / 10, ok=False, error=HOSTILE, latency_s=math.nan) for i in range(400))),),
        judgements=(Judgement(name=HOSTILE, phase=HOSTILE, metric=HOSTILE, bound=HOSTILE, verdict=Verdict.BROKEN, why=HOSTILE, estimate=HOSTILE, low=math.nan, high=math.inf),),
        weaknesses=(Weakness(text=HOSTILE, evidence=HOSTILE),), recoveries=(Recovery(fault=HOSTILE, seconds=math.inf, within_s=math.nan),),
        doses=(DoseResult(step=HOSTILE, target=HOSTILE, quantity=HOSTILE, unit=HOSTILE, asked=math.nan, measured=math.inf, spread=math.nan, control=None, n=0, felt=False, note=HOSTILE, driver={HOSTILE: math.nan}),),
        receipt=msgspec.structs.replace(samples.RECEIPT, lines=tuple(msgspec.structs.replace(x, slot=HOSTILE, text=HOSTILE, remedy=HOSTILE, before=HOSTILE) for x in samples.RECEIPT.lines)),
        plan={"stages": [{"fault": HOSTILE, "type": HOSTILE, "says": HOSTILE, "steps": [{"id": HOSTILE, "target": {"ref": HOSTILE}, "effects": [{"driver": HOSTILE, "effect": {HOSTILE: HOSTILE}, "undo": HOSTILE}]}]}]},
    )  # fmt: skip
    return made


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("outcome", RESULTS)
def test_every_outcome_renders_without_machine_words(outcome: str, format_name: str) -> None:
    rendered = FORMATS[format_name](build(RESULTS[outcome]))
    assert RESULTS[outcome].run in rendered
    shown = " ".join(_Page(rendered).words) if format_name == "html" else rendered
    assert not re.search(r"\b(nan|NaN|None|inf|Infinity)\b", shown)


@pytest.mark.parametrize("format_name", FORMATS)
def test_hostile_texts_stay_texts(format_name: str) -> None:
    rendered = FORMATS[format_name](build(hostile()))
    assert "\x1b" not in rendered and "\x00" not in rendered and "\u202e" not in rendered
    if format_name == "html":
        page = _Page(rendered)
        assert not page.open
        assert [tag for tag, _ in page.tags].count("script") == 1
        assert not any(name.startswith("on") or name == "style" for _, attrs in page.tags for name in attrs)
        assert not re.search(r"\b(nan|inf)\b", " ".join(v or "" for _, attrs in page.tags for v in attrs.values()))


@pytest.mark.parametrize("outcome", RESULTS)
def test_the_page_asks_for_nothing_from_outside(outcome: str) -> None:
    rendered = html.render(build(RESULTS[outcome]))
    assert (
        "http://" not in rendered
        and "https://" not in rendered
        and "url(" not in rendered
        and "@import" not in rendered
    )
    page = _Page(rendered)
    assert not any(name in ("src", "href", "srcset", "action") for _, attrs in page.tags for name in attrs)
    policy = next(attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None and policy.startswith("default-src 'none'") and "unsafe" not in policy


def test_headings_and_tables_have_their_structure() -> None:
    page = _Page(html.render(build(RESULTS["BROKEN"])))
    tags = [tag for tag, _ in page.tags]
    assert tags.count("h1") == 1
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert tags.count("caption") == tags.count("table") >= 7
    assert all("scope" in attrs for tag, attrs in page.tags if tag == "th")
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_every_chart_has_a_title_and_a_description() -> None:
    root = ET.fromstring("<x>" + "".join(re.findall(r"<svg.*?</svg>", html.render(build(RESULTS["BROKEN"])))) + "</x>")
    charts = [svg for svg in root if svg.get("class") == "chart"]
    assert len(charts) == 3 + 3 * 3
    for chart in charts:
        assert chart[0].tag == "title" and chart[1].tag == "desc" and chart.get("role") == "img"
        assert "baseline" in (chart[1].text or "")


def test_a_long_run_stays_small() -> None:
    readings = tuple(
        Reading(at=i / 20, ok=i % 50 > 0, latency_s=0.01 + i % 13 / 100, error=f"e{i % 9}") for i in range(36_000)
    )
    many = tuple(Series(name=f"probe {i}", kind="http", readings=readings) for i in range(8))
    events = tuple(msgspec.structs.replace(samples.EVENTS[0], t=i / 5) for i in range(5000))
    long = msgspec.structs.replace(RESULTS["HELD"], series=many, events=events, duration_s=1800.0)
    assert len(html.render(build(long)).encode()) < 1_000_000


def test_plain_text_fits_the_terminal_and_has_no_escapes() -> None:
    for result in (*RESULTS.values(), hostile()):
        lines = text.render(build(result)).splitlines()
        assert "\x1b" not in "".join(lines)
        free = [line for line in lines if "squall run" not in line]
        assert max(len(line) for line in free) <= text.WIDTH


def test_text_says_the_essential_first() -> None:
    lines = text.render(build(RESULTS["BROKEN"])).splitlines()
    assert lines[0] == "BROKEN  slow-database-fragile"
    assert lines.index("WEAKNESSES") < lines.index("CHECKS") < lines.index("RECEIPT")


def test_json_is_versioned_and_sorted_and_null_where_nothing_was_read() -> None:
    parsed = stdlib_json.loads(json.render(build(RESULTS["INCONCLUSIVE"])))
    assert parsed["format"] == 1
    assert list(parsed) == sorted(parsed)
    assert parsed["series"][1]["stats"][0]["availability"] is None


JUNIT_CHILDREN = ["properties", "testcase", "system-out", "system-err"]


@pytest.mark.parametrize("outcome", RESULTS)
def test_junit_has_the_common_shape(outcome: str) -> None:
    root = ET.fromstring(junit.render(build(RESULTS[outcome])))
    (suite,) = root
    order = [JUNIT_CHILDREN.index(child.tag) for child in suite]
    assert root.tag == "testsuites" and order == sorted(order)
    assert {"name", "timestamp", "hostname", "tests", "failures", "errors", "skipped", "time", "id", "package"} == set(
        suite.attrib
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.attrib["timestamp"])
    cases = suite.findall("testcase")
    assert int(suite.attrib["tests"]) == len(cases)
    for case in cases:
        assert set(case.attrib) == {"name", "classname", "time"} and float(case.attrib["time"]) >= 0
        assert len(case) <= 1
        assert all(problem.tag in ("failure", "error", "skipped") for problem in case)
    red = int(suite.attrib["failures"]) + int(suite.attrib["errors"])
    assert (red > 0) == (outcome != "HELD")


def test_junit_tells_broken_from_inconclusive() -> None:
    root = ET.fromstring(junit.render(build(RESULTS["INCONCLUSIVE"])))
    assert {p.tag for p in root.iterfind(".//testcase/*")} == {"error"}
    root = ET.fromstring(junit.render(build(RESULTS["BROKEN"])))
    names = [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None]
    assert names == [
        "checkout: successRate >= 99% (fault)",
        "checkout: p95 < 800ms (fault)",
        "search: p95 < 200ms (fault)",
        "recovery from kill-api",
    ]


def test_junit_names_what_is_left_and_its_remedy() -> None:
    root = ET.fromstring(junit.render(build(RESULTS["NOT_RESTORED"])))
    message = next(f.get("message") or "" for f in root.iter("failure") if f.get("type") == "NotRestored")
    assert "lab/link/api-0--db-0" in message and "squall rollback" in message


def test_markup_escapes_all_but_markup() -> None:
    assert (
        el("p", "<b>", Html("<i></i>"), title='"x"', class_="c", hidden=False)
        == '<p title="&quot;x&quot;" class="c">&lt;b&gt;<i></i></p>'
    )


def test_the_text_report_does_not_import_rich() -> None:
    code = "import sys, squall.report.text, squall.report.html, squall.report.live; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
